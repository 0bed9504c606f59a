"""Where it starts: the first quantity that is wrong, in the order in which they are computed, and its timestep.

Outputs come first, then the loss, dL/dout, and the adjoints from the last step down. Adjoints that the candidate does
not return are read off dW_xh (`decoding`). These findings say where, not why. Of their residuals `before` is that of
what is wrong, and `after` that of the rest: steps, gates and rows that are right down to the noise.
"""

import numpy as np

from ..errors import listed
from ..finding import Finding
from ..noise import THRESHOLD
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
    first = int(np.flatnonzero(worst > THRESHOLD)[0])
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
    """The first adjoint of the chain that is wrong, of those that the candidate returned.

    One behind which something of the chain is right is passed over: it is another quantity under the same name.
    """
    names = [spec.name for spec in case.problem.spec.chain]
    right = [n for n in names if (({n} & set(case.given)) | made_of(case, n)) - set(case.wrong)]
    behind = names[names.index(right[-1]) + 1 :] if right else names
    name = next((n for n in behind if n in case.wrong and n in case.given), None)
    if name is None:
        return None
    worst = off(case, name).max((1, 2))
    first = int(np.flatnonzero(worst > THRESHOLD)[-1])
    shown, last = case.shown[name], case.problem.T - 1
    before = f"{listed([case.shown[n] for n in right], 'and')} {is_are(right)} right. " if right else ""
    if name == names[0]:
        look = "It needs no other step: look at the derivative of the loss."
    elif first < last:
        look = f"The steps after it are right: look at what step {first + 1} hands back to step {first}."
    else:
        look = "Nothing flows back to the last step: look at what one step does alone."
    gated = name in {spec.name for spec in case.problem.spec.preactivations}
    where = inside(case, off(case, name)[first] > THRESHOLD) if gated else ""
    sentence = f"{before}Going back from the last step, {shown} is first wrong at timestep {first}{where}. {look}"
    return located(case, name, f"{shown} is first wrong at timestep {first}", sentence, worst)
