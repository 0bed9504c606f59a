"""Not a bug in the mathematics: the candidate does not give the same gradients when it is asked the same again."""

from itertools import combinations

import numpy as np

from ..errors import listed
from ..finding import Finding, Residual
from .case import Case, Inquiry

RUNS = 3


def find(inquiry: Inquiry) -> tuple[Finding, ...]:
    """What changes from run to run by more than noise; not what grows by the same amount each time, which is a sum that
    nobody set back to zero and no chance."""
    case = inquiry.case
    # Copies: a candidate that changes its arguments in place must not change those of the next run.
    again = [(case.problem, case.tensors.map(lambda _, array: array.copy())) for _ in range(RUNS)]
    runs = [run for run in inquiry.ask(again) if run]
    spread = {name: _spread(name, runs) for name in case.given}
    names = tuple(name for name in case.wrong if spread.get(name, 0.0) > case.threshold * case.noise.values[name])
    if not names or _grows(names, runs):
        return ()
    said = listed([case.shown[name] for name in names], "and")
    return (
        Finding(
            means="not a bug",
            what=f"{said} {'differs' if len(names) == 1 else 'differ'} from run to run",
            sentence=f"Asked the same {RUNS} times, your code gave different numbers for {said}. Look for random "
            "numbers (dropout, a weight or state drawn anew), for memory used before it is set (np.empty), and for "
            "anything kept from one call to the next.",
            gradients=tuple(case.shown[name] for name in names),
            residuals=tuple(_residual(case, name, spread[name]) for name in names),
            whole=set(case.wrong_gradients) <= set(names),
        ),
    )


def _spread(name: str, runs: list[Case]) -> float:
    """The largest difference of a quantity between two runs."""
    seen = [run.given[name] for run in runs if name in run.given]
    return max((float(np.abs(a - b).max(initial=0.0)) for a, b in combinations(seen, 2)), default=0.0)


def _grows(names: tuple[str, ...], runs: list[Case]) -> bool:
    """Whether each run adds to what the run before left: all by the same."""
    if len(runs) < RUNS:
        return False

    def steady(name: str) -> bool:
        first, second, third = (run.given[name] for run in runs[:RUNS])
        return bool(np.abs(third - 2 * second + first).max() <= runs[0].threshold * runs[0].noise.values[name])

    return all(steady(name) for name in names if all(name in run.given for run in runs))


def _residual(case: Case, name: str, spread: float) -> Residual:
    """The error in units of noise, and in units of the spread between runs."""
    error = float(np.abs(case.given[name] - case.expected(name)).max())
    return Residual(case.shown[name], case.before(name), error / spread)
