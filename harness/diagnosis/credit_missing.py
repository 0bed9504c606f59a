"""Credit maps in which all that is wrong is missing: the path back ends too early, or steps or losses are left out."""

from collections.abc import Callable

import numpy as np

from ..errors import listed
from .credit_traced import Seen, Traced, counted, flagged
from .decoding import said

Array = np.ndarray


def cut(traced: Traced) -> Seen | None:
    """All that is wrong is missing: the path back ends too early, or some steps or losses are left out."""
    missing = traced.there & ~traced.found
    predicted = np.where(missing[..., None], 0.0, traced.reference)
    after = float(traced.off(predicted).max())
    if after > traced.threshold or not missing.any():
        return None
    steps = flagged(missing.any(0))
    return next(Seen(*words, steps, after) for ending in ENDINGS if (words := ending(traced, missing)))


def _nothing_at_all(traced: Traced, missing: Array) -> tuple[str, str] | None:
    if traced.found.any():
        return None
    return "every adjoint is zero", (
        "The credit map is empty: no loss reaches any step. The gradient is lost between the outputs and the hidden "
        "layer; look at what goes back through the output weights, and whether it is stored."
    )


def _reach(traced: Traced, missing: Array) -> tuple[str, str] | None:
    """Everything further back than a number of steps is missing, and nothing nearer."""
    back = traced.steps_back
    k = int(back[missing].min()) - 1
    if k < 0 or not np.array_equal(missing, traced.there & (back > k)):
        return None
    if k == 0:
        return "nothing flows back in time", (
            "The credit map is the diagonal alone: a step's loss reaches that step and none before it. Nothing flows "
            "back in time, so the last step alone is right. What step t + 1 hands on, its adjoint times "
            f"{traced.recurrent}.T in a simple network, never arrives at step t: look for a carried gradient that is "
            "not added, is added to another array, or is read at an index that is still zero."
        )
    return f"truncated after {counted(k)}", (
        f"A loss reaches {counted(k)} back in time and stops there: backpropagation is truncated. Look for a window, a "
        "slice or a condition on the number of steps in the backward loop."
    )


def _skipped(traced: Traced, missing: Array) -> tuple[str, str] | None:
    """Whole columns: steps whose adjoint is zero whatever the loss."""
    lost = (missing | ~traced.there).all(0) & traced.there.any(0)
    if not np.array_equal(missing, traced.there & lost):
        return None
    which = said(flagged(lost), traced.steps)
    return f"{which} left out", (
        f"The adjoint of {which} is zero whichever step the loss stands on, and all others are right: the backward "
        "loop leaves it out, or what it finds there is not stored. Look at the bounds of the loop."
    )


def _unheard(traced: Traced, missing: Array) -> tuple[str, str] | None:
    """Whole rows: losses that reach no step."""
    lost = np.all(missing | ~traced.there, axis=1, keepdims=True) & np.any(traced.there, axis=1, keepdims=True)
    if not np.array_equal(missing, traced.there & lost):
        return None
    which = said(flagged(lost.ravel()), traced.steps)
    return f"the loss of {which} is not sent back", (
        f"The loss of {which} reaches no step, and all other losses go where they should: dL/dout of it is left out. "
        "Look at where the gradient of the output enters the backward loop, and at what the loop starts from."
    )


def _broken(traced: Traced, missing: Array) -> tuple[str, str] | None:
    """The path is broken between some neighbours, and whole everywhere else."""
    breaks = [t for t in range(traced.steps - 1) if missing[t + 1, t]]
    crossed = np.zeros_like(missing)
    for t in breaks:
        crossed[t + 1 :, : t + 1] = True
    if not breaks or not np.array_equal(missing, traced.there & crossed):
        return None
    where = listed([f"from {t + 1} to {t}" for t in breaks], "and")
    return f"nothing flows back {where}", (
        f"Nothing flows back from one step to the one before it {where}, while the rest of the path is right: look for "
        "a condition, a chunk or a reset of the carried gradient there."
    )


def _holes(traced: Traced, missing: Array) -> tuple[str, str]:
    steps = said(flagged(missing.any(0)), traced.steps)
    return f"some losses do not reach {steps}", (
        f"What is in the credit map is right, but some losses do not reach {steps}. Look at the conditions and the "
        "bounds in the backward loop."
    )


Ending = Callable[[Traced, Array], tuple[str, str] | None]
ENDINGS: tuple[Ending, ...] = (_nothing_at_all, _reach, _skipped, _unheard, _broken, _holes)
