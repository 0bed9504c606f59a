"""Relations of one array to itself: axes exchanged, units in another order, memory read in another order."""

from collections.abc import Callable, Iterator

import numpy as np

from ...models import TIME, Axis
from ..case import Case
from ._relation import Array, Family, Relation, itself


def propose(case: Case, name: str) -> Iterator[Relation]:
    axes = case.problem.spec.tensor(name).axes
    if len(axes) >= 2:
        yield from OF_TWO_AXES
    for k, axis in enumerate(axes):
        words = _words(axis, k, axes)
        yield _relation(f"reversed {words}", _hint(axis), lambda a, k=k: np.flip(a, k))
        for by, way in ((1, "later" if axis == TIME else "up"), (-1, "earlier" if axis == TIME else "down")):
            yield _relation(f"rolled one {way} {words}", _hint(axis), lambda a, k=k, by=by: np.roll(a, by, k))
            if axis == TIME:
                predicate = f"one timestep too {'late' if by > 0 else 'early'}, zero where nothing is left"
                yield _relation(predicate, _hint(axis), lambda a, k=k, by=by: _shifted(a, k, by))
    if len(axes) == 2 and axes[0] != TIME:
        yield _relation("reversed along both of its axes", "units are counted from the end", lambda a: a[::-1, ::-1])


def _relation(predicate: str, hint: str, change: Callable[[Array], Array]) -> Relation:
    """The truth changed, as long as its shape stays."""

    def predict(case: Case, name: str) -> Array | None:
        array = itself(case, name)
        if array is None:
            return None
        try:
            changed = change(array)
        except ValueError:  # an axis too few
            return None
        return changed if changed.shape == array.shape else None

    return Relation(predicate, hint, predict)


def _words(axis: Axis, k: int, axes: tuple[Axis, ...]) -> str:
    if axis == TIME:
        return "in time"
    if sum(one.name == axis.name for one in axes) > 1:
        return f"along its {'first' if k == 0 else 'last'} axis ({axis.name})"
    return f"along its {axis.name} axis"


def _hint(axis: Axis) -> str:
    if axis == TIME:
        return "look for an index t + 1 or t - 1 where t is meant, a list that is filled backward, or a stray [::-1]"
    return f"the {axis.name} index is counted from the wrong end, or off by one"


def _shifted(array: Array, axis: int, by: int) -> Array:
    moved = np.roll(array, by, axis)
    np.moveaxis(moved, axis, 0)[0 if by > 0 else -1] = 0
    return moved


def _through(array: Array, order: tuple[int, ...]) -> Array:
    """The transpose's memory read as the array's own shape."""
    return array.transpose(order).reshape(array.shape)


def _back(array: Array, order: tuple[int, ...]) -> Array:
    """The array's memory read as the transpose's shape, and transposed."""
    back = np.argsort(order)
    return array.reshape([array.shape[k] for k in order]).transpose(back)


def _ends(array: Array) -> tuple[int, ...]:
    """The order that exchanges a weight's two axes, or the two axes in front of x."""
    return (1, 0, *range(2, array.ndim))


_RESHAPED = "reshape where transpose is meant: it keeps the order in memory, not the axes"

OF_TWO_AXES = (
    _relation(
        "transposed",
        "the operands of its outer product are exchanged, or a .T is missing or too many",
        lambda a: a.swapaxes(-1, -2),
    ),
    _relation("scrambled in memory order, its transpose reshaped", _RESHAPED, lambda a: _through(a, _ends(a))),
    _relation("scrambled in memory order, reshaped and then transposed", _RESHAPED, lambda a: _back(a, _ends(a))),
    _relation("its diagonal alone", "an elementwise product where a matrix product is meant", lambda a: _diagonal(a)),
)


def _diagonal(array: Array) -> Array:
    return np.diag(np.diag(array)) if array.ndim == 2 else array


FAMILY = Family(1, propose)
