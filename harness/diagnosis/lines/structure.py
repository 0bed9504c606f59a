"""What no value of an expression can mend: bounds, conditions, targets, operators, the order of statements, and those
that are missing or too many. For these the edits near the suspects are made, and the program is run with each.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

import numpy as np

from ...edits import Edit, apply
from ...edits.edit import plainness
from .solving import Goal

Array = np.ndarray
Rerun = Callable[[str], "Array | None"]
"""The gradients of another version of the source on the same problem; None where it does not run."""


def nearest_first(source: str, edits: Iterable[Edit], lines: Collection[int]) -> list[Edit]:
    """Those nearest to one of these lines first, of equals the plainest."""

    def away(edit: Edit) -> int:
        return min((abs(edit.line - line) for line in lines), default=0)

    return sorted(edits, key=lambda edit: (away(edit), plainness(source, edit)))


def mending(source: str, goal: Goal, edits: Iterable[Edit], rerun: Rerun) -> Iterator[tuple[Edit, tuple[str, ...]]]:
    """The edits with which some gradients are right and none wrong that was right, with those that they cure."""
    for edit in edits:
        found = rerun(apply(source, edit))
        if found is None:
            continue
        wrong = set(goal.wrong_in(found))
        if wrong < set(goal.wrong):
            yield edit, tuple(name for name in goal.wrong if name not in wrong)
