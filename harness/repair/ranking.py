"""Which edit is plainer than another: one that only takes out, then the fewest characters changed, then the earlier
line.

What is right because a condition was made one that never holds, or a term one that is always zero, takes fewer
characters than to leave the condition or the term out: what does that is plainer all the same.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from ..edits import Edit, common_ends
from ..patch import Patch
from .steps import Place, Step, place

ENOUGH = 3  # edits of a line that have to be tried before it is given up


def smallness(source: str, edit: Edit) -> tuple[bool, int, int, int, str]:
    """A key to sort edits by, the plainest first: whether any code is put in, characters taken out and put in, line,
    place, and the text."""
    taken, put = _changed(source[edit.start : edit.end], edit.new)
    return _puts_in(source, edit), taken + put, edit.line, edit.start, edit.new


def plainest_first(source: str, edits: Iterable[Edit]) -> list[Edit]:
    return sorted(edits, key=lambda edit: smallness(source, edit))


def those_first(edits: Sequence[Edit], likely: Container[Place]) -> list[Edit]:
    """The edits at these places first; the order is kept otherwise."""
    return sorted(edits, key=lambda edit: place(edit) not in likely)


def hopeful_first(edits: Sequence[Edit], steps: Iterable[Step], right: int) -> list[Edit]:
    """Last the edits of lines where all that was tried has spoilt a gradient that is right: the fault is elsewhere.

    Args:
        steps: what was tried. `right`: marks of the gradients that were right before.
    """
    spoilt: dict[int, list[bool]] = {}
    for step in steps:
        if step.outcome.fate == "ran":
            spoilt.setdefault(step.edit.line, []).append(bool(max(right, 0) & ~step.outcome.right[0]))
    last = {line for line, each in spoilt.items() if len(each) >= ENOUGH and all(each)}
    return sorted(edits, key=lambda edit: edit.line in last)


def grouped(patches: Sequence[Patch]) -> tuple[Patch, ...]:
    """The plainest patch of those that change the same lines, with the others as its equivalents. Keeps the order."""
    groups: dict[tuple[int, ...], list[Patch]] = {}
    for patch in patches:
        lines = tuple(n for h in patch.hunks for n in range(h.line, h.line + max(1, len(h.before))))
        groups.setdefault(lines, []).append(patch)
    return tuple(replace(first, equivalents=tuple(others)) for first, *others in groups.values())


def best_first(source: str, held: Iterable[tuple[Edit, int]]) -> list[tuple[Edit, int]]:
    """Edits that all are right, with the number of problems they were right on: the most of these first, then what
    only takes out, and of this what takes out most: it leaves nothing behind that is without effect.

    The order is kept otherwise.
    """

    def place(one: tuple[Edit, int]) -> tuple[int, bool, int]:
        edit, problems = one
        taken, _ = _changed(source[edit.start : edit.end], edit.new)
        more = _puts_in(source, edit)
        return -problems, more, 0 if more else -taken

    return sorted(held, key=place)


def _puts_in(source: str, edit: Edit) -> bool:
    """Whether an edit puts any code in, and does not only take some out."""
    _, put = _changed(source[edit.start : edit.end], edit.new)
    return put > 0 and edit.new != "pass"


def _changed(old: str, new: str) -> tuple[int, int]:
    """Characters taken out and put in, what both begin and end with left out."""
    same = sum(common_ends(old, new))
    return len(old) - same, len(new) - same
