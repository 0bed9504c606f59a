"""The mutants of the reference as candidates, and inquiries about them that work out each truth once."""

from collections.abc import Callable, Sequence

from gradparity.backends import numpy_bptt
from gradparity.harness.diagnosis.case import Case, Inquiry, Question, elsewhere, make_case
from gradparity.harness.diagnosis.mutants import Mutant, planted
from gradparity.harness.gradients import Gradients
from gradparity.harness.layout import Layout
from gradparity.harness.noise import Noise, measure_noise
from gradparity.harness.problem import Problem, Tensors, make_tensors

Candidate = Callable[[Problem, Tensors], Gradients]


def mutated(mutant: Mutant) -> Candidate:
    """The reference with these edits in it, as a candidate."""

    def candidate(problem: Problem, tensors: Tensors) -> Gradients:
        with planted(mutant):
            return numpy_bptt.gradients(problem, tensors.map(lambda _, value: value.copy()))

    return candidate


RIGHT: dict[tuple[Problem, bytes], tuple[Gradients, Noise]] = {}


def right(problem: Problem, tensors: Tensors) -> tuple[Gradients, Noise]:
    """The reference's gradients and their noise, worked out once for each question."""
    key = (problem, tensors.x.tobytes())
    if key not in RIGHT:
        reference = numpy_bptt.gradients
        RIGHT[key] = reference(problem, tensors), measure_noise(problem, tensors, reference)
    return RIGHT[key]


def inquiry_about(candidate: Candidate, problem: Problem, keep: Sequence[str] | None = None) -> Inquiry:
    """What diagnosis is given of a candidate. `keep`: the only quantities that it returns."""
    layout = Layout("row")

    def ask(questions: Sequence[Question]) -> list[Case | None]:
        return [case(*question) for question in questions]

    def case(problem: Problem, tensors: Tensors) -> Case | None:
        try:
            quantities = candidate(problem, tensors).quantities
        except Exception:
            return None
        asked = {spec.name for spec in problem.asked} | {"loss", "outputs"}
        given = {n: v for n, v in quantities.items() if n in (asked if keep is None else keep)}
        return make_case(problem, tensors, layout, given, *right(problem, tensors))

    first, *others = ask([(p, make_tensors(p)) for p in (problem, *elsewhere(problem))])
    assert first is not None  # a candidate that cannot be asked at all is no test of diagnosis
    return Inquiry(first, tuple(other for other in others if other), ask, numpy_bptt.gradients)
