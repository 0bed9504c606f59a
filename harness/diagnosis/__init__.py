"""Diagnosis: why a candidate's gradients differ. Several means, each in a file or folder of its own, each believed only
where it explains the difference down to the noise; `diagnose` asks all of them and ranks what they find.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

from ..finding import Diagnosis, Finding, SourceMap
from ..problem import Problem, make_tensors
from .case import Ask, Case, Inquiry, Reference, elsewhere

__all__ = ["diagnose", "ranked"]

# Where two findings explain as much, the one that needs less of the reader goes first.
MEANS = ("consensus", "not a bug", "line", "relation", "fault dictionary", "credit map", "where it starts")


def diagnose(
    case: Case, ask: Ask, reference: Reference, call: str = "", matches: Mapping[str, str] | None = None
) -> Diagnosis:
    """Why a candidate's gradients differ on this case.

    Args:
        case: one on which they do.
        ask: puts the candidate to further problems.
        reference: the hand-derived gradients.
        call: FILE:FUNCTION, for the lines of the file and the pytest test of the smallest case, if there is one.
        matches: the candidate's own name -> native name of each gradient, for the lines.
    """
    from . import conventions, credit, dictionary, lines, mutants, origin, precision, relations, smallest, straight

    others = _others(case, ask)
    inquiry = Inquiry(case, others, ask, reference)
    turned = straight.straightened(inquiry)
    seconds: dict[str, float] = {}
    notes = [] if others else ["The candidate answered no other problem, so nothing could be confirmed on one."]

    def timed(means: str, function: Callable[..., Any], *rest: Any, about: Inquiry = turned.inquiry) -> Any:
        start = perf_counter()
        try:
            return function(about, *rest)
        except Exception as error:  # a means that breaks must not cost the user what the others found
            notes.append(f"{means} could not be used: {type(error).__name__}: {error}")
            return None
        finally:
            seconds[means] = perf_counter() - start

    found: list[Finding] = []
    with mutants.Pool() as pool:  # its process starts while the first means are at work
        found += timed("precision and determinism", precision.find) or ()
        found += timed("conventions", conventions.find) or ()
        located: tuple[tuple[Finding, ...], SourceMap | None] = ((), None)
        if call and not any(f.whole for f in found):  # a convention that explains all leaves nothing to cure
            located = timed("lines", lines.find, call, matches or {}, about=inquiry) or located
        found += timed("relations", relations.find) or ()
        found += timed("where it starts", origin.find) or ()
        picture, traced = timed("credit map", credit.trace) or (None, ())
        cured = any(f.whole and f.lines for f in located[0])  # then the reference's own lines have nothing to add
        looked_up = None if cured else timed("fault dictionary", dictionary.find, pool)
    found += traced
    if looked_up:
        found += looked_up.findings
        notes += looked_up.notes
    found = [*located[0], *turned.told(found)]
    claimed = ranked(f for f in found if f.confidence != "lead")
    leads = ranked(f for f in found if f.confidence == "lead")
    fine = any(f.whole and f.means == "not a bug" for f in claimed)  # then there is nothing to work out by hand
    small = None if fine else timed("smallest failing case", smallest.shrink, call, about=inquiry)
    return Diagnosis(claimed, leads, picture, small, tuple(notes), seconds, located[1])


def _others(case: Case, ask: Ask) -> tuple[Case, ...]:
    """The candidate on further problems: of other sizes or, where it is right on those, of its own."""

    def asked(problems: Iterable[Problem]) -> tuple[Case, ...]:
        return tuple(other for other in ask([(p, make_tensors(p)) for p in problems]) if other)

    others = asked(elsewhere(case.problem, case.layout.batched))
    if not others and case.problem.B == 1:  # it may be written for nothing else
        others = asked(elsewhere(case.problem, batched=False))
    if others and not any(other.wrong for other in others):
        others += asked(replace(case.problem, seed=case.problem.seed + k) for k in (3, 4))
    return others


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in the order in which a person should read them: what explains everything, then what explains more.

    A forward pass that differs, the one thing that `where it starts` can say of everything, goes before what follows
    from it.
    """

    def place(f: Finding) -> tuple[bool, int, int]:
        means = "not a bug" if f.whole and f.means == "where it starts" else f.means
        if f.means == "line" and not f.lines:  # it says where, as these do, and not yet what
            means = "credit map"
        return not f.whole, MEANS.index(means), -len(f.gradients)

    return tuple(sorted(findings, key=place))
