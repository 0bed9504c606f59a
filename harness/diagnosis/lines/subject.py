"""The nouns of the search: a version of the source on a problem, how candidates are judged, and what was found."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod
from time import process_time

import numpy as np

from ...edits import Edit, apply
from ...finding import Suspect
from .running import Runner, Slot
from .solving import Goal, Shapes
from .taps import Tap

Array = np.ndarray
Holds = Callable[[str, tuple[str, ...]], bool]
"""Whether a source makes these gradients right, and spoils none, on every further problem."""

TRIED = 12  # edits of one kind that are held against further problems, the likeliest first
MOST = 400  # unknowns of a tap: one that has more is an accumulator, or a forward pass made at once


class Budget:
    """Runs that a search may make: counted, so that it finds the same on a busy machine; only one that is far too slow
    is ended by the seconds of processor that it has taken."""

    def __init__(self, runs: int, seconds: float) -> None:
        self._left, self._until = runs, process_time() + seconds

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return process_time() > self._until

    def take(self, runs: int) -> bool:
        """Whether there is something left; then so many runs are taken off."""
        if self._left <= 0 or self.late:
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

    @property
    def pairs(self) -> list[tuple[Suspect, tuple[Edit, ...]]]:
        """The suspects, each with its edits."""
        return list(zip(self.suspects, self.cures, strict=True))

    def behind(self, first: Iterable[tuple[Suspect, tuple[Edit, ...]]], parts: bool = True) -> "Located":
        """These suspects, and behind them those that are not the same; what one of them is at is not cleared.

        Args:
            parts: those that mend but a part as well.
        """
        pairs = list(first)
        known = {(one.line, one.text, one.role) for one, _ in pairs}
        others = [pair for pair in self.pairs if parts or pair[0].whole]
        pairs += [pair for pair in others if (pair[0].line, pair[0].text, pair[0].role) not in known]
        suspects, cures = tuple(one for one, _ in pairs), tuple(edits for _, edits in pairs)
        cleared = set(self.cleared) - {line for one in suspects for line in range(one.line, one.last + 1)}
        return Located(suspects, cures, tuple(sorted(cleared)), self.left)


@dataclass(frozen=True)
class Judge:
    """What a candidate is held to.

    Args:
        again: the same program on a problem of other sizes; None where there is none.
        holds: on every further problem.
    """

    again: Subject | None
    holds: Holds
    budget: Budget

    def rerun(self, subject: Subject, source: str) -> Array | None:
        """The gradients of another version of the source; None where it does not run, or nothing may run any more."""
        return subject.rerun(source) if self.budget.take(1) else None

    def confirms(self, source: str, edit: Edit, cures: tuple[str, ...]) -> bool:
        """Whether the edit makes these gradients right elsewhere too."""
        mended = apply(source, edit)
        if self.again and self.again.goal.wrong:
            found = self.rerun(self.again, mended)
            if found is None or set(self.again.goal.wrong_in(found)) & set(cures):
                return False
        return self.holds(mended, cures)
