"""What a backend is: a name, what it needs, what it can do, and one function."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..harness.gradients import Gradients
    from ..harness.problem import Problem, Tensors

FLOATS = ("float64", "float32")
PARTS = {  # of a Backend, by type
    str: ("name", "title", "extra", "broken"),
    tuple: ("models", "dtypes", "needs"),
    int: ("rank",),
    Callable: ("gradients", "refuses", "precision"),
}


def _nothing(problem: "Problem", tensors: "Tensors") -> "Gradients":
    raise NotImplementedError("this backend has no gradients function")


def _always(problem: "Problem") -> str:
    return ""


@dataclass(frozen=True)
class Backend:
    """An AD system or an oracle.

    Args:
        name: as users type it.
        gradients: the one function; arrays in and out are NumPy, canonical, of the problem's dtype.
        title: what it is, in a line.
        models: names of the models it has a forward for.
        dtypes: working dtypes.
        needs: packages it imports, which are also what is installed; empty when NumPy is enough.
        extra: gradparity's extra that installs them.
        refuses: given a problem, why it should not be asked, such as "too large for an oracle"; else "".
        oracle: it needs no AD, and arbitrates.
        adjoints: it gives per-timestep adjoints.
        precision: reports the matrix-product setting in force.
        rank: where it stands in lists; lower is earlier. The first one available is the reference.
        broken: why it cannot be used, when that is known before trying. One that is broken has failed; one that is
            merely not installed has not, unless it was asked for by name.
    Raises:
        TypeError: a part is of another type, such as a name alone where names are meant.
    """

    name: str
    gradients: "Callable[[Problem, Tensors], Gradients]" = _nothing
    title: str = ""
    models: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = FLOATS
    needs: tuple[str, ...] = ()
    extra: str = ""
    refuses: "Callable[[Problem], str]" = _always
    oracle: bool = False
    adjoints: bool = False
    precision: Callable[[], str] = str
    rank: int = 50
    broken: str = ""

    def __post_init__(self) -> None:
        for kind, parts in PARTS.items():
            for part in parts:
                value = getattr(self, part)
                if not (callable(value) if kind is Callable else isinstance(value, kind)):
                    raise TypeError(f"its {part} is {value!r:.80}; expected a {kind.__name__}")
        for part in PARTS[tuple]:
            if not all(isinstance(one, str) for one in getattr(self, part)):
                raise TypeError(f"its {part} are {getattr(self, part)!r:.80}; expected names")

    @property
    def missing(self) -> str:
        """Why it cannot run here and the command that mends it; "" when it can. Imports nothing."""
        if self.broken:
            return self.broken
        absent = [package for package in self.needs if not _is_there(package)]
        if not absent:
            return ""
        how = f'pip install "gradparity[{self.extra}]"' if self.extra else f"pip install {' '.join(absent)}"
        return f"{', '.join(absent)} not installed: {how}"

    @property
    def versions(self) -> dict[str, str]:
        """Versions of what it runs on."""
        return {package: _version(package) for package in (self.needs or ("numpy",))}

    def unsupported(self, problem: "Problem") -> str:
        """Why it has no answer to this problem; "" when it has."""
        if problem.model not in self.models:
            return f"has no {problem.model}"
        if problem.dtype not in self.dtypes:
            return f"does not work in {problem.dtype}"
        return self.refuses(problem)


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # a part of a package that is not there, or a name that nothing can have
        return False


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
