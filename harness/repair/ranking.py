"""Which edit is plainer than another: the fewest characters changed, then the earlier line."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from ..edits import Edit, common_ends
from ..patch import Patch
from .steps import Place, Step, place

ENOUGH = 3  # edits of a line that have to be tried before it is given up


def smallness(source: str, edit: Edit) -> tuple[int, int, int, str]:
    """A key to sort edits by, the plainest first: characters taken out and put in, line, place, and the text."""
    old = source[edit.start : edit.end]
    return _changed(old, edit.new), edit.line, edit.start, edit.new


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


def _changed(old: str, new: str) -> int:
    """Characters that differ, what both begin and end with left out."""
    return len(old) + len(new) - 2 * sum(common_ends(old, new))
