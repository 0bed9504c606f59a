"""The Result of a command: all that any report shows, worked out once, so that all reports agree to the digit."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from .compare import CANNOT_TELL, MATCH, SEVERITY, Comparison
from .errors import BadInput, listed
from .finding import Diagnosis
from .gradients import Maker
from .patch import Repair
from .problem import Problem

VERSION = 1
Noun = TypeVar("Noun")


@dataclass(frozen=True)
class Matrix:
    """Every maker against every other: `ratios[i][j]` is the worst ratio between i and j, None where they were not
    compared, or it cannot be told."""

    names: tuple[str, ...] = ()
    ratios: tuple[tuple[float | None, ...], ...] = ()


@dataclass(frozen=True)
class Match:
    """A gradient of the user's and the name it was matched to; `by` is "name" or "shape"."""

    given: str
    matched: str
    by: str


@dataclass(frozen=True)
class Panel:
    """One problem: who took part, who agrees, and every difference from the reference.

    Args:
        title: the problem in a line, or what was compared.
        reference: the maker that the comparisons are held against.
        verdict: "match" or "mismatch", "cannot tell" where nothing differs but rounding or an overflow leaves nothing
            to tell by, or "nothing compared" when too few backends answered.
        sentence: who is wrong, in words.
        outliers: makers that the others, or the oracle, contradict.
        comparisons: each other maker against the reference.
        matches: how the user's names were read, where there are any.
        diagnosis: why the candidate's gradients differ, where that was asked.
        repair: which line of the user's file to change, where that was asked.
    """

    title: str
    verdict: str
    sentence: str
    reference: str = ""
    problem: Problem | None = None
    makers: tuple[Maker, ...] = ()
    outliers: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    matrix: Matrix = field(default_factory=Matrix)
    matches: tuple[Match, ...] = ()
    notes: tuple[str, ...] = ()
    diagnosis: Diagnosis | None = None
    repair: Repair | None = None


@dataclass(frozen=True)
class Result:
    """What a command found.

    Args:
        command: the subcommand, such as "run".
        headline: the verdict in a sentence.
        exit_code: 0 all match, 1 a mismatch; where nothing is wrong, 2 it cannot be told, 3 a backend failed.
        makers: every backend, with what it runs on; those missing say how to get them.
        threshold: the largest ratio that matches.
        notes: what else a reader should know, a sentence each.
    """

    command: str
    headline: str
    exit_code: int
    panels: tuple[Panel, ...]
    threshold: float
    makers: tuple[Maker, ...] = ()
    notes: tuple[str, ...] = ()
    gradparity: str = ""
    version: int = VERSION

    @property
    def verdict(self) -> str:
        return {0: MATCH, 1: "mismatch", 2: CANNOT_TELL}.get(self.exit_code, "failed")


def to_json(result: Result) -> str:
    """The result as JSON; infinities and NaN, which JSON lacks, become strings."""
    return json.dumps(_plain(asdict(result)), indent=1, ensure_ascii=True) + "\n"


def from_json(text: str, origin: str = "the result") -> Result:
    """The inverse of `to_json`.

    Raises:
        BadInput: not JSON, not a result, or one of another version.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{origin} is not JSON ({error}); give a file that --json wrote") from None
    if not isinstance(data, dict) or "version" not in data or "panels" not in data:
        raise BadInput(f"{origin} is JSON, but no gradparity result; give a file that --json wrote")
    if data["version"] != VERSION:
        raise BadInput(
            f"{origin} has result version {data['version']!r}; this gradparity reads version {VERSION}: "
            "write it again with --json"
        )
    try:
        found = _noun(Result, data)
        for panel in found.panels:
            for comparison in panel.comparisons:
                assert_known(comparison)
        return found
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise BadInput(f"{origin} is damaged ({error}); write it again with --json") from None


def assert_known(comparison: Comparison) -> None:
    """Raise ValueError where a comparison is empty or holds a verdict that no comparator gives."""
    if not comparison.differences:
        raise ValueError(f"the comparison of {comparison.a} with {comparison.b} is empty")
    for difference in comparison.differences:
        if difference.verdict not in SEVERITY:
            raise ValueError(f"verdict {difference.verdict!r} of {difference.name}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return repr(value)
    return value


def _noun(cls: type[Noun], data: Mapping[str, Any]) -> Noun:
    """A frozen dataclass from the mapping that `asdict` made of it, nested ones too."""
    hints = get_type_hints(cls)
    known = {f.name for f in fields(cls)}  # type: ignore[arg-type]  # Noun is always a dataclass here
    return cls(**{name: _typed(hints[name], value) for name, value in data.items() if name in known})


def _typed(hint: Any, value: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        if value is None and NoneType in args:
            return None
        return _one_of([one for one in args if one is not NoneType], value)
    if is_dataclass(hint):
        return _noun(hint, value)  # type: ignore[arg-type]  # a dataclass type, as just asked
    if origin is tuple:
        ends = args[:1] * len(value) if args[-1] is Ellipsis else args
        return tuple(_typed(end, one) for end, one in zip(ends, value, strict=True))
    if origin is Mapping:
        return {_typed(args[0], name): _typed(args[1], one) for name, one in value.items()}
    if origin is Literal and value not in args:
        raise ValueError(f"{value!r} where one of {listed(args)} is expected")
    if hint is float and value is not None:
        return float(value)
    if hint in (int, str, bool) and type(value) is not hint:  # True is no 1
        raise ValueError(f"{value!r} where {hint.__name__} is expected")
    return value


def _one_of(hints: Sequence[Any], value: Any) -> Any:
    """The value as the first type of a union that it fits; the last one says what is wrong with it."""
    for hint in hints[:-1]:
        with suppress(ValueError):
            return _typed(hint, value)
    return _typed(hints[-1], value)
