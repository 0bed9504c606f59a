"""Relations of one array to itself: transposed, or turned round in time."""

from collections.abc import Callable, Iterator

import numpy as np

from ...models import TIME
from ..case import Case
from ._relation import Array, Family, Relation, itself


def propose(case: Case, name: str) -> Iterator[Relation]:
    axes = case.problem.spec.tensor(name).axes
    if TIME in axes:
        yield REVERSED
    elif len(axes) == 2:
        yield TRANSPOSED


def _changed(change: Callable[[Array], Array]) -> Callable[[Case, str], Array | None]:
    def predict(case: Case, name: str) -> Array | None:
        array = itself(case, name)
        return None if array is None else change(array)

    return predict


REVERSED = Relation(
    "reversed in time",
    "look for a list that is filled backward, or a stray [::-1]",
    _changed(lambda array: np.flip(array, 0)),
)
TRANSPOSED = Relation(
    "transposed",
    "the operands of its outer product are exchanged, or a .T is missing or too many",
    _changed(lambda array: array.T),
)
FAMILY = Family(1, propose)
