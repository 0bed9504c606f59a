"""Relations of gate blocks: laid in another order, exchanged, interleaved, or some of them scaled, negated or zero."""

from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np

from ...errors import listed
from ..case import Case
from ._factor import Factor, matching
from ._relation import Array, Family, Predict, Relation, itself


def propose(case: Case, name: str) -> Iterator[Relation]:
    if gate_axis(case, name) is None:
        return
    gates = case.problem.spec.gates
    for order in permutations(range(len(gates))):
        if order != tuple(range(len(gates))):
            yield _reordered(gates, order)
    yield from INTERLEAVED
    yield from _partly(case, name)


def gate_axis(case: Case, name: str) -> int | None:
    """The axis along which gate blocks are laid."""
    axes = case.problem.spec.tensor(name).axes
    return next((k for k, axis in enumerate(axes) if axis.gates), None)


def gate_blocks(array: Array, axis: int, count: int) -> Array:
    """Gate blocks as an axis of their own, in front: (gates, ..., H); a view of the array."""
    return np.moveaxis(array.reshape(*array.shape[:axis], count, -1, *array.shape[axis + 1 :]), axis, 0)


def gates_off(case: Case, name: str) -> list[int]:
    """The gates whose blocks of a gradient are not what they are on this case; none where it has no gate blocks."""
    truth, axis, count = itself(case, name), gate_axis(case, name), len(case.problem.spec.gates)
    if truth is None or axis is None or case.given[name].shape != truth.shape:
        return []
    mine, right = (gate_blocks(array, axis, count) for array in (case.given[name], truth))
    within = case.threshold * case.noise.values[name]
    return [k for k in range(count) if not np.abs(mine[k] - right[k]).max() <= within]


def blocks_changed(change: Callable[[Array, Case], object]) -> Predict:
    """The truth with its blocks changed in place."""

    def predict(case: Case, name: str) -> Array | None:
        truth, axis = itself(case, name), gate_axis(case, name)
        if truth is None or axis is None:
            return None
        predicted = truth.copy()
        change(gate_blocks(predicted, axis, len(case.problem.spec.gates)), case)
        return predicted

    return predict


def _reordered(gates: tuple[str, ...], order: tuple[int, ...]) -> Relation:
    def change(blocks: Array, case: Case) -> None:
        blocks[:] = blocks[list(order)]

    moved = [gates[k] for k, place in enumerate(order) if k != place]
    if len(moved) == 2:
        predicate = f"right but for the blocks of gates {listed(moved, 'and')}, which are exchanged"
    else:
        predicate = f"right but for the order of its gate blocks, which is {', '.join(gates[k] for k in order)}"
    return Relation(predicate, f"the model's order is {', '.join(gates)}", blocks_changed(change))


def _interleaved(back: bool) -> Predict:
    def predict(case: Case, name: str) -> Array | None:
        truth, axis = itself(case, name), gate_axis(case, name)
        if truth is None or axis is None:
            return None
        count = len(case.problem.spec.gates)
        pair = (-1, count) if back else (count, -1)
        split = truth.reshape(*truth.shape[:axis], *pair, *truth.shape[axis + 1 :])
        return split.swapaxes(axis, axis + 1).reshape(truth.shape)

    return predict


_LAID = "look for a reshape to (H, gates) where (gates, H) is meant, or the other way round"
INTERLEAVED = (
    Relation("laid unit by unit, gates side by side, where gate blocks are meant", _LAID, _interleaved(False)),
    Relation("laid in gate blocks as if it had been laid unit by unit", _LAID, _interleaved(True)),
)


def _partly(case: Case, name: str) -> Iterator[Relation]:
    """Some blocks are right and all of the others off by one factor, or zero, or hold the block of another gate."""
    truth, axis, gates = itself(case, name), gate_axis(case, name), case.problem.spec.gates
    off = gates_off(case, name)
    if truth is None or axis is None or not off or len(off) == len(gates):
        return
    mine, right = (gate_blocks(array, axis, len(gates)) for array in (case.given[name], truth))
    if not mine[off].any():
        yield _scaled(gates, off, None)
    weight = float(np.vdot(right[off], right[off]))
    for factor in matching(float(np.vdot(right[off], mine[off])) / weight, case.problem) if weight else ():
        yield _scaled(gates, off, factor)
    if len(off) == 1:
        yield from (_copied(gates, off[0], other) for other in range(len(gates)) if other != off[0])


def _scaled(gates: tuple[str, ...], off: list[int], factor: Factor | None) -> Relation:
    def change(blocks: Array, case: Case) -> None:
        blocks[off] *= factor.value(case.problem) if factor else 0.0

    said, hint = (factor.predicate, factor.hint) if factor else ("zero", "that block is never written")
    return Relation(f"{right_but_for(gates, off)} {said}", hint, blocks_changed(change))


def right_but_for(gates: tuple[str, ...], off: list[int]) -> str:
    """The words in front of what a gradient is in these gates."""
    return f"right but for gate{'s' * (len(off) > 1)} {listed((gates[k] for k in off), 'and')}, where it is"


def _copied(gates: tuple[str, ...], to: int, source: int) -> Relation:
    def change(blocks: Array, case: Case) -> None:
        blocks[to] = blocks[source]

    return Relation(
        f"{right_but_for(gates, [to])} the block of gate {gates[source]}",
        "the wrong adjoint or the wrong slice stands there",
        blocks_changed(change),
    )


FAMILY = Family(2, propose)
