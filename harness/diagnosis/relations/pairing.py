"""Relations of a product to its factors: the wrong arrays are multiplied, or at the wrong steps."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..case import Case
from ..terms import left, summed
from ._relation import Array, Family, Predict, Relation

Pair = tuple[Array, Array]


@dataclass(frozen=True)
class Arrangement:
    """How left factors meet adjoints: in words, and the two (T, B, K) as they are multiplied."""

    words: str
    hint: str
    pair: Callable[[Array, Array], Pair]


_SHIFT = "look for an index or slice that is off by one in one of the two factors"
TOGETHER = Arrangement("", "", lambda a, d: (a, d))
SHIFTED = (
    Arrangement("of the step before", _SHIFT, lambda a, d: (a[1:], d[:-1])),
    Arrangement("of the step after", _SHIFT, lambda a, d: (a[:-1], d[1:])),
    Arrangement("of the step before, and the first with the last", _SHIFT, lambda a, d: (a, np.roll(d, 1, 0))),
    Arrangement("of the step after, and the last with the first", _SHIFT, lambda a, d: (a, np.roll(d, -1, 0))),
    Arrangement(
        "in reversed order of time",
        "one of the two is stored in the order of the backward loop",
        lambda a, d: (a[::-1], d),
    ),
)
LEFTS = {"x": "x_t", "h_prev": "h_(t-1)", "h": "h_t"}
OWN = "own"  # an adjoint that no step is left with: what its own loss gives h_t


def propose(case: Case, name: str) -> Iterator[Relation]:
    spec = case.problem.spec
    if name == "x":
        (own_adjoint,) = (adjoint for left, adjoint in spec.factors.values() if left == "x")
        yield from (_onto_x(taken, own_adjoint) for taken in adjoints(case) if taken != own_adjoint)
    if name not in spec.factors:
        return
    own_left, own_adjoint = spec.factors[name]
    shape = case.truth.named[name].shape
    lefts = LEFTS if own_left != "1" else ("1",)
    for which in (one for one in lefts if own_left == "1" or left(case, one).shape[-1] == shape[0]):
        for adjoint, array in adjoints(case).items():
            if array.shape[-1] != shape[-1]:
                continue
            own = (which, adjoint) == (own_left, own_adjoint)
            if not own:
                yield _with_others(name, (which, adjoint), (own_left, own_adjoint))
            many = own_left != "1" and case.problem.T * case.problem.B > 1
            for arrangement in SHIFTED if own and many else ():
                predicate = f"made of outer products with the adjoints {arrangement.words}"
                yield Relation(predicate, arrangement.hint, _product(None, arrangement))


def own_loss(case: Case) -> Array:
    """dL_t/dh_t: what each step's own loss alone gives its hidden state, (T, B, H)."""
    factors, truth = case.problem.spec.factors, case.truth
    (weight,) = (name for name, (left, _) in factors.items() if left == "h")
    return truth.adjoints["adjoint_out"] @ case.tensors.params[weight].T


def adjoints(case: Case) -> Mapping[str, Array]:
    return {**case.truth.adjoints, OWN: own_loss(case)}


def _with_others(name: str, taken: tuple[str, str], own: tuple[str, str]) -> Relation:
    wrong = [t for t, o in zip(taken, own, strict=True) if t != o]
    hint = (
        f"{_word(wrong[0])} stands where {_word(next(o for t, o in zip(taken, own, strict=True) if t != o))} is meant"
    )
    if taken[1] == "adjoint_h" and own[1] != "adjoint_h":
        hint = "the adjoint has not been multiplied with the slope of the nonlinearity"
    return Relation(
        f"the sum over t of {_formula(*taken)}, where {_formula(*own)} is meant", hint, _product(taken, TOGETHER)
    )


def _onto_x(taken: str, own: str) -> Relation:
    def predict(case: Case, name: str) -> Array | None:
        (weight,) = (weight for weight, (left, _) in case.problem.spec.factors.items() if left == "x")
        array, through = adjoints(case)[taken], case.tensors.params[weight]
        return array @ through.T if array.shape[-1] == through.shape[-1] else None

    hint = "look for a product with W.T that comes before the slope of the nonlinearity, or before what flows back"
    return Relation(f"carried to the input from {_word(taken)}, where {_word(own)} is meant", hint, predict)


def _word(factor: str) -> str:
    if factor == OWN:
        return "(dL_t/dh_t, what the own loss of step t gives h_t)"
    return LEFTS.get(factor, f"dL/d{factor.removeprefix('adjoint_')}_t")


def _formula(which: str, adjoint: str) -> str:
    return _word(adjoint) if which == "1" else f"outer({_word(which)}, {_word(adjoint)})"


def _product(taken: tuple[str, str] | None, arrangement: Arrangement) -> Predict:
    """The sum of products of these factors; of the gradient's own where none are given."""

    def predict(case: Case, name: str) -> Array | None:
        pair = taken or case.problem.spec.factors.get(name)
        if pair is None:
            return None
        a, d = arrangement.pair(left(case, pair[0]), adjoints(case)[pair[1]])
        return summed(a, d, weight=pair[0] != "1")

    return predict


FAMILY = Family(5, propose)
