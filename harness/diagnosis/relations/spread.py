"""A gradient that is summed over an axis of its own, the sum standing in every entry: db += da.sum() for da.sum(0)."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ..case import Case
from ._relation import Array, Family, Relation, itself


def propose(case: Case, name: str) -> Iterator[Relation]:
    spec = case.problem.spec.tensor(name)
    lengths = [n // max(1, len(axis.gates)) for n, axis in zip(spec.shape(case.problem.sizes), spec.axes, strict=True)]
    long = [k for k, n in enumerate(lengths) if n > 1]
    for at in (some for n in range(1, len(long) + 1) for some in combinations(long, n)):
        along = " and ".join(spec.axes[k].name for k in at)
        yield _relation(f"its {along} axis", at, across=False)
        if any(spec.axes[k].gates for k in at):
            yield _relation(f"its {along} axis and all gates", at, across=True)


def _relation(along: str, at: tuple[int, ...], across: bool) -> Relation:
    """Summed over these axes, gate by gate or `across` the gates."""

    def predict(case: Case, name: str) -> Array | None:
        array = itself(case, name)
        if array is None:
            return None
        apart = _by_gates(array, [max(1, len(axis.gates)) for axis in case.problem.spec.tensor(name).axes])
        over = tuple(k for one in at for k in ((2 * one, 2 * one + 1) if across else (2 * one + 1,)))
        return np.broadcast_to(apart.sum(over, keepdims=True), apart.shape).reshape(array.shape)

    return Relation(
        f"summed over {along} too, with one and the same number in every entry",
        "look for a sum without an axis, or over an axis too many, that is added to a whole array",
        predict,
    )


def _by_gates(array: Array, gates: list[int]) -> Array:
    """Every axis as two: the gates, and the place within one."""
    return array.reshape(
        [n for length, count in zip(array.shape, gates, strict=True) for n in (count, length // count)]
    )


FAMILY = Family(2, propose)
