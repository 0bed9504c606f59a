"""Relations of a gradient of a wrong shape: summed over other axes than it should be.

Such an array cannot be brought to the canonical layout. A case is `viewed` with it in the place of a gradient, in the
candidate's own layout and without axes of length 1; these relations predict it in that form.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import combinations
from math import prod

import numpy as np

from ...arrays import is_real_float
from ...errors import listed
from ...layout import Placement
from ..case import Case
from ..terms import factors, terms
from ._relation import Array, Relation


def viewed(case: Case, names: Collection[str]) -> Case:
    """The case with these gradients as the candidate returned them, without axes of length 1."""
    given = dict(case.given)
    for name in names:
        array = _place(case, name).native(case.given[name]) if name in case.given else case.odd.get(name)
        if array is not None and is_real_float(array.dtype):
            given[name] = array.astype(np.float64).squeeze()
    return replace(case, given=given)


def propose(case: Case, name: str) -> Iterator[Relation]:
    spec = case.problem.spec.tensor(name)
    if name in case.problem.spec.factors:
        axes = ["time", "batch", *(axis.name for axis in spec.axes)]
        lengths = (case.problem.T, case.problem.B, *spec.shape(case.problem.sizes))
        for at in (some for n in range(len(axes) + 1) for some in combinations(range(len(axes)), n)):
            left = prod(length for k, length in enumerate(lengths) if k not in at)
            if at != (0, 1) and left == case.given[name].size:  # all terms apart are many: only where the size is right
                yield _summed(axes, at)
    else:
        axes = [axis.name for axis in spec.axes]
        yield from (_collapsed(axes, at) for n in range(1, len(axes) + 1) for at in combinations(range(len(axes)), n))


def _place(case: Case, name: str) -> Placement:
    return case.layout.place(case.problem.spec.tensor(name), case.problem.spec)[0]


def _aligned(case: Case, name: str, array: Array) -> Array:
    """Squeezed, and with its axes exchanged where only so it has the shape that is given."""
    array, given = array.squeeze(), case.given[name]
    return array.T if array.shape != given.shape == array.T.shape else array


def _summed(axes: list[str], at: tuple[int, ...]) -> Relation:
    """The terms summed over these axes, counted on (T, B, *canonical shape)."""

    def predict(case: Case, name: str) -> Array | None:
        if factors(case, name) is None:
            return None
        place, apart = _place(case, name), terms(case, name)
        order = np.argsort(place.order)  # the native axis of every canonical one
        native = np.stack([[place.native(term) for term in row] for row in apart])
        over = tuple(k if k < 2 else 2 + int(order[k - 2]) for k in at)
        return _aligned(case, name, native.sum(over) if over else native)

    over = listed((axes[k] for k in at), "and") if at else "nothing"
    return Relation(
        f"summed over {over}, where it is to be summed over time and batch",
        "look for the axis of a sum, or for a sum that is missing",
        predict,
    )


def _collapsed(axes: list[str], at: tuple[int, ...]) -> Relation:
    """A gradient with axes of its own, such as h0, summed over some of them."""

    def predict(case: Case, name: str) -> Array:
        place = _place(case, name)
        over = tuple(int(np.argsort(place.order)[k]) for k in at)
        return _aligned(case, name, place.native(case.truth.named[name]).sum(over))

    predicate = f"summed over its {listed((axes[k] for k in at), 'and')} axis, which should be kept"
    return Relation(predicate, "look for a sum that is one too many", predict)
