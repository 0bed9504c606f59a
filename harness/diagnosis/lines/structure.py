"""What no value of an expression can mend: bounds, conditions, targets, operators, the order of statements, and those
that are too many. For these edits are made wherever no value was solved for, and the program is run with each.
"""

from collections.abc import Collection, Iterable, Iterator

import numpy as np

from ...edits import Edit, apply, functions, line_of, propose
from ...edits.edit import line_change, plainness
from ...edits.source import Source
from ...finding import Residual, Suspect
from .subject import TRIED, Judge, Located, Subject
from .taps import Tap

Array = np.ndarray
NEAR = 1  # lines around a suspect in which every edit is run
MOST = 600  # edits with which the program is run


def restructured(subject: Subject, judge: Judge, found: Located) -> Located:
    """With what is mended by an edit that changes no value of a line, if there is one; what mends most goes first.

    Args:
        found: what the values have told; near its suspects all edits are run, since where a value depends on those
            before it that were not unique, it cannot be judged alone.
    """
    source, text = subject.source, Source(subject.source)
    near = {one.line for one in found.suspects if one.whole}
    spans = [tap.span(text) for tap in _judged(subject) if not _is_near(tap, near)]
    edits = _nearest_first(source, propose(source, _functions_run(subject), without=spans), near)[:MOST]
    mended = sorted(_mending(subject, judge, edits), key=lambda one: -len(one[1]))
    held = [one for one in mended[:TRIED] if judge.confirms(source, *one)]
    if not held:
        return found
    first = ((_suspect(subject, *one), (one[0],)) for one in held)
    return found.behind(first, parts=held[0][1] != subject.goal.wrong)


def _judged(subject: Subject) -> Iterator[Tap]:
    return (subject.taps[number] for number in sorted({slot[0] for slot in subject.seen}))


def _is_near(tap: Tap, lines: Collection[int]) -> bool:
    return any(tap.line - NEAR <= line <= tap.last + NEAR for line in lines)


def _functions_run(subject: Subject) -> set[str] | None:
    """The functions in which a tap was passed; None, for all of the file, where there is none."""
    lines = {subject.taps[slot[0]].line for slot in subject.seen}
    bodies = functions(subject.source)
    found = {name for name, node in bodies.items() if any(node.lineno <= n <= (node.end_lineno or n) for n in lines)}
    return found or None


def _nearest_first(source: str, edits: Iterable[Edit], lines: Collection[int]) -> list[Edit]:
    """Those nearest to one of these lines first, of equals the plainest."""

    def away(edit: Edit) -> int:
        return min((abs(edit.line - line) for line in lines), default=0)

    return sorted(edits, key=lambda edit: (away(edit), plainness(source, edit)))


def _mending(subject: Subject, judge: Judge, edits: Iterable[Edit]) -> Iterator[tuple[Edit, tuple[str, ...]]]:
    """The edits with which some gradients are right and none wrong that was right, with those that they cure."""
    goal = subject.goal
    for edit in edits:
        after = judge.rerun(subject, apply(subject.source, edit))
        if after is not None and (wrong := set(goal.wrong_in(after))) < set(goal.wrong):
            yield edit, tuple(name for name in goal.wrong if name not in wrong)


def _suspect(subject: Subject, edit: Edit, cures: tuple[str, ...]) -> Suspect:
    goal, after = subject.goal, subject.rerun(apply(subject.source, edit))
    reads, would_read = line_change(subject.source, edit)
    return Suspect(
        edit.line,
        edit.line,
        line_of(subject.source, edit.line),
        "statement",
        tuple(Residual(name, *goal.ratios(name, after)) for name in cures),
        set(cures) == set(goal.wrong),
        rank=0,
        reach=int(goal.entries(cures).sum()),
        turns=0,
        changed=0,
        turn=0,
        now="",
        needed="",
        cure=edit.what,
        reads=reads,
        would_read=would_read,
    )
