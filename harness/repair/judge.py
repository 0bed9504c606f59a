"""Judging what a mutant returned: which gradients are right, in microseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from ..arrays import apart, is_real_float, roundoff
from ..names import match
from ..questions import Question
from .trial import RAISED, Trial

Array = np.ndarray
Marks = tuple[int, float, str]
NO_ANSWER: Marks = (RAISED, 0.0, "none")


def matched(returned: Mapping[str, Array], question: Question, trial: Trial) -> dict[str, str]:
    """Given name -> native name of the gradients proper. Raises BadInput where the names cannot be read."""
    places = trial.layout.placements(question.problem)
    shapes = {name: array.shape for name, array in returned.items()}

    def away(name: str, target: str) -> float:
        return apart(returned[name], question.truth[target])

    found = match(shapes, places, question.problem.sizes, away)
    return {one.given: one.matched for one in found if one.matched in question.truth}


def shaped_right(returned: Mapping[str, Array], question: Question, trial: Trial) -> bool:
    """Whether the gradients that were matched have the right shapes."""
    wanted = {one: question.truth[name].shape for one, name in trial.matches.items()}
    return all(one in returned and returned[one].shape == shape for one, shape in wanted.items())


@dataclass(frozen=True)
class Standard:
    """What the answers to a question are held to. The gradients stand behind one another in one flat array.

    Args:
        truth: all right gradients, flat.
        starts, counts: of each gradient: where it begins in `truth`, and how many entries it has.
        tolerance: by gradient, the largest difference that matches; `relative` to its own size, the least of it.
        missing: by name, what stands for a gradient that is not there or of another shape.
        weights: random, for a digest that tells a gradient from its negative and from its transpose.
    """

    question: Question
    trial: Trial
    truth: Array
    starts: Array
    counts: Array
    tolerance: Array
    relative: float
    missing: Mapping[str, Array]
    weights: Array


def standard(question: Question, trial: Trial) -> Standard:
    """The standard of a question for the gradients that a trial asks for."""
    truths = [question.truth[name].ravel() for name in trial.names]
    counts = [one.size for one in truths]
    return Standard(
        question,
        trial,
        np.concatenate(truths),
        np.array([0, *accumulate(counts[:-1])]),
        np.array(counts),
        np.array([question.tolerance[name] for name in trial.names]),
        question.threshold * roundoff(np.dtype(question.problem.dtype)),
        {name: np.full(count, np.nan) for name, count in zip(trial.names, counts, strict=True)},
        np.random.default_rng(0).random(sum(counts)),
    )


def judged(given: Mapping[str, Array], by: Standard) -> Marks:
    """The marks of the gradients that are right, the share of right entries, and a digest of all of them.

    Names are read as the original's were, whatever the sizes. Raises BadInput where other names cannot be read.
    """
    matches, shapes = by.trial.matches, by.question.truth
    if not matches.keys() <= given.keys():
        matches = matched(given, by.question, by.trial)
    flat = dict(by.missing)
    for one, name in matches.items():
        array = given.get(one)
        if name in flat and array is not None and array.shape == shapes[name].shape and is_real_float(array.dtype):
            flat[name] = array.astype(np.float64, copy=False).ravel()
    entries = np.concatenate(list(flat.values()))
    peaks = np.maximum.reduceat(np.abs(entries), by.starts)
    tolerance = np.maximum(by.tolerance, by.relative * peaks)
    right = np.abs(entries - by.truth) <= np.repeat(tolerance, by.counts)
    shares = np.add.reduceat(right, by.starts, dtype=np.float64) / by.counts
    shares = np.where(np.isfinite(peaks), shares, 0.0).tolist()
    marks = sum(1 << k for k, share in enumerate(shares) if share == 1.0)
    digest = np.add.reduceat(entries * by.weights, by.starts).tolist()
    return marks, sum(shares), " ".join(f"{each:.6e}" for each in digest)


def required(trial: Trial) -> tuple[str, ...]:
    """The native names that have to be right where the original says none: weights and biases, a doubled one once."""
    (problem, *_) = (question.problem for question in trial.questions)
    places = trial.layout.placements(problem)
    first = {place.spec.name: name for name, place in reversed(places.items())}
    return tuple(first[spec.name] for spec in problem.asked if spec.kind in ("weight", "bias"))
