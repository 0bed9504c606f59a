"""Judging what a mutant returned: which gradients are right, in microseconds."""

from collections.abc import Mapping

import numpy as np

from ..arrays import is_real_float, roundoff
from ..names import match
from ..noise import THRESHOLD
from .questions import Question
from .trial import RAISED, Trial

Array = np.ndarray
Marks = tuple[int, float, str]
NO_ANSWER: Marks = (RAISED, 0.0, "none")


def matched(returned: Mapping[str, Array], question: Question, trial: Trial) -> dict[str, str]:
    """Given name -> native name of the gradients proper. Raises BadInput where the names cannot be read."""
    places = trial.layout.placements(question.problem)
    found = match({name: array.shape for name, array in returned.items()}, places, question.problem.sizes)
    return {one.given: one.matched for one in found if one.matched in question.truth}


def judged(given: Mapping[str, Array], question: Question, trial: Trial) -> Marks:
    """The marks of the gradients that are right, the share of right entries, and a digest of all of them.

    Names are read as the original's were, whatever the sizes. Raises BadInput where other names cannot be read.
    """
    matches = trial.matches
    if not matches.keys() <= given.keys():
        matches = matched(given, question, trial)
    native = {matches[name]: array for name, array in given.items() if name in matches}
    marks, share, digest = 0, 0.0, []
    for k, name in enumerate(trial.names):
        array, truth = native.get(name), question.truth[name]
        if array is None or array.shape != truth.shape or not is_real_float(array.dtype):
            digest.append("odd")
            continue
        array = array.astype(np.float64)
        size = float(np.abs(array).max())
        digest.append(f"{np.abs(array).sum():.6e}")
        tolerance = max(question.tolerance[name], THRESHOLD * roundoff(np.dtype(question.problem.dtype)) * size)
        right = np.abs(array - truth) <= tolerance
        if np.isfinite(size):
            share += float(right.mean())
            marks |= bool(right.all()) << k
    return marks, share, " ".join(digest)


def required(trial: Trial) -> tuple[str, ...]:
    """The native names that have to be right where the original says none: weights and biases, a doubled one once."""
    (problem, *_) = (question.problem for question in trial.questions)
    places = trial.layout.placements(problem)
    first = {place.spec.name: name for name, place in reversed(places.items())}
    return tuple(first[spec.name] for spec in problem.asked if spec.kind in ("weight", "bias"))
