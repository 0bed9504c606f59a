"""What a credit map shows. A pattern is a function from the map to what it says, or None where it does not fit; the
first that fits speaks, from the exact ones, which say what every cell would be, to those that say which are wrong.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from ..errors import listed
from .credit_missing import cut
from .credit_traced import Seen, Traced, counted, flagged
from .decoding import blocks, counted_out, is_are, said, vouched, wrong_before

Array = np.ndarray


def read(traced: Traced) -> Seen:
    """What the map shows."""
    return next(seen for pattern in PATTERNS if (seen := pattern(traced)))


def identical(traced: Traced) -> Seen | None:
    if not traced.right.all():
        return None
    return Seen("", f"On {counted(traced.steps)} every loss reaches every step as it should.", claimed=False)


def saturated(traced: Traced) -> Seen | None:
    """A softmax that is certain confines the cross-entropy (`credit.confined`), and hides faults of its derivative."""
    return None if traced.case.problem.loss == "mse" else unsettled(traced)


# --- exact: what every cell would be ---------------------------------------------------------------------------------


def moved(traced: Traced) -> Seen | None:
    """Right adjoints at the wrong step: shifted, with or without wrapping round, or in reversed order."""
    if traced.steps < 2 or not traced.found.any():
        return None
    for k in sorted((k for k in range(1 - traced.steps, traced.steps) if k), key=abs):
        around = np.roll(traced.reference, -k, axis=1)  # [s, t] becomes [s, t + k]
        inside = (np.arange(traced.steps) + k >= 0) & (np.arange(traced.steps) + k < traced.steps)
        for predicted in (around, around * inside[:, None]):
            after = float(traced.off(predicted).max())
            if after <= traced.threshold:
                return _shifted(traced, k, after)
    after = float(traced.off(traced.reference[:, ::-1]).max())
    if after > traced.threshold:
        return None
    return Seen(
        f"the rows of {traced.input} are reversed in time",
        f"The rows of {traced.input} are right, but in reversed order: the first step has the last one's. If adjoints "
        "are collected while going backwards, turn them round before they meet the inputs.",
        tuple(range(traced.steps)),
        after,
    )


def _shifted(traced: Traced, k: int, after: float) -> Seen:
    of, way = (f"t {'+' if k > 0 else '-'} {abs(k)}", "early" if k > 0 else "late")
    return Seen(
        f"the rows of {traced.input} stand {counted(abs(k))} too {way}",
        f"The rows of {traced.input} are right, but stand {counted(abs(k))} too {way}: what belongs to step {of} meets "
        "the input of step t. Look at the indices with which the input and the adjoint are paired, and under which "
        "index the backward loop stores what it finds.",
        tuple(range(traced.steps)),
        after,
    )


def own_product(traced: Traced) -> Seen | None:
    """The adjoints are right, and W_xh is made of them wrongly: then its rows show none."""
    right = vouched(traced.case)
    if not right:
        return None
    return Seen(
        "",
        f"Nothing can be read off the credit map: {listed(right, 'and')} {is_are(right)} right and made of the same "
        f"adjoints, so that the fault is in how {traced.input} is made of them.",
        claimed=False,
    )


def scaled(traced: Traced) -> Seen | None:
    """All of it a number times what it should be; a number near 0 is left to `cut`."""
    right, given = traced.reference.ravel(), traced.candidate.ravel()
    if not traced.there.any():
        return None
    factor = float(right @ given / (right @ right))
    after = float(traced.off(factor * traced.reference).max())
    if after > traced.threshold or not traced.found.any():
        return None
    near = Fraction(factor).limit_denominator(100)
    shown = str(near) if abs(float(near) - factor) <= 1e-5 * abs(factor) else f"{factor:.4g}"
    what = "every adjoint has the wrong sign" if near == -1 else f"every adjoint is {shown} times what it should be"
    return Seen(
        what,
        f"The credit map has the right shape, but {what}, whichever step the loss stands on: look at the derivative of "
        "the loss, or at what the gradients are divided by at the end.",
        after=after,
    )


# --- which cells are wrong: `after` is the residual of those that are right -------------------------------------------


def unsettled(traced: Traced) -> Seen | None:
    """The fault begins before anything that the map shows."""
    wrong = wrong_before(traced.case)
    if not wrong:
        return None
    return Seen(
        "",
        f"Nothing can be read off the credit map yet: {listed(wrong, 'and')} {is_are(wrong)} "
        "wrong already, before anything flows back in time.",
        claimed=False,
    )


def one_step(traced: Traced) -> Seen | None:
    """The wrong cells are all there is of a few steps, or of the losses of a few steps; the others are right."""
    wrong = ~traced.right
    for axis, what, look in (
        (0, "the adjoint of {} is wrong", "the bounds of the backward loop, and what that step does differently"),
        (1, "the loss of {} is sent back wrongly", "what the backward loop starts from, and dL/dout at that step"),
    ):
        lines = np.any(wrong, axis=axis, keepdims=True)
        if lines.sum() * 2 <= traced.steps and not (traced.there & lines & ~wrong).any():
            says = what.format(said(flagged(lines.ravel()), traced.steps))
            rest = "whichever step the loss stands on" if axis == 0 else "for every step that it reaches"
            sentence = f"In the credit map {says}, {rest}, and everything else is right: look at {look}."
            return Seen(says, sentence, flagged(wrong.any(0)), _right_ones(traced))
    return None


def acausal(traced: Traced) -> Seen | None:
    """Above the diagonal stands what cannot be: a step after the loss hears of it."""
    ahead = traced.found & (traced.steps_back < 0)
    if not ahead.any():
        return None
    steps = flagged(ahead.any(0))
    s, t = (int(k) for k in np.argwhere(ahead)[0])
    forwards = not (traced.found & (traced.steps_back > 0)).any()
    way = (
        "Nothing reaches the steps before: the backward loop runs forwards in time; it has to go from the last step to "
        "the first."
        if forwards
        else "Look at which step's target each output is compared with, at the index at which the carried gradient is "
        "stored or added (a negative index wraps round to the last step), and whether it is set to zero before the "
        "backward loop."
    )
    what = "the backward loop runs forwards" if forwards else "a step's target reaches steps after it"
    cannot = f"What the target of step {s} changes reaches step {t}, which comes after it and has no part in its loss."
    return Seen(what, f"{cannot} {way}", steps, _right_ones(traced))


def delayed(traced: Traced) -> Seen | None:
    """The diagonal is empty, and what is below it is not: a loss enters steps before its own."""
    own = traced.steps_back == 0
    if (traced.found & own).any() or not (traced.there & own).any() or not traced.found.any():
        return None
    k = int(traced.steps_back[traced.found].min())
    return Seen(
        f"a loss enters {counted(k)} too early",
        f"The loss of a step does not reach that step, only those at least {counted(k)} before it: the gradient of the "
        "output is added at the wrong index of the backward loop.",
        flagged((~traced.right).any(0)),
        _right_ones(traced),
    )


def local(traced: Traced) -> Seen | None:
    """The diagonal is wrong: what one step does alone, without anything carried."""
    own = np.diag(~traced.right)
    if not own.any():
        return None
    which, gates = said(flagged(own), traced.steps), _gates(traced, 0)
    of = f" of {counted_out('gate', gates)}" if gates else ""
    others = " and in which gate's block the result is stored; the other gates are right" if gates else ""
    return Seen(
        f"a step's own adjoint{of} is wrong",
        f"The diagonal of the credit map is wrong at {which}: a step's own loss gives a wrong adjoint{of}, before "
        "anything is carried back in time. Look at the derivative of the nonlinearity, at which step's values it "
        f"takes{others}.",
        flagged(own),
        _right_ones(traced),
    )


def carried(traced: Traced) -> Seen:
    """The diagonal is right, and below it something is wrong."""
    wrong, back = ~traced.right, traced.steps_back
    k = int(back[wrong].min())
    near = traced.there & (back == k)
    astray = not (traced.found & near).any() and (traced.found & (back > k)).any()
    gates = _gates(traced, k)
    if astray:
        what = "the carried gradient goes to the wrong step"
        look = (
            f"Nothing arrives {counted(k)} back, yet something does further back: the carried gradient is added or "
            "stored at the wrong step."
        )
    elif k == 1:
        what = "what flows back in time is wrong"
        look = (
            "There is a path back, but it is computed wrongly: look at what takes the adjoint of a step back to the "
            f"state before it, the product with {traced.recurrent}.T, and at every other term that carries over."
        )
    else:
        what = f"what flows back is wrong from {counted(k)} on"
        look = (
            "A single step back is right: look at what is carried over several, whether it is handed on whole, and at "
            "what is added to it on the way."
        )
    of = f" in {counted_out('gate', gates)}" if gates else ""
    return Seen(
        what,
        f"Each loss reaches its own step rightly (the diagonal of the credit map), but is wrong{of} from {counted(k)} "
        f"back on. {look}",
        flagged(wrong.any(0)),
        _right_ones(traced),
    )


PATTERNS: tuple[Callable[[Traced], Seen | None], ...] = (
    identical, moved, own_product, saturated, scaled, cut, one_step, unsettled, acausal, delayed, local, carried,
)  # fmt: skip


def _gates(traced: Traced, k: int) -> list[str]:
    """The gates that are wrong k steps back of a loss, where others are right there."""
    cells = (traced.steps_back == k) & ~traced.right
    given = blocks(traced.case, traced.candidate)
    right = blocks(traced.case, traced.reference)
    allowed = traced.threshold * traced.noise[:, None, None]
    wrong = [gate for gate in given if (np.abs(given[gate] - right[gate]) > allowed)[cells].any()]
    return wrong if len(wrong) < len(given) else []


def _right_ones(traced: Traced) -> float:
    off = traced.off(traced.reference)[traced.right]
    return float(off.max()) if off.size else float("inf")
