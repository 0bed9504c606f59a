"""Relations of what is carried on to x and the initial state: through the right weight, but from the wrong adjoint."""

from collections.abc import Iterator

from ..case import Case
from ._relation import Array, Family, Predict, Relation


def propose(case: Case, name: str) -> Iterator[Relation]:
    spec = case.problem.spec
    if name == "x":
        if not spec.gates:  # with gates, dL/dh_t has another width than what the weight of x is multiplied with
            yield from OF_X
    elif name == spec.states[0].name and case.problem.T > 1:
        yield LATE


def own(case: Case) -> Array:
    """dL_t/dh_t: what each step's own loss alone gives its hidden state, (T, B, H)."""
    factors, truth = case.problem.spec.factors, case.truth
    (weight,) = (name for name, (left, _) in factors.items() if left == "h")
    return truth.adjoints["adjoint_out"] @ case.tensors.params[weight].T


def onto_x(case: Case, adjoint: Array) -> Array:
    (weight,) = (name for name, (left, _) in case.problem.spec.factors.items() if left == "x")
    return adjoint @ case.tensors.params[weight].T


def _of_x(which: str, hint: str, predict: Predict) -> Relation:
    meant = "where the adjoint of the pre-activation is meant"
    return Relation(f"carried to the input from {which}, {meant}", hint, predict)


OF_X = (
    _of_x(
        "dL/dh_t",
        "the adjoint has not been multiplied with the slope of the nonlinearity",
        lambda case, name: onto_x(case, case.truth.adjoints["adjoint_h"]),
    ),
    _of_x(
        "what the own loss of each step gives h_t",
        "look for dout @ W.T where that is yet to be added to what flows back, and multiplied with the slope",
        lambda case, name: onto_x(case, own(case)),
    ),
)
LATE = Relation(
    "carried back from step 1, where step 0 is meant",
    "an index is off by one, or the last turn of the backward loop, that of step 0, is missing",
    lambda case, name: case.truth.adjoints["adjoint_h"][0] - own(case)[0],
)

FAMILY = Family(4, propose)
