"""Not a bug: the candidate's gradients are finite differences of its loss, and are as exact as those can be.

A difference of two losses is a whole number of units in the loss's last place, so every gradient is a multiple of one
such unit over the step: (L(p + h) - L(p)) / h, with 2h for a central difference. No gradient that was derived is.
"""

import numpy as np

from ..arrays import roundoff
from ..finding import Finding, Residual
from .case import Case, Inquiry

Array = np.ndarray
# The smallest first: what is a multiple of one over 1e-4 is none over 1e-7, but not the other way round.
EPS = float(np.finfo(float).eps)
STEPS = (*(10.0**-k for k in range(10, 2, -1)), EPS ** (1 / 2), EPS ** (1 / 3))
FINER = 16.0  # the candidate's own loss may be smaller than ours, by its 1/2 or as a mean; and 2h is twice h
TOO_FINE = 1e13  # multiples from here on are whole by rounding alone
NEAR = 1e-2  # from a whole number
ENOUGH = 8  # entries: by chance all are that near once in 1e13


def find(inquiry: Inquiry) -> tuple[Finding, ...]:
    """That the wrong gradients are differences, by one step on every problem."""
    wrong = [case for case in inquiry.cases if case.wrong_gradients]
    step = next((step for step in STEPS if all(_is_difference(one, step) for one in wrong)), None)
    if step is None or inquiry.case not in wrong:
        return ()
    case = inquiry.case
    return (
        Finding(
            means="not a bug",
            what=f"the gradients are finite differences with a step of {step:.2g}",
            sentence=f"Your gradients are differences of the loss with a step of {step:.2g}, not derivatives: they are "
            "as exact as a difference of two losses of sixteen digits can be. Derive them, or take the "
            "complex step, and they will agree to the last digits.",
            gradients=tuple(case.shown[name] for name in case.wrong_gradients),
            residuals=tuple(Residual(case.shown[n], case.before(n), _off(case, n)) for n in case.wrong_gradients),
            confidence="confirmed" if len(wrong) > 1 else "fits",
            whole=True,
        ),
    )


def _is_difference(case: Case, step: float) -> bool:
    """Whether every wrong gradient is a multiple of the loss's last place over this step."""
    if any(name in case.odd for name in case.wrong_gradients):
        return False
    entries = np.concatenate([case.given[name].ravel() for name in case.wrong_gradients])
    entries = entries[entries != 0]
    if len(entries) < ENOUGH or not np.isfinite(entries).all():
        return False
    with np.errstate(over="ignore"):  # numbers of a coarser type are multiples too, over a step that is a power of two
        if (entries == entries.astype(np.float32)).all():
            return False
    unit = float(np.spacing(np.abs(np.float64(case.truth.loss)))) / FINER
    multiples = np.abs(entries) * step / unit
    return bool(multiples.max() < TOO_FINE and np.abs(multiples - np.rint(multiples)).max() < NEAR)


def _off(case: Case, name: str) -> float:
    """The error in units of what the best of differences leaves, two thirds of the digits."""
    truth = case.expected(name)
    best = roundoff(np.dtype(case.problem.dtype)) ** (2 / 3) * max(float(np.abs(truth).max()), float(case.truth.loss))
    return float(np.abs(case.given[name] - truth).max()) / best
