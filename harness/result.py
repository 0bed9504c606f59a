"""The Result of a command: all that any report shows, worked out once, so that all reports agree to the digit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .compare import CANNOT_TELL, MATCH, SEVERITY, Comparison
from .errors import BadInput
from .finding import Diagnosis
from .gradients import Maker
from .patch import Repair
from .problem import Problem
from .typed import noun
from .visible import shortened

VERSION = 1


@dataclass(frozen=True)
class Matrix:
    """Every maker against every other: `ratios[i][j]` is the worst ratio between i and j, None where they were not
    compared, or it cannot be told.

    Raises:
        ValueError: there is not a row and a column for every name.
    """

    names: tuple[str, ...] = ()
    ratios: tuple[tuple[float | None, ...], ...] = ()

    def __post_init__(self) -> None:
        if [len(row) for row in self.ratios] != [len(self.names)] * len(self.names):
            raise ValueError("a matrix has not a row and a column for every name")


@dataclass(frozen=True)
class Match:
    """A gradient of the user's and the name it was matched to; `by` is "name", "shape", or "value"."""

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
        exit_code: what the panels come to, as `exit_code` has it; a result whose code says else is refused.
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


def exit_code(panels: Sequence[Panel]) -> int:
    """What panels come to: 0 all match, 1 a mismatch; where nothing is wrong 2 it cannot be told, 3 a backend failed or
    nothing was compared."""
    verdicts = {panel.verdict for panel in panels}
    if "mismatch" in verdicts:
        return 1
    if CANNOT_TELL in verdicts:
        return 2
    failed = any(maker.status == "failed" for panel in panels for maker in panel.makers)
    return 3 if failed or verdicts - {MATCH} else 0


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
        given = shortened(repr(data["version"]), 100)
        raise BadInput(
            f"{origin} has result version {given}; this gradparity reads version {VERSION}: write it again with --json"
        )
    try:
        found = noun(Result, data)
        assert_sound(found)
        return found
    except ValueError as error:
        raise BadInput(f"{origin} is damaged ({shortened(str(error), 400)}); write it again with --json") from None
    except RecursionError:
        raise BadInput(f"{origin} is damaged (nested too deep); write it again with --json") from None


def assert_sound(result: Result) -> None:
    """Raise ValueError where a verdict or the exit code says anything but what stands below it."""
    for panel in result.panels:
        for comparison in panel.comparisons:
            assert_known(comparison)
        first = panel.comparisons[:1]  # the one that is asked about; further ones are between references
        if panel.verdict == MATCH and any(comparison.verdict != MATCH for comparison in first):
            raise ValueError(f"verdict {panel.verdict!r} of {panel.title}, which holds a mismatch")
        if panel.verdict == "mismatch" and panel.comparisons and all(c.verdict == MATCH for c in panel.comparisons):
            raise ValueError(f"verdict {panel.verdict!r} of {panel.title}, in which all match")
    if result.exit_code != exit_code(result.panels):
        raise ValueError(f"exit code {result.exit_code}, where the panels come to {exit_code(result.panels)}")


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
