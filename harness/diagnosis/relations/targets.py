"""Whole passes in which an output is compared with the target of another timestep."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ..case import Case, Reference
from ._relation import Array, Course


def courses(case: Case) -> Iterator[Course]:
    if case.problem.loss_on == "all":
        yield from (REVERSED, EARLIER, LATER)


def _against(what: str, hint: str, order: Callable[[Array], Array]) -> Course:
    """The pass with the targets in this order; the outputs, and so the forward pass, stay as they are."""

    def taken(case: Case, reference: Reference) -> Case:
        return replace(case, truth=reference(case.problem, replace(case.tensors, y=order(case.tensors.y))))

    return Course(f"each output is compared with the target of another timestep: {what}", hint, taken)


REVERSED = _against(
    "the targets run in the opposite order",
    "the steps go backward and the targets forward, or the other way round; look for reversed() or [::-1] on one of "
    "the two alone",
    lambda y: np.flip(y, 0),
)
EARLIER = _against(
    "that of the step before, and step 0 with the last",
    "the index of the target is off by one, y[t - 1] where y[t] is meant",
    lambda y: np.roll(y, 1, 0),
)
LATER = _against(
    "that of the step after, and the last step with step 0",
    "the index of the target is off by one, or its list is turned round once too often",
    lambda y: np.roll(y, -1, 0),
)
