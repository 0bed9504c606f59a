"""The search for suspects in one version of the user's source; it runs where the user's code runs.

All it needs is a way to run the program, its source and the right gradients: no model is known here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from time import perf_counter

import numpy as np

from ...edits import Edit, apply, functions, line_of, propose
from ...edits.edit import made, plainness
from ...edits.purity import own_functions
from ...edits.source import Source, Span
from ...finding import Residual, Suspect
from .inserting import completing, gapped
from .running import Runner, Slot
from .solving import NEWTON, Goal, Response, Shapes, Solution, reaches, respond, solve, solve_curved, solve_partly
from .structure import mending, nearest_first
from .taps import Tap
from .values import fitting

Array = np.ndarray
Holds = Callable[[str, tuple[str, ...]], bool]
"""Whether a source makes these gradients right, and spoils none, on every further problem."""

CURVED = 60  # unknowns of a tap that Newton's steps are taken for
MOST = 400  # unknowns of a tap: one that has more is an accumulator, or a forward pass made at once
TRIED = 12  # edits of a tap that are held against further problems, the plainest first
NEAR = 1  # lines around a suspect in which every edit is run
REARRANGED = 600  # edits with which the program is run
GAPS = 4  # places where a statement may be missing that one is sought for
FAULTS = 3  # that are looked for one behind the other
SHOWN = 6  # numbers of a value that are shown


class Budget:
    """Runs that a search may make: counted, so that it finds the same on a busy machine; only one that is far too slow
    is ended by the clock."""

    def __init__(self, runs: int, seconds: float) -> None:
        self._left, self._until = runs, perf_counter() + seconds

    def take(self, runs: int) -> bool:
        """Whether there is something left; then so many runs are taken off."""
        if self._left <= 0 or perf_counter() > self._until:
            return False
        self._left -= runs
        return True


@dataclass(frozen=True)
class Subject:
    """A version of the source on one problem, ready to run: what it gives there, what is right, and what passes its
    taps."""

    source: str
    runner: Runner
    taps: tuple[Tap, ...]
    goal: Goal
    seen: Mapping[Slot, Array]

    def by_tap(self) -> dict[int, Shapes]:
        """The slots of each tap that ran, the taps of fewest unknowns first: they cost least, and say most."""
        found: dict[int, dict[Slot, tuple[int, ...]]] = {}
        for slot, value in self.seen.items():
            found.setdefault(slot[0], {})[slot] = value.shape
        few = {number: unknowns(shapes) for number, shapes in found.items()}
        return {n: found[n] for n in sorted(found, key=few.__getitem__) if few[n] <= MOST}

    def rerun(self, source: str) -> Array | None:
        """The gradients of another version of the source on the same problem; None where it does not run."""
        try:
            code = compile(source, str(self.runner.path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return None
        found = replace(self.runner, code=code).run()
        return found if found is not None and found.shape == self.goal.base.shape else None

    def passed(self, number: int) -> dict[Slot, Array]:
        """What a tap passes on, by slot."""
        return {slot: value for slot, value in self.seen.items() if slot[0] == number}


def unknowns(shapes: Shapes) -> int:
    """How many numbers pass these slots; as many runs it takes to see how the gradients answer to them."""
    return sum(prod(shape) for shape in shapes.values())


@dataclass(frozen=True)
class Located:
    """What was found: suspects, the surest first, with the edits that cure each; the lines that are cleared; and how
    many values there was no time for."""

    suspects: tuple[Suspect, ...] = ()
    cures: tuple[tuple[Edit, ...], ...] = ()
    cleared: tuple[int, ...] = ()
    left: int = 0


def locate(
    subject: Subject, again: Subject | None, prepare: Callable[[str], "Subject | None"], holds: Holds, budget: Budget
) -> Located:
    """The suspects of a source; behind a fault that is cured the next one is looked for.

    Args:
        again: the same on a problem of other sizes, on which what was solved must be solved once more.
        prepare: another version of the source on the same problem; None where it does not run there.
        budget: when it is spent no further tap is begun.
    """
    found = one_fault(subject, again, holds, budget)
    for _ in range(FAULTS - 1):
        first = next((k for k, one in enumerate(found.suspects) if one.cure), None)
        if first is None or any(one.whole for one in found.suspects):
            break
        mended = apply(subject.source, found.cures[first][0])
        after = prepare(mended) if mended.count("\n") == subject.source.count("\n") else None
        rest = one_fault(after, None, holds, budget) if after else Located()
        if after is None or not any(one.whole for one in rest.suspects):
            break
        found = Located(
            (found.suspects[first], *rest.suspects), (found.cures[first], *rest.cures), rest.cleared, rest.left
        )
        subject = after
    return found


def one_fault(subject: Subject, again: Subject | None, holds: Holds, budget: Budget) -> Located:
    """The suspects of a single fault, or where there is none those of a part of it."""
    solutions, left = _solutions(subject, again, budget)
    told = _told(subject, solutions, holds, left)
    if not any(one.whole and one.cure for one in told.suspects):
        told = _restructured(subject, again, told, holds, budget)
    if not any(one.whole and one.cure for one in told.suspects):
        told = _completed(subject, told, holds, budget)
    return told


def _restructured(subject: Subject, again: Subject | None, told: Located, holds: Holds, budget: Budget) -> Located:
    """With what is mended by an edit that changes no value of a line, if there is one; what mends most goes first."""
    source, text = subject.source, Source(subject.source)
    near = {one.line for one in told.suspects if one.whole}
    judged = {slot[0] for slot in subject.seen} - {n for n, tap in enumerate(subject.taps) if _is_near(tap, near)}
    spans = [subject.taps[n].span(text) for n in judged]
    edits = propose(source, _functions_run(subject), without=spans)

    def rerun(version: str, on: Subject = subject) -> Array | None:
        return on.rerun(version) if budget.take(1) else None

    def once_more(edit: Edit, cures: tuple[str, ...]) -> bool:
        found = None if again is None or not again.goal.wrong else rerun(apply(source, edit), again)
        return found is None or (again is not None and not set(again.goal.wrong_in(found)) & set(cures))

    likely = nearest_first(source, edits, near)[:REARRANGED]
    mended = sorted(mending(source, subject.goal, likely, rerun), key=lambda one: -len(one[1]))
    likely = [one for one in mended if once_more(*one)]
    held = [one for one in likely[:TRIED] if holds(apply(source, one[0]), one[1])]
    if not held:
        return told
    found = [_statement_suspect(subject, *one, rerun(apply(source, one[0]))) for one in held]
    few = [
        (s, c)
        for s, c in zip(told.suspects, told.cures, strict=True)
        if not (held[0][1] == subject.goal.wrong and s.whole is False)
    ]
    suspects = (*found, *(s for s, _ in few))
    cures = (*((edit,) for edit, _ in held), *(c for _, c in few))
    return Located(suspects, cures, told.cleared, told.left)


def _is_near(tap: Tap, lines: Collection[int]) -> bool:
    return any(tap.line - NEAR <= line <= tap.last + NEAR for line in lines)


def _functions_run(subject: Subject) -> set[str] | None:
    """The functions in which a tap was passed; None where some of the module's own statements are among them."""
    lines = {subject.taps[slot[0]].line for slot in subject.seen}
    bodies = functions(subject.source)
    found = {name for name, node in bodies.items() if any(node.lineno <= n <= (node.end_lineno or n) for n in lines)}
    return found or None


def _statement_suspect(subject: Subject, edit: Edit, cures: tuple[str, ...], after: Array | None) -> Suspect:
    goal, mended = subject.goal, apply(subject.source, edit)
    line = line_of(subject.source, edit.line)
    residuals = tuple(Residual(name, *goal.ratios(name, after)) for name in cures)
    would = line_of(mended, edit.line)
    count = sum(goal.counts)
    return Suspect(
        edit.line,
        edit.line,
        line,
        "statement",
        residuals,
        set(cures) == set(goal.wrong),
        0,
        count,
        0,
        0,
        0,
        "",
        "",
        edit.what,
        line,
        would,
    )


def _completed(subject: Subject, told: Located, holds: Holds, budget: Budget) -> Located:
    """With what is mended by a statement that is put in, if there is one."""
    try:
        code, gaps = gapped(subject.source, str(subject.runner.path))
    except SyntaxError:
        return told
    runner, seen = replace(subject.runner, code=code), dict[Slot, Array]()
    if runner.run(seen=seen) is None:
        return told
    there = replace(subject, runner=runner, taps=gaps, seen=seen)
    solutions, _ = _solutions(there, None, budget)
    likely = sorted(solutions, key=lambda n: (-len(solutions[n].cures), solutions[n].rank - solutions[n].reach))[:GAPS]
    found = _told(there, {n: solutions[n] for n in likely}, holds, 0)
    cured = [(s, c) for s, c in zip(found.suspects, found.cures, strict=True) if s.cure]
    if not cured:
        return told
    suspects, cures = zip(*cured, strict=True)
    return replace(told, suspects=(*suspects, *told.suspects), cures=(*cures, *told.cures))


def _solutions(subject: Subject, again: Subject | None, budget: Budget) -> tuple[dict[int, Solution], int]:
    """By tap what makes all right, or where nothing does a part; and how many taps there was no time for."""
    goal, responses, left = subject.goal, dict[int, Response](), 0
    whole: dict[int, Solution] = {}
    wrong = goal.entries(goal.wrong) & (np.abs(goal.base - goal.right) > goal.tolerance)
    partly: list[tuple[int, Shapes, Array]] = []
    for number, shapes in subject.by_tap().items():
        if not budget.take(1):
            left += 1
            continue
        reached = reaches(subject.runner.run, goal, shapes)
        if reached is None or not (reached & wrong).any():
            continue
        if (wrong & ~reached).any():
            partly.append((number, shapes, reached))
        elif not budget.take(unknowns(shapes)):
            left += 1
        elif response := respond(subject.runner.run, goal.base, subject.passed(number), reached):
            responses[number] = response
            if solution := solve(subject.runner.run, goal, response, goal.wrong):
                whole[number] = solution
    whole = {number: one for number, one in whole.items() if again is None or _solved(again, number)}
    if all(one.rank == one.reach for one in whole.values()):
        whole |= _curved(subject, responses, budget)
    return whole or _parts(subject, responses, partly, budget), left


def _curved(subject: Subject, responses: Mapping[int, Response], budget: Budget) -> dict[int, Solution]:
    """The taps of few unknowns to which the gradients answer otherwise than in proportion."""
    found: dict[int, Solution] = {}
    for number, response in responses.items():
        count = len(response.columns)
        if count <= CURVED and budget.take(NEWTON * count // 2):
            solution = solve_curved(subject.runner.run, subject.goal, subject.passed(number), response.reached)
            if solution and solution.rank < solution.reach:
                found[number] = solution
    return found


def _solved(again: Subject, number: int) -> bool:
    """Whether the same tap cures all on another problem; True where nothing is wrong there, or it is too large."""
    run, goal, shapes = again.runner.run, again.goal, again.by_tap().get(number)
    if not goal.wrong or shapes is None:
        return True
    reached = reaches(run, goal, shapes)
    response = None if reached is None else respond(run, goal.base, again.passed(number), reached)
    return response is not None and solve(run, goal, response, goal.wrong) is not None


def _parts(
    subject: Subject, responses: dict[int, Response], partly: Sequence[tuple[int, Shapes, Array]], budget: Budget
) -> dict[int, Solution]:
    """Taps that make some gradients right and none wrong, those that mend most."""
    run, goal = subject.runner.run, subject.goal
    for number, shapes, reached in partly:
        if budget.take(unknowns(shapes)) and (response := respond(run, goal.base, subject.passed(number), reached)):
            responses[number] = response
    found = {number: solve_partly(run, goal, response) for number, response in responses.items()}
    return {number: solution for number, solution in found.items() if solution}


def _told(subject: Subject, solutions: Mapping[int, Solution], holds: Holds, left: int) -> Located:
    cures = dict(_cures(subject, solutions, holds))
    order = sorted(solutions, key=lambda n: _place(subject, n, solutions[n], cures.get(n, ())))
    suspects = tuple(_suspect(subject, n, solutions[n], cures.get(n, ())) for n in order)
    bad = {line for one in suspects for line in range(one.line, one.last + 1)}
    ran = {slot[0] for slot in subject.seen}
    cleared = {line for n in ran for line in range(subject.taps[n].line, subject.taps[n].last + 1)} - bad
    return Located(suspects, tuple(cures.get(n, ()) for n in order), tuple(sorted(cleared)), left)


def _place(subject: Subject, number: int, solution: Solution, cures: Sequence[Edit]) -> tuple[object, ...]:
    """A key to sort suspects by, the surest first: what mends most, a cure, evidence, what computes something."""
    tap, wrong = subject.taps[number], subject.goal.wrong
    cost = plainness(subject.source, cures[0])[0] if cures else 0
    made = tap.role in ("assigned", "added")
    mends = len(wrong) - len(solution.cures)
    return (mends, not cures, cost, solution.rank - solution.reach, not made, tap.plain, -number)


def _cures(subject: Subject, solutions: Mapping[int, Solution], holds: Holds) -> Iterator[tuple[int, tuple[Edit, ...]]]:
    """By tap the edits of its expression that give the values that it must have, and hold on further problems."""
    text = Source(subject.source)
    own = own_functions(text.tree)
    spans = {n: _statement(text, subject.taps[n].span(text)) for n in solutions if subject.taps[n].role != "left"}
    edits = propose(subject.source, within=list(spans.values())) if spans else ()
    for number, solution in solutions.items():
        if subject.taps[number].role == "left":
            offered = completing(subject, number, text, solution, own)
        else:
            a, b = spans[number]
            inside = [edit for edit in edits if a <= edit.start and edit.end <= b]
            offered = fitting(subject, number, inside, text, solution, own)
        found = {made(subject.source, e): e for e in reversed(offered)}
        fit = sorted(found.values(), key=lambda e: plainness(subject.source, e))
        good = tuple(e for e in fit[:TRIED] if holds(apply(subject.source, e), solution.cures))
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
    line = cures[0].line if cures else tap.line
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
        line_of(subject.source, line) if cures else "",
        line_of(apply(subject.source, cures[0]), line) if cures else "",
    )


def numbers(value: Array) -> str:
    """The first numbers of an array, as a person reads them, and its shape."""
    flat = [f"{each:.3g}" for each in value.ravel()[:SHOWN]]
    if not value.ndim:
        return flat[0]
    more = ", ..." if value.size > SHOWN else ""
    shape = ", ".join(map(str, value.shape)) + ("," if value.ndim == 1 else "")
    return f"[{', '.join(flat)}{more}] ({shape})"
