"""The candidate does not give the same gradients when it is asked the same again.

Random numbers in the forward pass, as those of dropout, are no bug in the mathematics. Gradients that are added to what
happens to be in memory, or to random numbers, are one. A network whose every number is zero tells the two apart: its
gradients depend on no mask and no draw, so that what a candidate gives beside them is what it started from.

What grows by the true gradient each time is a sum that nobody set back to zero, and no chance.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np

from ..errors import listed
from ..finding import Finding, Residual
from .case import Case, Inquiry, Question
from .decoding import made_of

Array = np.ndarray
RUNS = 3


def find(inquiry: Inquiry) -> tuple[Finding, ...]:
    """What changes from run to run by more than noise, and how."""
    case = inquiry.case
    runs = _runs(inquiry, (case.problem, case.tensors))
    spread = {name: _spread(name, runs) for name in case.given}
    names = tuple(name for name in case.wrong if spread.get(name, 0.0) > case.threshold * case.noise.values[name])
    if not names:
        return ()
    if grown := {name: after for name in names if (after := _growth(case, name, runs)) <= case.threshold}:
        return (_stale(case, grown),)
    begun = _not_begun_with_zeros(inquiry, names)
    if begun:
        names = begun
    said = listed([case.shown[name] for name in names], "and")
    made = Finding(
        means="not a bug",
        what=f"{said} {'differs' if len(names) == 1 else 'differ'} from run to run",
        sentence=f"Asked the same {RUNS} times, your code gave different numbers for {said}. Look for random numbers "
        "(dropout, a weight or state drawn anew), for memory used before it is set (np.empty), and for anything kept "
        "from one call to the next.",
        gradients=tuple(case.shown[name] for name in names),
        residuals=tuple(_residual(case, name, spread[name]) for name in names),
        whole=set(case.wrong_gradients) <= set(names),
    )
    return (_bug(made, said, len(names)) if begun else made,)


def _bug(found: Finding, said: str, count: int) -> Finding:
    """The same as a bug, and as where it starts."""
    do, starts = ("does", "starts") if count == 1 else ("do", "start")
    return replace(
        found,
        means="where it starts",
        what=f"{said} {do} not start from zero, and {'differs' if count == 1 else 'differ'} from run to run",
        sentence=f"A network whose every number is zero leaves nothing to chance, and yet your code gave other numbers "
        f"for {said} than it should, and others each time. That is a bug: it {starts} from memory that was never set "
        "(np.empty, np.empty_like: take np.zeros), or random numbers are added, or take the place of weights that are "
        "given.",
    )


def _runs(inquiry: Inquiry, *questions: Question) -> list[Case]:
    """The candidate's answers to these questions in turn, three times."""
    # Copies: a candidate that changes its arguments in place must not change those of the next run.
    again = [(p, t.map(lambda _, array: array.copy())) for _ in range(RUNS) for p, t in questions]
    return [run for run in inquiry.ask(again) if run]


def _not_begun_with_zeros(inquiry: Inquiry, names: Iterable[str]) -> tuple[str, ...]:
    """Those that are wrong where every number is zero. Before each such question stands an ordinary one, which leaves
    behind what memory is full of.

    Of the cross-entropy dL/dout is not zero even then, so that what is made of it can still hear of a random state.
    """
    case = inquiry.case
    heard = made_of(case, "adjoint_out") if case.problem.loss != "mse" else set()
    nothing = case.tensors.map(lambda _, array: np.zeros_like(array))
    runs = _runs(inquiry, (case.problem, case.tensors), (case.problem, nothing))

    def off(name: str) -> bool:
        zero = [run for run in runs if not run.tensors.x.any() and name in run.given]
        away = [_largest(run.given[name] - run.expected(name)) for run in zero]
        return any(not one <= case.threshold * case.noise.values[name] for one in away)

    return tuple(name for name in names if name not in heard and off(name))


def _largest(array: Array) -> float:
    return float(np.abs(array).max(initial=0.0))


def _spread(name: str, runs: list[Case]) -> float:
    """The largest difference of a quantity between two runs."""
    seen = [run.given[name] for run in runs if name in run.given]
    apart = [0.0 if np.array_equal(a, b, equal_nan=True) else _largest(a - b) for a, b in combinations(seen, 2)]
    return max((one if np.isfinite(one) else float("inf") for one in apart), default=0.0)


def _growth(case: Case, name: str, runs: list[Case]) -> float:
    """How far what each run adds to the one before is from the true gradient, in units of noise."""
    seen = [run.given[name] for run in runs if name in run.given]
    if len(seen) < RUNS:
        return float("inf")
    more = (replace(case, given={name: after - before}) for before, after in pairwise(seen))
    return max(one.residual(name, case.expected(name)) for one in more)


def _stale(case: Case, grown: Mapping[str, float]) -> Finding:
    """Of gradients that grow, with what `_growth` says of each."""
    said, many = listed([case.shown[name] for name in grown], "and"), len(grown) > 1
    return Finding(
        means="relation",
        what=f"{said} {'grow' if many else 'grows'} with every call",
        sentence=f"The gradient{'s' * many} of {said} {'grow' if many else 'grows'} by the true one with every call: "
        "it was not set back to zero between calls. Set it to zero at the beginning of backward, or return fresh "
        "arrays.",
        gradients=tuple(case.shown[name] for name in grown),
        residuals=tuple(Residual(case.shown[name], case.before(name), after) for name, after in grown.items()),
        whole=set(case.wrong_gradients) <= grown.keys(),
    )


def _residual(case: Case, name: str, spread: float) -> Residual:
    """The error in units of noise, and in units of the spread between runs."""
    error = float(np.abs(case.given[name] - case.expected(name)).max())
    return Residual(case.shown[name], case.before(name), error / spread if np.isfinite(error) else 1.0)
