"""What is told of a tap that was solved for: where it stands, what it passes on and must, and what cures it."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ...edits import Edit, propose
from ...edits.edit import line_change, made, plainness
from ...edits.purity import own_functions
from ...edits.source import Source, Span
from ...finding import Residual, Suspect
from .inserting import completing
from .running import Slot
from .solving import Solution
from .subject import TRIED, Judge, Located, Subject
from .taps import GAP
from .values import fitting

Array = np.ndarray
SHOWN = 6  # numbers of a value that are shown
MAKING = ("assigned", "added")  # roles of a value where it is made, and not only handed on


def told(subject: Subject, solutions: Mapping[int, Solution], left: int, judge: Judge) -> Located:
    """The taps that were solved for as suspects, the surest first. `left`: taps that there was no time for."""
    cures = dict(_cures(subject, solutions, judge))
    order = sorted(solutions, key=lambda n: _place(subject, n, solutions[n], cures.get(n, ())))
    suspects = tuple(_suspect(subject, n, solutions[n], cures.get(n, ())) for n in order)
    bad = {line for one in suspects for line in range(one.line, one.last + 1)}
    ran = {slot[0] for slot in subject.seen}
    cleared = {line for n in ran for line in range(subject.taps[n].line, subject.taps[n].last + 1)} - bad
    return Located(suspects, tuple(cures.get(n, ()) for n in order), tuple(sorted(cleared)), left)


def _place(subject: Subject, number: int, solution: Solution, cures: Sequence[Edit]) -> tuple[object, ...]:
    """A key to sort suspects by, the surest first: what mends most, a cure, where the value is made and not handed on,
    the plainer cure, evidence."""
    tap, wrong = subject.taps[number], subject.goal.wrong
    cost = plainness(subject.source, cures[0])[0] if cures else 0
    handed = tap.plain and tap.role not in MAKING
    mends = len(wrong) - len(solution.cures)
    return (mends, not cures, handed, cost, solution.rank - solution.reach, tap.plain, -number)


def _cures(subject: Subject, solutions: Mapping[int, Solution], judge: Judge) -> Iterator[tuple[int, tuple[Edit, ...]]]:
    """By tap the edits of its expression that give the values that it must have, and hold on further problems."""
    text = Source(subject.source)
    own = own_functions(text.tree)
    spans = {n: _statement(text, subject.taps[n].span(text)) for n in solutions if subject.taps[n].role != GAP}
    edits = propose(subject.source, within=list(spans.values())) if spans else ()
    for number, solution in solutions.items():
        if judge.budget.late:
            return
        if subject.taps[number].role == GAP:
            offered = completing(subject, number, text, solution, own)
        else:
            a, b = spans[number]
            inside = [edit for edit in edits if a <= edit.start and edit.end <= b]
            offered = fitting(subject, number, inside, text, solution, own, judge)
        found = {made(subject.source, e): e for e in reversed(offered)}
        fit = sorted(found.values(), key=lambda e: plainness(subject.source, e))
        good = tuple(e for e in fit[:TRIED] if judge.confirms(subject.source, e, solution.cures))
        if good:
            yield number, good


def _statement(source: Source, span: Span) -> Span:
    """The simple statement around an expression, or the expression itself where it stands in the head of a block."""
    around = source.statement(*span)
    return span if around is None or hasattr(around, "body") else source.span(around)


def _suspect(subject: Subject, number: int, solution: Solution, cures: Sequence[Edit]) -> Suspect:
    tap, slots = subject.taps[number], list(solution.added)
    seen: dict[Slot, Array] = {}
    after = subject.runner.run(solution.added, seen)
    moved = solution.moved(subject.goal)
    changed = [slot for slot in slots if moved[slot]]
    first = (changed or slots)[0]
    needed = seen[first]
    reads, would_read = line_change(subject.source, cures[0]) if cures else ("", "")
    return Suspect(
        tap.line,
        tap.last,
        tap.text,
        tap.role,
        tuple(Residual(name, *subject.goal.ratios(name, after)) for name in solution.cures),
        set(solution.cures) == set(subject.goal.wrong),
        solution.rank,
        solution.reach,
        len({slot[1] for slot in slots}),
        len({slot[1] for slot in changed}),
        first[1],
        numbers(needed - solution.added[first]),
        numbers(needed),
        cures[0].what if cures else "",
        reads,
        would_read,
    )


def numbers(value: Array) -> str:
    """The first numbers of an array, as a person reads them, and its shape."""
    flat = [f"{each:.3g}" for each in value.ravel()[:SHOWN]]
    if not value.ndim:
        return flat[0]
    more = ", ..." if value.size > SHOWN else ""
    shape = ", ".join(map(str, value.shape)) + ("," if value.ndim == 1 else "")
    return f"[{', '.join(flat)}{more}] ({shape})"
