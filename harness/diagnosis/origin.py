"""Where it starts: the first quantity that is wrong, in the order in which they are computed, and its timestep.

Outputs come first, then the loss, dL/dout, and the adjoints from the last step down. Adjoints that the candidate does
not return are read off dW_xh (`decoding`). These findings say where, not why. Of their residuals `before` is that of
what is wrong, and `after` that of the rest: steps, gates and rows that are right down to the noise.
"""

from collections.abc import Sequence

import numpy as np

from ..errors import listed
from ..finding import Finding
from .case import Case, Inquiry
from .decoding import inside, is_are, made_of, off, said
from .origin_decoded import decoded, located
from .origin_loss import loss

Array = np.ndarray


def find(inquiry: Inquiry) -> tuple[Finding, ...]:
    """Where it starts: nothing but the forward pass where that differs, for nothing can be right behind it."""
    forward = _forward(inquiry.case)
    if forward:
        return (forward,)
    begins = _chain(inquiry.case) or decoded(inquiry)
    return tuple(found for found in (loss(inquiry), begins) if found)


def _forward(case: Case) -> Finding | None:
    """The outputs differ: from which step on."""
    if "outputs" not in case.wrong or "outputs" not in case.given:
        return None
    worst = off(case, "outputs").max((1, 2))
    first = int(np.flatnonzero(worst > case.threshold)[0])
    where = (
        "Since it differs from the very first step on, look at the equations of one step and at the initial state."
        if first == 0
        else f"Since {said(range(first), case.problem.T)} {is_are(range(first))} right, look at what a step "
        "takes over from the one before it."
    )
    sentence = (
        f"Your forward pass differs from step {first} on: the outputs are not those of the problem, and the gradients "
        f"cannot be right before they are. {where}"
    )
    return located(case, "outputs", "the forward pass differs", sentence, worst, whole=True)


# --- adjoints that the candidate returned -----------------------------------------------------------------------------


def _chain(case: Case) -> Finding | None:
    """The first wrong adjoint of those that the candidate returned: from the last step down, and at each step in the
    order of the chain.

    One behind which, at the same step, something of the chain is right is passed over: it is another quantity under
    the same name. So is all of one whose gradients are right.
    """
    chain = [spec.name for spec in case.problem.spec.chain]
    given = [name for name in chain if name in case.given]
    sound = [name for name in chain if made_of(case, name) - set(case.wrong)]
    doubted = chain[chain.index(sound[-1]) + 1 :] if sound else chain
    worst = {name: off(case, name).max((1, 2)) for name in given}
    for t in reversed(range(case.problem.T)):
        right = [name for name in given if worst[name][t] <= case.threshold]
        behind = given[given.index(right[-1]) + 1 :] if right else given
        name = next((name for name in behind if name in doubted), None)
        if name:
            return _link(case, name, t, right, worst[name])
    return None


def _link(case: Case, name: str, t: int, right: Sequence[str], worst: Array) -> Finding:
    """The finding that this adjoint, at this step, is the first that is wrong; `right` are those before it there."""
    spec, shown = case.problem.spec, case.shown[name]
    if name == spec.chain[0].name:
        look = "It needs no other step: look at the derivative of the loss."
    elif right and right[-1] == spec.chain[spec.chain.index(spec.tensor(name)) - 1].name:
        look = "What it is made of is right at that step: look at the line that computes it."
    elif t < case.problem.T - 1:
        look = f"The steps after it are right: look at what step {t + 1} hands back to step {t}."
    else:
        look = "Nothing flows back to the last step: look at what one step does alone."
    before = f"{listed([case.shown[n] for n in right], 'and')} {is_are(right)} right there. " if right else ""
    where = inside(case, off(case, name)[t] > case.threshold) if name in {s.name for s in spec.preactivations} else ""
    sentence = f"Going back from the last step, {shown} is first wrong at timestep {t}{where}. {before}{look}"
    return located(case, name, f"{shown} is first wrong at timestep {t}", sentence, worst)
