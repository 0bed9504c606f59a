"""Asking the candidate on: it is put to further problems, and its answers become cases."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..layout import Layout
from ..noise import THRESHOLD, measure_noise
from ..result import Match
from .case import Ask, Case, Question, Reference, make_case

Array = np.ndarray
Answers = Callable[[Sequence[Question]], "Sequence[Mapping[str, Array] | None]"]
"""The candidate's gradients under its own names for each question, in order; None where it had no answer."""


def asking(
    answers: Answers,
    matches: Sequence[Match],
    layout: Layout,
    reference: Reference,
    threshold: float = THRESHOLD,
) -> Ask:
    """How the means of diagnosis put a candidate to further problems.

    Its names are read as they were on the first problem, whatever the sizes. Truth and noise come from the reference,
    which is called here: it is NumPy alone, without state, and the problems are small.
    """

    def case(question: Question, given: Mapping[str, Array] | None) -> Case | None:
        if given is None or any(one.given not in given for one in matches):
            return None
        problem, tensors = question
        native = {one.matched: given[one.given] for one in matches}
        truth, noise = reference(problem, tensors), measure_noise(problem, tensors, reference)
        return make_case(problem, tensors, layout, native, truth, noise, threshold)

    def ask(questions: Sequence[Question]) -> list[Case | None]:
        return [case(q, given) for q, given in zip(questions, answers(questions), strict=True)]

    return ask
