"""Relations of gate blocks: what a whole gradient can be to the true one, some of its blocks are, the others right."""

from collections.abc import Iterator

import numpy as np

from ..case import Case
from . import pairing, spread, steps
from ._relation import Array, Family, Predict, Relation, itself
from .gates import blocks_changed, gate_axis, gate_blocks, gates_off, right_but_for


def propose(case: Case, name: str) -> Iterator[Relation]:
    gates, off = case.problem.spec.gates, gates_off(case, name)
    if not off:
        return
    if len(case.problem.spec.tensor(name).axes) == 2:
        yield _transposed(gates, off)
    if len(off) == len(gates):
        return  # then it is a relation of the whole
    for family in (steps, pairing, spread):
        for one in family.propose(case, name):
            predicate = f"{right_but_for(gates, off)} {one.predicate}"
            yield Relation(predicate, one.hint, _in(off, one.predict), one.steps)


def _in(off: list[int], predict: Predict) -> Predict:
    """What is predicted in these blocks, the truth in the others."""

    def within(case: Case, name: str) -> Array | None:
        truth, other, axis = itself(case, name), predict(case, name), gate_axis(case, name)
        if truth is None or other is None or axis is None:
            return None
        made = truth.copy()
        blocks, wrong = (gate_blocks(array, axis, len(case.problem.spec.gates)) for array in (made, other))
        blocks[off] = wrong[off]
        return made

    return within


def _transposed(gates: tuple[str, ...], off: list[int]) -> Relation:
    def change(blocks: Array, case: Case) -> None:
        if blocks.shape[-1] == blocks.shape[-2]:
            blocks[off] = np.swapaxes(blocks[off], -1, -2)

    whole = len(off) == len(gates)
    return Relation(
        "transposed gate by gate" if whole else f"{right_but_for(gates, off)} transposed",
        "the operands of its outer products are exchanged, or a .T is missing or too many",
        blocks_changed(change),
    )


FAMILY = Family(6, propose)
