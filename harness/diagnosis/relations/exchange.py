"""Relations between two quantities: one gradient stands where another is meant, or the two are exchanged."""

from collections.abc import Iterator

from ..case import Case
from ._relation import Array, Family, Relation

_NAMES = "look for a name, key or place in a returned tuple that is mistaken for another"


def propose(case: Case, name: str) -> Iterator[Relation]:
    named = case.truth.named
    for other in named:
        if other != name and named[other].shape == named[name].shape:
            if _holds(case, other, named[name]):
                yield _exchanged(case, *sorted((name, other)))
            else:
                yield _instead(case, other)
    if name in {state.name for state in case.problem.spec.states}:
        yield from (FIRST_MADE, LAST_MADE)


def _holds(case: Case, name: str, array: Array) -> bool:
    return name in case.given and case.residual(name, array) <= case.threshold


def _instead(case: Case, other: str) -> Relation:
    def predict(case: Case, name: str) -> Array | None:
        return case.truth.named[other]

    return Relation(f"that of {case.shown[other]}", _NAMES, predict)


def _exchanged(case: Case, one: str, other: str) -> Relation:
    def predict(case: Case, name: str) -> Array | None:
        return case.truth.named[other if name == one else one]

    return Relation(f"exchanged: {case.shown[one]} has that of {case.shown[other]}, and vice versa", _NAMES, predict)


def _first_made(case: Case, name: str) -> Array | None:
    return case.truth.adjoints["adjoint_h"][0]


FIRST_MADE = Relation(
    "the adjoint of the state that step 0 makes, not of the one that it starts from",
    "the last step back, through step 0 itself, is missing",
    _first_made,
    lambda problem: (0,),
)


def _last_made(case: Case, name: str) -> Array | None:
    return case.truth.adjoints["adjoint_h"][-1]


LAST_MADE = Relation(
    "the adjoint of the state that the last step makes, not of the one that step 0 starts from",
    "nothing of what is carried back has arrived in it: look for a variable that is not assigned in the loop",
    _last_made,
    lambda problem: (problem.T - 1,),
)

FAMILY = Family(3, propose)
