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
        broken: why it cannot be used, when that is known before trying.
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

    @property
    def missing(self) -> str:
        """Why it cannot run here and the command that mends it; "" when it can. Imports nothing."""
        if self.broken:
            return self.broken
        absent = [package for package in self.needs if find_spec(package) is None]
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


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
