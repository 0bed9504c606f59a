"""Solving for the values that a tap must pass on for gradients to be right.

Backpropagation is linear in the adjoints: what is added to a value of the backward pass adds to all gradients in
proportion. One run for each entry of each execution of a tap gives the columns of that map; least squares gives what
must be added; a run with it says whether everything is right then. Only this last run is evidence, so that a value of
the forward pass, to which nothing is linear, is never claimed by mistake.

Source: Griewank and Walther (2008), Evaluating Derivatives, section 3.2, for the linearity in the adjoints; Golub and
Van Loan (2013), Matrix Computations, section 5.5, for least squares of deficient rank.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from typing import Protocol

import numpy as np

from ...noise import THRESHOLD
from .running import Slot

Array = np.ndarray
Shapes = Mapping[Slot, tuple[int, ...]]


class Run(Protocol):
    """The gradients with something added by slot, and what those slots pass on then; None where the run raises."""

    def __call__(
        self, added: Mapping[Slot, Array], seen: dict[Slot, Array] | None = None, *, only: int | None = None
    ) -> Array | None: ...


RANK = 1e-10  # of the largest singular value: below stands what rounding makes of a zero
ROUNDS = 4  # of refinement: each takes off what the rounding of the one before has left
STEP = 1.0  # nothing depends on it where all is linear
NEAR = 1e-6  # a step where it is not
NEWTON = 9  # steps that are taken
HALVED = 5  # times that one is
SHARE = 0.8  # of the error that may be left after each


@dataclass(frozen=True)
class Goal:
    """What the gradients are, and what they must be: flat, one behind the other, (N,).

    Args:
        names, counts: of the gradients in that order, and how many entries each has.
        tolerance: the largest difference of an entry that matches: `threshold` times the noise.
    """

    names: tuple[str, ...]
    counts: tuple[int, ...]
    base: Array
    right: Array
    tolerance: Array
    threshold: float = THRESHOLD

    @cached_property
    def places(self) -> dict[str, slice]:
        ends = accumulate(self.counts, initial=0)
        return {name: slice(a, b) for name, (a, b) in zip(self.names, pairwise(ends), strict=True)}

    def off_in(self, found: Array) -> Array:
        """Which entries do not match, (N,)."""
        return np.abs(found - self.right) > self.tolerance

    def wrong_in(self, found: Array) -> tuple[str, ...]:
        """The gradients with an entry that does not match."""
        off = self.off_in(found)
        return tuple(name for name, place in self.places.items() if off[place].any())

    @cached_property
    def wrong(self) -> tuple[str, ...]:
        return self.wrong_in(self.base)

    @cached_property
    def off(self) -> Array:
        return self.off_in(self.base)

    def held(self, cures: Iterable[str]) -> Array:
        """Which entries are right when these gradients are cured: theirs, and those of all that are not wrong, (N,)."""
        return self.entries(set(self.names) - set(self.wrong) | set(cures))

    def ratios(self, name: str, after: Array | None) -> tuple[float, float]:
        """How far a gradient is off before and after, in units of the noise."""
        place = self.places[name]
        found = self.base if after is None else after
        noise = self.tolerance[place] / self.threshold
        off = (np.abs(one[place] - self.right[place]) / noise for one in (self.base, found))
        before, after_it = (float(one.max(initial=0.0)) for one in off)
        return before, after_it

    def entries(self, names: Iterable[str]) -> Array:
        """Which entries belong to these gradients."""
        chosen = np.zeros(len(self.base), dtype=bool)
        for name in names:
            chosen[self.places[name]] = True
        return chosen


@dataclass(frozen=True)
class Response:
    """How the gradients answer to a tap.

    Args:
        columns: their change by each entry of what is added, (unknowns, N).
        passed: the change of what the tap passes on, (unknowns, unknowns): the entry itself, and what follows from it
            at later executions.
        reached: which of the gradients' entries change at all, (N,).
    """

    shapes: Shapes
    columns: Array
    passed: Array
    reached: Array

    @property
    def builds_on_itself(self) -> bool:
        """Whether what the tap passes on changes what it passes on later."""
        return bool((self.passed != np.eye(len(self.passed))).any())

    @cached_property
    def by_value(self) -> Array:
        """The change of the gradients by each entry of what is passed on, where nothing else is, (unknowns, N)."""
        return np.linalg.solve(self.passed, self.columns)


@dataclass(frozen=True)
class Solution:
    """What must be added at a tap.

    Args:
        added: by slot, the least that makes the gradients `cures` right and leaves right what is right.
        rank, reach: the number of entries that the tap moves, of those that were asked for, and of the unknowns that
            they answer to. What it explains beyond its rank is evidence.
    """

    added: Mapping[Slot, Array]
    cures: tuple[str, ...]
    rank: int
    reach: int
    response: Response

    def moved(self, goal: Goal) -> dict[Slot, bool]:
        """By slot, whether what is added there moves any gradient beyond the noise: elsewhere the value is right."""
        columns = self.response.columns
        changes = {slot: self.added[slot].ravel() @ columns[at] for slot, at in places(self.response.shapes).items()}
        return {slot: bool((np.abs(change) > goal.tolerance).any()) for slot, change in changes.items()}


def reaches(run: Run, goal: Goal, shapes: Shapes) -> Array | None:
    """Which entries change when something is added everywhere at random, (N,); None where the run raises then."""
    random = np.random.default_rng(0)
    found = run({slot: random.uniform(-STEP, STEP, shape) for slot, shape in shapes.items()})
    return None if found is None else found != goal.base


def respond(
    run: Run,
    base: Array,
    values: Mapping[Slot, Array],
    reached: Array,
    at: Mapping[Slot, Array] | None = None,
    size: float = STEP,
) -> Response | None:
    """The columns of a tap, one run for each; None where one of them raises.

    Args:
        base, values: the gradients, and by slot what the tap passes on, with `at` added, or with nothing.
        size: of a step.
    """
    columns, passed = [], []
    shapes = {slot: value.shape for slot, value in values.items()}
    for slot, shape in shapes.items():
        for index in np.ndindex(*shape):
            step, seen = np.zeros(shape), dict[Slot, Array]()
            step[index] = size
            answer = run({**(at or {}), slot: step if at is None else at[slot] + step}, seen, only=slot[0])
            if answer is None or not seen.keys() >= values.keys():
                return None
            columns.append((answer - base) / size)
            passed.append(np.concatenate([(seen[each] - values[each]).ravel() for each in values]) / size)
    return Response(shapes, np.array(columns), np.array(passed), reached)


def solve(run: Run, goal: Goal, response: Response, cures: tuple[str, ...]) -> Solution | None:
    """What makes these gradients right and no other wrong; None where nothing does."""
    others = set(goal.wrong) - set(cures)
    asked = response.reached & goal.held(cures)
    inverse, rank = _inverse(response.columns[:, asked])
    if not rank:
        return None
    total, found = np.zeros(len(response.columns)), goal.base
    for _ in range(ROUNDS):
        total = total + (goal.right - found)[asked] @ inverse
        found = run(split(total, response.shapes))
        if found is None:
            return None
        if set(goal.wrong_in(found)) <= others:
            return Solution(split(total, response.shapes), cures, rank, int(asked.sum()), response)
    return None


def _inverse(columns: Array) -> tuple[Array, int]:
    """The pseudo-inverse of columns, (unknowns, N) -> (N, unknowns), and their rank."""
    left, values, right = np.linalg.svd(columns, full_matrices=False)
    kept = values > RANK * values.max(initial=0.0)
    return (right[kept].T / values[kept]) @ left[:, kept].T, int(kept.sum())


def solve_curved(run: Run, goal: Goal, values: Mapping[Slot, Array], reached: Array) -> Solution | None:
    """The same where the gradients do not answer in proportion, as to a value of the forward pass: by Newton's steps,
    each halved until it leads nearer.

    Source: Nocedal and Wright (2006), Numerical Optimization, section 10.3 (Gauss-Newton with a line search).
    """
    shapes = {slot: value.shape for slot, value in values.items()}
    number, total, found = next(iter(shapes))[0], np.zeros(sum(one.size for one in values.values())), goal.base
    for _ in range(NEWTON):
        at, seen = split(total, shapes), dict[Slot, Array]()
        if run(at, seen, only=number) is None:
            return None
        response = respond(run, found, seen, reached, at, NEAR)
        if response is None:
            return None
        inverse, rank = _inverse(response.columns[:, reached])
        if not goal.wrong_in(found):
            return Solution(at, goal.wrong, rank, int(reached.sum()), response)
        step = (goal.right - found)[reached] @ inverse
        nearer = _nearer(run, goal, shapes, total, step, found)
        if nearer is None:
            return None
        total, found = nearer
    return None


def _nearer(
    run: Run, goal: Goal, shapes: Shapes, total: Array, step: Array, found: Array
) -> tuple[Array, Array] | None:
    """The first of a step, half of it, a quarter and so on after which the gradients are nearer, and those."""
    before = np.linalg.norm((goal.right - found) / goal.tolerance)
    for halved in range(HALVED):
        there = total + step / 2**halved
        after = run(split(there, shapes))
        if after is not None and np.linalg.norm((goal.right - after) / goal.tolerance) < SHARE * before:
            return there, after
    return None


def solve_partly(run: Run, goal: Goal, response: Response) -> Solution | None:
    """The same for as many of the wrong gradients as one after the other can be made right together."""
    best: Solution | None = None
    for name in goal.wrong:
        if response.reached[goal.places[name]].any():
            best = solve(run, goal, response, (*(best.cures if best else ()), name)) or best
    return best


def places(shapes: Shapes) -> dict[Slot, slice]:
    """Where the entries of each slot stand in a flat vector over all."""
    ends = accumulate(map(prod, shapes.values()), initial=0)
    return {slot: slice(a, b) for slot, (a, b) in zip(shapes, pairwise(ends), strict=True)}


def split(flat: Array, shapes: Shapes) -> dict[Slot, Array]:
    """A flat vector over the slots as an array for each."""
    return {slot: flat[at].reshape(shapes[slot]) for slot, at in places(shapes).items()}
