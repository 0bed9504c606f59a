"""The nouns of relations: what a gradient can be to the true one, and how errors can fail to flow."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ...problem import Problem
from ..case import Case, Reference

Array = np.ndarray
Predict = Callable[[Case, str], "Array | None"]
"""What the gradient of that name would be; None where the relation says nothing of it on that case."""


@dataclass(frozen=True)
class Relation:
    """What a gradient is to the true one, whatever the sizes.

    Args:
        predicate: what stands behind "the gradient is": "transposed". Two relations with one predicate are the same.
        hint: what to look for in the code; a clause.
        predict: from the truth of a case.
        steps: the timesteps it speaks of.
    """

    predicate: str
    hint: str = field(compare=False)
    predict: Predict = field(compare=False)
    steps: Callable[[Problem], tuple[int, ...]] = field(default=lambda problem: (), compare=False)


@dataclass(frozen=True)
class Family:
    """A file of relations. `propose` gives those that this gradient can have on this case; it may look at what is
    given, to offer only what is likely. Of two that explain as much, the family of lower rank is named."""

    rank: int
    propose: Callable[[Case, str], Iterator[Relation]]


@dataclass(frozen=True)
class Flow:
    """How errors could reach the steps of a whole backward pass, where some of the paths are missing.

    Args:
        what: a clause: "no error flows back in time".
        hint: what to look for in the code; a clause.
        mask: from T; (T, T), whether step s's loss reaches step t's adjoint, at [t, s].
    """

    what: str
    hint: str
    mask: Callable[[int], Array]


@dataclass(frozen=True)
class Course:
    """Another course that a whole backward pass takes, where errors reach every step, but the wrong ones do.

    Args:
        what, hint: clauses, as in a Flow.
        taken: the case with another truth, what its gradients would be; the case itself where that is no other.
    """

    what: str
    hint: str
    taken: Callable[[Case, Reference], Case]


def otherwise(case: Case, named: Mapping[str, Array], adjoints: Mapping[str, Array]) -> Case:
    """The case with these gradients and adjoints in the place of the truth's."""
    truth = case.truth
    made = replace(truth, named={**truth.named, **named}, adjoints={**truth.adjoints, **adjoints})
    return replace(case, truth=made)


def itself(case: Case, name: str) -> Array | None:
    """The truth, where the case asks for that gradient."""
    return np.asarray(case.truth.loss) if name == "loss" else case.truth.named.get(name)


AS_IT_IS = Relation("", "", itself)
