"""The noun: another reading of the question, to which the candidate is right; and two of them at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ...backends import Variant
from ..problem import Problem, Tensors
from .case import Case, Hypothesis, Question, Reference

Array = np.ndarray


def _unchanged(problem: Problem, name: str, array: Array) -> Array:
    return array


def _same(problem: Problem, tensors: Tensors) -> Question:
    return problem, tensors


@dataclass(frozen=True)
class Convention:
    """Another reading of the question.

    Args:
        what, sentence: as in a Finding.
        there: the question that is really answered; None where it cannot be this reading.
        back: a quantity of that answer, by name, as it stands in an answer to ours.
        variant: the network that is meant, where it is none of the model tables.
    """

    what: str
    sentence: str
    there: Callable[[Problem, Tensors], "Question | None"] = _same
    back: Callable[[Problem, str, Array], Array] = _unchanged
    variant: Variant | None = None

    def hypothesis(self, reference: Reference) -> Hypothesis:
        """That the candidate's gradients are the reference's for the other reading."""

        known: dict[int, Mapping[str, Array] | None] = {}  # a variant takes long; the cases outlive the hypothesis

        def predict(case: Case) -> Mapping[str, Array] | None:
            if id(case) not in known:
                known[id(case)] = answer(case)
            return known[id(case)]

        def answer(case: Case) -> Mapping[str, Array] | None:
            question = self.there(case.problem, case.tensors)
            if question is None or not self._may_hold(case, question):
                return None
            found = self.variant.gradients(*question) if self.variant else reference(*question)
            return {name: self.back(case.problem, name, array) for name, array in found.quantities.items()}

        return Hypothesis(self.what, self.sentence, predict)

    def _may_hold(self, case: Case, question: Question) -> bool:
        """Whether the smallest gradient speaks for a variant: each of its gradients costs a forward pass an entry."""
        asked = [spec for spec in case.problem.asked if spec.name in case.given]
        if self.variant is None or not asked:
            return True
        name = min(asked, key=lambda spec: spec.count(case.problem.sizes)).name
        found = self.variant.gradients(*question, (name,)).named[name]
        return case.residual(name, self.back(case.problem, name, found)) <= case.threshold


def both(a: Convention, b: Convention) -> Convention:
    """Two at once: `a` reads the question first, so its answer is read back last."""

    def there(problem: Problem, tensors: Tensors) -> Question | None:
        question = a.there(problem, tensors)
        return question and b.there(*question)

    return Convention(
        f"{a.what}; {b.what}",
        f"Two conventions at once. {a.sentence} {b.sentence}",
        there,
        lambda problem, name, array: a.back(problem, name, b.back(problem, name, array)),
        a.variant or b.variant,
    )
