"""What a credit map shows. A pattern is a function from the map to what it says, or None where it does not fit; the
first that fits speaks, from the exact ones, which say what every cell would be, to those that say which are wrong.
"""

from collections.abc import Callable, Iterator

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
    for words, predicted in _moves(traced) if traced.steps > 1 and traced.found.any() else ():
        after = float(traced.off(predicted).max())
        if after <= traced.threshold:
            return Seen(
                f"the rows of {traced.input} {words}",
                f"The rows of {traced.input} are right, but {words}: look at the indices with which the input and the "
                "adjoint are paired, and under which index the backward loop stores what it finds.",
                tuple(range(traced.steps)),
                after,
            )
    return None


def _moves(traced: Traced) -> Iterator[tuple[str, Array]]:
    right, steps = traced.reference, np.arange(traced.steps)
    for k in sorted((k for k in range(1 - traced.steps, traced.steps) if k), key=abs):
        words, around = f"stand {counted(abs(k))} too {'early' if k > 0 else 'late'}", np.roll(right, -k, axis=1)
        yield words, around  # [s, t] becomes [s, t + k]
        yield words, around * ((steps + k >= 0) & (steps + k < traced.steps))[:, None]
    yield "are reversed in time", right[:, ::-1]


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
    identical, moved, own_product, saturated, cut, unsettled, acausal, local, carried,
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
