"""A gradient with a multiple of the value itself in it: weight decay, room that is not fresh, a step of descent."""

from collections.abc import Iterator
from math import prod

import numpy as np

from ..case import Case
from ._relation import Array, Family, Relation, itself

DIGITS = 6  # of a number that someone wrote


def propose(case: Case, name: str) -> Iterator[Relation]:
    truth, value, given = itself(case, name), value_of(case, name), case.given[name]
    if truth is None or value is None or given.shape != truth.shape or truth.size < 3 or not value.any():
        return
    both = np.stack([truth.ravel(), value.ravel()], 1)
    if not np.isfinite(given).all() or np.linalg.matrix_rank(both) < 2:
        return
    times, by = np.linalg.lstsq(both, given.ravel(), rcond=None)[0].tolist()
    for sizes in ("", "T", "B", "TB"):
        short = _short(times), _short(by / _times(sizes, case))
        if short[1] and (short[0] in (1.0, 0.0) or (short[1] == 1.0 and not sizes)):
            yield _mixed(*short, sizes)


def _times(sizes: str, case: Case) -> int:
    return prod(case.problem.sizes[letter] for letter in sizes)


def _short(number: float) -> float:
    """A number with few digits."""
    return round(float(f"{number:.{DIGITS}g}"), 9)


def value_of(case: Case, name: str) -> Array | None:
    """What the gradient is of: a weight, a bias, x, an initial state."""
    tensors = case.tensors
    return {**tensors.params, **tensors.states, "x": tensors.x}.get(name)


def _mixed(times: float, by: float, sizes: str) -> Relation:
    def predict(case: Case, name: str) -> Array | None:
        truth, value = itself(case, name), value_of(case, name)
        return None if truth is None or value is None else times * truth + by * _times(sizes, case) * value

    said = " * ".join([*([f"{by:g}"] if by != 1.0 or not sizes else []), *sizes])
    value = "the value itself" if said == "1" else f"{said} times the value itself"
    if times == 1.0:
        hint = "look for weight decay, an L2 penalty that the loss does not have"
        if by == 1.0:
            hint = "look for a gradient that is added up in the array of the value, where one of zeros is meant"
        return Relation(f"off by {value}, which is added", hint, predict)
    if times == 0.0:
        return Relation(f"no gradient, but {value}", "look for the name of what is returned", predict)
    return Relation(
        f"no gradient, but the value after a step of {times:g} times the gradient",
        "the weights are updated in the place where the gradients are returned",
        predict,
    )


FAMILY = Family(3, propose)
