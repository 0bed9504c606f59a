"""Confirming: what is right on the one problem is put to others, that it was not chosen on, in new processes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from ..edits import Edit
from ..problem import Problem
from ..questions import Question
from .crew import Crew, TimeUp
from .trial import RAISED, Trial

SHARE = 0.3  # of the time that is left: what posing the user's own problems may take
REFUTED = -1
GROUP = 2  # problems that are put together: what has held before time runs out counts
LEAST = 3  # problems that a claim has to hold on, at the least
LONG = 8.0  # seconds, after which the least is enough: a framework compiles anew for every shape
Claim = tuple[Edit, int]
"""An edit, and the marks of the gradients that it is said to make right."""


@dataclass(frozen=True)
class Examination:
    """What edits are confirmed on.

    Args:
        trial: without questions.
        small: problems that are posed in no time. `own`: the user's, which may be large; `pose` poses them all.
        end: of the time, on the clock of perf_counter.
    """

    crew: Crew
    trial: Trial
    small: tuple[Problem, ...]
    own: tuple[Problem, ...]
    pose: Callable[[Problem], Question]
    end: float

    def counts(self, source: str, claims: Sequence[Claim]) -> list[int]:
        """By claim, the number of problems on which it held; REFUTED where one spoke against it.

        What was found is confirmed even after Ctrl-C, and up to the very end of the time.
        """
        long = perf_counter() + LONG
        crew = self.crew
        until, stopped, crew.until, crew.stopped = crew.until, crew.stopped, self.end, False
        counts = [0] * len(claims)
        try:
            for trial in self._trials():
                counts = self._after(trial, source, claims, counts)
                standing = [count for count in counts if count != REFUTED]
                if not standing or (min(standing) >= LEAST and perf_counter() > long):
                    break
        except TimeUp:
            pass
        finally:
            crew.until, crew.stopped = until, crew.stopped or stopped
        return counts

    def _trials(self) -> Iterator[Trial]:
        """Small problems first, then the user's own as time allows; posed before any of his code is loaded."""
        self.crew.until = perf_counter() + SHARE * (self.end - perf_counter())
        own = self.crew.aside(self.pose, self.own, Question)
        self.crew.until = self.end
        trial = replace(self.trial, seconds=self.crew.limits.seconds)  # on shapes for which a framework compiles anew
        for k in range(0, len(self.small), GROUP):
            yield replace(trial, questions=tuple(map(self.pose, self.small[k : k + GROUP])))
        if own:
            yield replace(trial, questions=tuple(own))

    def _after(self, trial: Trial, source: str, claims: Sequence[Claim], counts: Sequence[int]) -> list[int]:
        """The counts after one more trial.

        A problem that the original cannot answer need not be answered, but no answer may be wrong.
        """
        left = [k for k, count in enumerate(counts) if count != REFUTED]
        found = self.crew.outcomes(trial, source, [claims[k][0] for k in left])
        rights = {k: outcome.right for k, outcome in zip(left, found, strict=True) if outcome}
        excused = self._unanswered(trial) if any(RAISED in right for right in rights.values()) else set()
        after = list(counts)
        for k, right in rights.items():
            answers = [marks for j, marks in enumerate(right) if not (marks == RAISED and j in excused)]
            refuted = any(marks == RAISED or claims[k][1] & ~marks for marks in answers)
            after[k] = REFUTED if refuted else counts[k] + len(answers)
        return after

    def _unanswered(self, trial: Trial) -> set[int]:
        """The questions that the user's own text has no answer to."""
        right = self.crew.survey(trial, self.trial.source).outcome.right
        return {k for k, marks in enumerate(right) if marks == RAISED}
