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
        yield from STATES


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


def _not_from(which: str, step: int, hint: str) -> Relation:
    return Relation(
        f"the adjoint of the state that {which} makes, not of the one that step 0 starts from",
        hint,
        lambda case, name: case.truth.adjoints["adjoint_h"][step],
        lambda problem: (step % problem.T,),
    )


STATES = (
    _not_from("step 0", 0, "the last step back, through step 0 itself, is missing"),
    _not_from("the last step", -1, "nothing of what is carried back has arrived in it: is it assigned in the loop?"),
)
FAMILY = Family(3, propose)
