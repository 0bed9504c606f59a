"""Relations of gate blocks: laid in another order, or something else in some of them and the others right."""

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from ...errors import listed
from ..case import Case
from . import steps
from ._factor import matching
from ._relation import Array, Family, Predict, Relation, itself
from .nothing import ZERO


def propose(case: Case, name: str) -> Iterator[Relation]:
    gates, off = case.problem.spec.gates, _off(case, name)
    if not off:
        return
    for order in permutations(range(len(gates))):
        if order != tuple(range(len(gates))):
            yield _reordered(gates, order)
    if len(off) == len(gates):
        return  # then it is a relation of the whole
    right = f"right but for gate{'s' * (len(off) > 1)} {listed((gates[k] for k in off), 'and')}, where it is"
    for one in (ZERO, *_scaled(case, name, off), *_copied(gates, off), *steps.propose(case, name)):
        yield Relation(f"{right} {one.predicate}", one.hint, _in(off, one.predict), one.steps)


def _blocks(case: Case, name: str, array: Array) -> Array | None:
    """Gate blocks as an axis of their own, in front: (gates, ..., H), a view; None where the gradient has none."""
    axis = next((k for k, axis in enumerate(case.problem.spec.tensor(name).axes) if axis.gates), None)
    if axis is None:
        return None
    count = len(case.problem.spec.gates)
    return np.moveaxis(array.reshape(*array.shape[:axis], count, -1, *array.shape[axis + 1 :]), axis, 0)


def _off(case: Case, name: str) -> list[int]:
    """The gates whose blocks of a gradient are not what they are on this case; none where it has no gate blocks."""
    truth, given = itself(case, name), case.given[name]
    if truth is None or given.shape != truth.shape:
        return []
    apart = _blocks(case, name, np.abs(given - truth))
    within = case.threshold * case.noise.values[name]
    return [] if apart is None else [k for k, block in enumerate(apart) if not block.max() <= within]


def _in(off: list[int], predict: Predict) -> Predict:
    """What is predicted in these blocks, the truth in the others."""

    def within(case: Case, name: str) -> Array | None:
        truth, other = itself(case, name), predict(case, name)
        if truth is None or other is None:
            return None
        made = truth.copy()
        blocks, wrong = _blocks(case, name, made), _blocks(case, name, other)
        if blocks is None or wrong is None:
            return None
        blocks[off] = wrong[off]
        return made

    return within


def _reordered(gates: tuple[str, ...], order: tuple[int, ...]) -> Relation:
    moved = [gates[k] for k, place in enumerate(order) if k != place]
    if len(moved) == 2:
        predicate = f"right but for the blocks of gates {listed(moved, 'and')}, which are exchanged"
    else:
        predicate = f"right but for the order of its gate blocks, which is {', '.join(gates[k] for k in order)}"
    return Relation(predicate, f"the model's order is {', '.join(gates)}", _taken_from(order))


def _taken_from(order: tuple[int, ...]) -> Predict:
    """The truth with, in each block, that of another gate."""

    def predict(case: Case, name: str) -> Array | None:
        truth = itself(case, name)
        made = None if truth is None else truth.copy()
        blocks = None if made is None else _blocks(case, name, made)
        if blocks is not None:
            blocks[:] = blocks[list(order)]
        return made

    return predict


def _scaled(case: Case, name: str, off: list[int]) -> Iterator[Relation]:
    given, right = _blocks(case, name, case.given[name]), _blocks(case, name, case.truth.named[name])
    if given is None or right is None or not (weight := float(np.vdot(right[off], right[off]))):
        return
    for factor in matching(float(np.vdot(right[off], given[off])) / weight, case.problem):
        yield Relation(
            factor.predicate, factor.hint, lambda one, n, f=factor: f.value(one.problem) * one.truth.named[n]
        )


def _copied(gates: tuple[str, ...], off: list[int]) -> Iterator[Relation]:
    for k, gate in enumerate(gates):
        if len(off) == 1 and k not in off:
            hint = "the wrong adjoint or the wrong slice stands there"
            yield Relation(f"the block of gate {gate}", hint, _taken_from((k,) * len(gates)))


FAMILY = Family(2, propose)
