"""Whole backward passes in which errors do not reach every step they should: no recurrent path, truncation, a loss left
out. Each says what every gradient behind the hidden states would be."""

from collections.abc import Callable, Iterator

import numpy as np

from ._relation import Array, Flow

LONGEST = 10  # steps of a piece


def flows(T: int) -> Iterator[Flow]:
    """All that are worth a try on T steps, the plainest first."""
    yield NOTHING_BACK
    yield from LOSSES
    for k in range(1, T - 1):
        yield _window(k)
    for k in range(2, min(T, LONGEST + 1)):
        yield _chunks(k)


def _distance(T: int) -> Array:
    """s - t, how many steps the loss of step s flows back to reach step t: (T, T), at [t, s]."""
    return np.arange(T) - np.arange(T)[:, None]


def _window(k: int) -> Flow:
    steps = f"{k} step{'s' * (k > 1)}"
    return Flow(
        f"the error of every step flows back {steps} and no further",
        f"the backward pass is truncated after {steps}",
        lambda T: _distance(T) <= k,
    )


def _chunks(k: int) -> Flow:
    return Flow(
        f"errors flow back within pieces of {k} steps and no further, which begin at t = 0, {k}, ...",
        f"the backward pass is truncated in pieces of {k} steps: look for a reset, detach or modulo there",
        lambda T: np.arange(T)[:, None] // k == np.arange(T) // k,
    )


def _losses(which: str, kept: Callable[[int], Array]) -> Flow:
    """Of some steps alone the loss reaches the hidden layer."""
    return Flow(
        f"only the loss of {which} reaches the hidden layer",
        "dL/dh_t is overwritten, = where += is meant, or never added at the other steps",
        lambda T: np.tile(kept(T), (T, 1)),
    )


NOTHING_BACK = Flow(
    "no error flows back in time (every step hears of its own loss alone)",
    "the product of the next step's adjoint with the recurrent weight is missing, or read where it is still zero: "
    "look for an index t where t + 1 is meant, or a carry that is never updated",
    lambda T: _distance(T) == 0,
)
LOSSES = (
    _losses("the last step", lambda T: np.arange(T) == T - 1),
    _losses("step 0", lambda T: np.arange(T) == 0),
)
