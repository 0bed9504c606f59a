"""Lines: at which lines of the user's own source the fault could be cured alone, and what they must compute.

Backpropagation is linear in the adjoints, so the value that a line must have can be solved for. That needs a way to run
the program, its source and the right gradients, and no knowledge of any model.

A subject is a version of the source on a problem; its taps are the values that statements make, its gaps the places
between them. `solving` finds what must be added there, `rewriting` and `inserting` write what would give it,
`structure` tries what is no value; a judge confirms, and `search` asks one after the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...finding import Finding, SourceLine, SourceMap, Suspect
from ...layout import Layout
from ...noise import THRESHOLD
from ...problem import Problem
from ...questions import Question, pose
from ...workers import Limits, Worker
from ..case import Inquiry, Reference, elsewhere
from .said import sentence, what

if TYPE_CHECKING:
    from .subject import Located

MEANS = "line"
# Small, since every entry of every value costs a run; more steps for what shows in none but long sequences. Of
# inputs there are more, so that the gradients have more numbers than the adjoints.
SIZES = ({"T": 3, "H": 3, "O": 4}, {"T": 7, "H": 3, "O": 4}, {"T": 11, "H": 3, "O": 2})
OTHER = {"T": 4, "B": 2, "I": 6, "H": 2, "O": 3}  # for solving once more what was solved
LARGEST = 16  # sizes of a problem that is asked as it is
SECONDS = 12.0  # of processor, after which no further value is looked at: what takes so long runs slowly, not often
SHARE = 0.7  # of the limit on seconds: what was found by then is wanted
LIMITS = Limits(seconds=90.0, memory=4 << 30)


@dataclass(frozen=True)
class Found:
    """What was located in a file, and the problem on which it was."""

    located: "Located"
    source: str
    problem: Problem


def locate(
    path: Path,
    function: str,
    problem: Problem,
    layout: Layout,
    matches: Mapping[str, str],
    reference: Reference,
    limits: Limits = LIMITS,
    threshold: float = THRESHOLD,
) -> Found:
    """The suspects of a file that `problem` is asked of, or those that its kind is.

    Args:
        matches: the candidate's own name -> native name of each gradient.
        limits: of the worker in which the user's code is run. `threshold`: the largest ratio that matches.
    """
    from .work import Answer, Asked

    problem = replace(problem, dtype="float64")
    many = layout.batched and problem.B > 1  # what is written for a batch of one may answer no other
    small = [problem.of_sizes({"B": 2, "I": 5, **sizes}, many) for sizes in SIZES]
    few = max(problem.sizes.values()) <= LARGEST
    own = [replace(problem, seed=problem.seed + k) for k in range(2 * few)]  # for programs that run on no other sizes
    other = problem.of_sizes(OTHER, many)

    def posed(*problems: Problem) -> "tuple[Question, ...]":
        return tuple(pose(one, layout, reference, threshold) for one in problems)

    source = path.read_text(encoding="utf-8")
    asked_on = [*small, *own[:1]]
    further = posed(*dict.fromkeys((*elsewhere(problem, layout.batched), *elsewhere(problem, many), *own[1:])))
    seconds = min(SECONDS, SHARE * limits.seconds)
    asked = Asked(path, function, source, layout, matches, posed(*asked_on), posed(other)[0], further, seconds)
    with Worker(replace(limits, seconds=min(limits.seconds, LIMITS.seconds))) as worker:
        located, which = worker.call(f"{__name__}.work:search", asked, returns=Answer)
    return Found(located, source, asked_on[which])


def find(inquiry: Inquiry, call: str, matches: Mapping[str, str]) -> tuple[tuple[Finding, ...], SourceMap | None]:
    """What the lines of the candidate's file can say, and the file with its suspects.

    Args:
        call: FILE:FUNCTION. `matches`: its own name -> native name of each gradient.
    """
    file, _, function = call.rpartition(":")
    case = inquiry.case
    found = locate(
        Path(file), function, case.problem, case.layout, matches, inquiry.reference, threshold=case.threshold
    )
    suspects, cleared = found.located.suspects, found.located.cleared
    if not suspects:
        return (), None
    telling = tuple(one for one in suspects if one.sure > 1) or suspects
    shown = SourceMap(Path(file).name, tuple(found.source.splitlines()), found.problem.describe(), telling, cleared)
    return findings(shown), shown


def findings(shown: SourceMap) -> tuple[Finding, ...]:
    """What is claimed: the faults that are cured one behind the other, or else that it is one of a few lines."""
    first = shown.suspects[0]
    cured = [one for one in shown.suspects if one.cure]
    # Where each mends but a part, it is those that are cured, and after them what mends the rest.
    told = (cured[:1] or [one for one in shown.suspects if one.whole]) if first.whole else cured
    if not told:
        return ()
    residuals = {r.name: r for one in told for r in one.residuals}
    whole = any(one.whole for one in told)
    return (
        Finding(
            MEANS,
            what(told),
            sentence(told),
            tuple(residuals),
            residuals=tuple(residuals.values()),
            confidence="confirmed",
            whole=whole,
            lines=tuple(_source_line(shown, one) for one in told if one.cure),
        ),
    )


def _source_line(shown: SourceMap, suspect: Suspect) -> SourceLine:
    return SourceLine(shown.file, suspect.line, suspect.reads, suspect.would_read)
