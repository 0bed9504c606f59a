"""Inquiries for the tests of diagnosis: a candidate of this process, on one problem and on those that confirm."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from gradparity.backends import numpy_bptt
from gradparity.harness.candidate import call_on
from gradparity.harness.diagnosis.asking import asking
from gradparity.harness.diagnosis.case import Case, Inquiry, elsewhere
from gradparity.harness.layout import Layout, native_gradients
from gradparity.harness.names import match
from gradparity.harness.problem import Problem, Tensors, make_tensors

Array = np.ndarray
Question = tuple[Problem, Tensors]
Candidate = Callable[[Problem, Tensors], Mapping[str, Array]]
ROW = Layout()


def inquired(candidate: Candidate, problem: Problem, layout: Layout = ROW, tensors: Tensors | None = None) -> Inquiry:
    """The inquiry of a function from a problem and its canonical tensors to gradients by canonical name."""

    def answers(questions: Sequence[Question]) -> list[dict[str, Array] | None]:
        return [native_gradients(layout, p, candidate(p, t)) for p, t in questions]

    return _inquiry(answers, problem, layout, tensors)


def inquired_function(function: Callable, problem: Problem, layout: Layout = ROW) -> Inquiry:
    """The inquiry of a function as users write it."""
    return _inquiry(lambda questions: call_on(function, layout, questions), problem, layout, None)


def _inquiry(answers: Callable, problem: Problem, layout: Layout, tensors: Tensors | None) -> Inquiry:
    first = (problem, tensors or make_tensors(problem))
    (given,) = answers([first])
    matches = match({n: a.shape for n, a in given.items()}, layout.placements(problem), problem.sizes)
    kept = {one.given: given[one.given] for one in matches}
    ask = asking(lambda qs: answers(qs), matches, layout, numpy_bptt.gradients)
    case = asking(lambda qs: [kept for _ in qs], matches, layout, numpy_bptt.gradients)([first])[0]
    assert isinstance(case, Case)
    problems = elsewhere(problem, layout.batched)
    others = ask([(p, make_tensors(p)) for p in problems])
    return Inquiry(case, tuple(other for other in others if other), ask, numpy_bptt.gradients)


def gradients_alone(problem: Problem, tensors: Tensors) -> dict[str, Array]:
    """The reference as a candidate that returns gradients, without loss and outputs."""
    found = numpy_bptt.gradients(problem, tensors).named
    return {spec.name: found[spec.name] for spec in problem.asked}
