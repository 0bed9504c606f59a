"""Whole backward passes in which errors do not reach every step they should: no recurrent path, truncation, a loss left
out. Each says what every gradient behind the hidden states would be."""

from collections.abc import Callable, Iterator

import numpy as np

from ._relation import Array, Flow

LONGEST = 10  # steps of a piece: there are as many ways to begin them


def flows(T: int) -> Iterator[Flow]:
    """All that are worth a try on T steps, the plainest first."""
    yield NOTHING_BACK
    yield from LOSSES
    yield _cut("step 1 to step 0", lambda T: 1)
    yield _cut("the last step to the one before it", lambda T: T - 1)
    for k in range(1, T - 1):
        yield _window(k)
    for k in range(2, min(T, LONGEST + 1)):
        yield _chunks(k, f"which begin at t = 0, {k}, ...", lambda T, k=k: np.arange(T) // k)
        yield _chunks(k, "counted from the last step", lambda T, k=k: -((T - 1 - np.arange(T)) // k))
        for offset in range(1, k):
            where = f"which begin at t = 0, {offset}, {offset + k}, ..."
            yield _chunks(k, where, lambda T, k=k, o=offset: (np.arange(T) - o) // k)


def _distance(T: int) -> Array:
    """s - t, how many steps the loss of step s flows back to reach step t: (T, T), at [t, s]."""
    return np.arange(T) - np.arange(T)[:, None]


def _same(group: Array) -> Array:
    """Errors stay within a group of steps."""
    return group[:, None] == group


def _window(k: int) -> Flow:
    steps = f"{k} step{'s' * (k > 1)}"
    return Flow(
        f"the error of every step flows back {steps} and no further",
        f"the backward pass is truncated after {steps}",
        lambda T: _distance(T) <= k,
    )


def _chunks(k: int, where: str, group: Callable[[int], Array]) -> Flow:
    return Flow(
        f"errors flow back within pieces of {k} steps and no further, {where}",
        f"the backward pass is truncated in pieces of {k} steps: look for a reset, detach or modulo there",
        lambda T: _same(group(T)),
    )


def _cut(where: str, at: Callable[[int], int]) -> Flow:
    return Flow(
        f"no error flows back from {where}",
        "look for a loop that ends or begins one step off, or a carry that is not there yet when it is read",
        lambda T: _same(np.arange(T) >= at(T)),
    )


def _of_losses(which: str, kept: Callable[[int], Array]) -> Iterator[Flow]:
    """Some steps' losses do not count: for the hidden layer alone, or for the output layer too."""
    yield Flow(
        f"only the loss of {which} reaches the hidden layer",
        "dL/dh_t is overwritten, = where += is meant, or never added at the other steps",
        lambda T: np.tile(kept(T), (T, 1)),
    )
    yield Flow(
        f"only the loss of {which} counts",
        "look for the index or slice of dL/dout, and for the range of the loop over the loss",
        lambda T: np.tile(kept(T), (T, 1)),
        kept,
    )


NOTHING_BACK = Flow(
    "no error flows back in time (every step hears of its own loss alone)",
    "the product of the next step's adjoint with the recurrent weight is missing, or read where it is still zero: "
    "look for an index t where t + 1 is meant, or a carry that is never updated",
    lambda T: _distance(T) == 0,
)
LOSSES = (
    *_of_losses("the last step", lambda T: np.arange(T) == T - 1),
    *_of_losses("step 0", lambda T: np.arange(T) == 0),
    *_of_losses("all steps but the last", lambda T: np.arange(T) < T - 1),
    *_of_losses("all steps but step 0", lambda T: np.arange(T) > 0),
)
