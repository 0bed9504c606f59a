"""Whole passes in which a timestep is given what belongs to another: its target, or what the hidden state hears of its
error."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..case import Case, Reference
from ..terms import pushed
from ._relation import Array, Course, otherwise
from .pairing import own_loss

_ENDS = "a list is filled in one direction and read in the other: look for reversed(), [::-1], pop or append"
_SHIFT = "an index is off by one, t - 1 or t + 1 where t is meant, or a list is turned round once too often"


@dataclass(frozen=True)
class Order:
    """Of which step each one has what it has: in words, what to look for, and an array, time in front, so ordered."""

    words: str
    hint: str
    of: Callable[[Array], Array]


ORDERS = (
    Order("they run in reversed order", _ENDS, lambda a: np.flip(a, 0)),
    Order("that of the step before, and step 0 with the last", _SHIFT, lambda a: np.roll(a, 1, 0)),
    Order("that of the step after, and the last step with step 0", _SHIFT, lambda a: np.roll(a, -1, 0)),
)


def courses(case: Case) -> Iterator[Course]:
    if case.problem.loss_on == "all" and case.problem.T > 1:
        yield from (_against(order) for order in ORDERS)
        yield from (_hearing(order) for order in ORDERS)


def _against(order: Order) -> Course:
    """The pass with the targets in this order; the outputs, and so the forward pass, stay as they are."""

    def taken(case: Case, reference: Reference) -> Case:
        return replace(case, truth=reference(case.problem, replace(case.tensors, y=order.of(case.tensors.y))))

    return Course(f"each output is compared with the target of another timestep: {order.words}", order.hint, taken)


def _hearing(order: Order) -> Course:
    """The hidden layer gets the errors in this order, through the output's weight, whose own gradient is right."""

    def taken(case: Case, reference: Reference) -> Case:
        found = pushed(case, reference, order.of(own_loss(case)))
        return otherwise(case, found.named, found.adjoints)

    return Course(f"each hidden state hears of the error of another timestep: {order.words}", order.hint, taken)
