"""Relations of a sum over time and batch to its terms: some are left out, or one alone is there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ...models import BATCH, TIME, Axis
from ...problem import Problem
from ..case import Case
from ..terms import factors, summed
from ._relation import Array, Family, Predict, Relation, itself


@dataclass(frozen=True)
class Choice:
    """Which terms are there, of as many as there are: `only` in words, or `without` which."""

    words: str
    kept: Callable[[int], Array]
    hint: str


_ASSIGNED = "look for = where += is meant, or for a return or a line that stands outside the loop"
_FEWER = "look for a loop or a slice that {}"


def choices(count: int, unit: str) -> Iterator[Choice]:
    """First and last, which mean the same at any size."""
    last = f"the last {unit}"
    yield Choice(f"only {unit} 0", lambda n: np.arange(n) == 0, _ASSIGNED)
    yield Choice(f"only {last}", lambda n: np.arange(n) == n - 1, _ASSIGNED)
    if count > 2:  # without one is the other alone
        yield Choice(f"all but {unit} 0", lambda n: np.arange(n) > 0, _FEWER.format("begins at 1, or ends before 0"))
        yield Choice(f"all but {last}", lambda n: np.arange(n) < n - 1, _FEWER.format("ends one early, [:-1] or T - 1"))


def propose(case: Case, name: str) -> Iterator[Relation]:
    problem = case.problem
    axes = problem.spec.tensor(name).axes
    for axis, unit in ((TIME, "timestep"), (BATCH, "batch element")):
        count = problem.sizes[axis.size]
        if count == 1 or (factors(case, name) is None and axis not in axes):
            continue
        for choice in choices(count, unit):
            what = choice.words.removeprefix("only ")
            if factors(case, name) is None:
                rest = "elsewhere" if choice.words.startswith("only ") else "there"
                predicate = f"right at {choice.words}, and zero {rest}"
            elif choice.words.startswith("only "):
                predicate = f"the term of {what} alone, and not the sum over {'time' if axis == TIME else 'the batch'}"
            else:
                predicate = f"without the term of {choice.words.removeprefix('all but ')}"
            hint = choice.hint
            if choice.words == "all but timestep 0" and problem.spec.factors.get(name, ("",))[0] == "h_prev":
                first = case.shown[problem.spec.states[0].name]
                hint = f"the term with the initial state, outer({first}, adjoint at step 0), is missing"
            yield Relation(predicate, hint, _restricted(axis, choice.kept), _speaks_of(axis, choice))


def _restricted(axis: Axis, kept: Callable[[int], Array]) -> Predict:
    def predict(case: Case, name: str) -> Array | None:
        chosen = kept(case.problem.sizes[axis.size])
        pair = factors(case, name)
        if pair is not None:
            at = chosen if axis == TIME else (slice(None), chosen)
            return summed(pair[0][at], pair[1][at], weight=case.problem.spec.tensor(name).kind == "weight")
        truth, axes = itself(case, name), case.problem.spec.tensor(name).axes
        if truth is None or axis not in axes:
            return None
        return truth * chosen.reshape([-1 if one == axis else 1 for one in axes])

    return predict


def _speaks_of(axis: Axis, choice: Choice) -> Callable[[Problem], tuple[int, ...]]:
    def steps(problem: Problem) -> tuple[int, ...]:
        kept = choice.kept(problem.T)
        few = kept if choice.words.startswith("only") else ~kept
        return tuple(int(t) for t in np.flatnonzero(few)) if axis == TIME else ()

    return steps


FAMILY = Family(4, propose)
