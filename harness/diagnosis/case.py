"""A case: one problem with the candidate's gradients and the reference's beside each other; and how to ask for more.

Everything in a case is canonical, whatever the candidate's own layout. An explanation is a Hypothesis: what the
candidate's gradients would be if it were true. It is believed where it holds down to the noise on the case it was found
on and on further cases that it was not chosen on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..arrays import is_real_float, roundoff
from ..finding import Confidence, Finding, Residual
from ..gradients import Gradients
from ..layout import Layout
from ..noise import THRESHOLD, Noise, Reference
from ..problem import Problem, Tensors

Array = np.ndarray
Question = tuple[Problem, Tensors]


@dataclass(frozen=True)
class Case:
    """A candidate on one problem.

    Args:
        given: the candidate's gradients (and loss, outputs, adjoints where it returned them) by canonical name, in the
            canonical layout, as float64 or wider.
        odd: those that cannot be brought there, as returned: of a wrong shape or dtype.
        truth: the reference's.
        noise: by canonical name.
        shown: canonical name -> the name that the user sees.
        threshold: the largest residual, in units of noise, that still matches.
    """

    problem: Problem
    tensors: Tensors
    layout: Layout
    given: Mapping[str, Array]
    odd: Mapping[str, Array]
    truth: Gradients
    noise: Noise
    shown: Mapping[str, str]
    threshold: float = THRESHOLD

    def expected(self, name: str) -> Array:
        """The reference's array of that name."""
        return self.truth.quantities[name]

    def residual(self, name: str, predicted: Array) -> float:
        """Largest |given - predicted| in units of noise; infinite where they cannot be subtracted.

        The noise grows with what is predicted: 7 times a gradient has 7 times its rounding error.
        """
        given = self.given.get(name)
        if given is None or given.shape != predicted.shape or not np.isfinite(given).all():
            return float("inf")
        if not given.size:
            return 0.0
        grown = max(1.0, _scale(predicted) / (_scale(self.expected(name)) or 1.0))
        floor = roundoff(np.dtype(self.problem.dtype)) * _scale(given)  # what is given cannot be exacter than this
        return float(np.abs(given - predicted).max()) / max(self.noise.values[name] * grown, floor)

    def before(self, name: str) -> float:
        """The residual against the reference itself."""
        return self.residual(name, self.expected(name))

    @cached_property
    def wrong(self) -> tuple[str, ...]:
        """What does not match, in reading order; the odd ones too."""
        wrong = {name for name in self.given if not self.before(name) <= self.threshold} | set(self.odd)
        return tuple(spec.name for spec in self.problem.spec.quantities if spec.name in wrong)

    @property
    def wrong_gradients(self) -> tuple[str, ...]:
        """Of what is wrong the gradients proper: of weights, biases, x and the initial states."""
        gradients = {spec.name for spec in self.problem.spec.tensors}
        return tuple(name for name in self.wrong if name in gradients)


Ask = Callable[[Sequence[Question]], "list[Case | None]"]
"""The candidate on further problems, its function called once for each, in order, without reloading its file between
them. None where it raised, or its answer could not be read."""


@dataclass(frozen=True)
class Inquiry:
    """All that a means of diagnosis can use.

    Args:
        case: the failing case. `others`: the same candidate on random problems of other sizes, for confirming.
        ask, reference: to ask for more.
    """

    case: Case
    others: tuple[Case, ...]
    ask: Ask
    reference: Reference

    @property
    def cases(self) -> tuple[Case, ...]:
        return (self.case, *self.others)


@dataclass(frozen=True)
class Hypothesis:
    """An explanation that can be held against any case: `predict` gives, by canonical name, what the candidate's
    gradients would be if it were true; it may leave out those that it does not speak of. None: not on this case."""

    what: str
    sentence: str
    predict: Callable[[Case], "Mapping[str, Array] | None"]


def holds(hypothesis: Hypothesis, case: Case, names: Sequence[str]) -> bool:
    """Whether these gradients of a case are what the hypothesis says, down to the noise."""
    predicted = hypothesis.predict(case)
    if predicted is None:
        return False
    return all(name in predicted and case.residual(name, predicted[name]) <= case.threshold for name in names)


def finding(
    means: str, hypothesis: Hypothesis, inquiry: Inquiry, names: Sequence[str], *, steps: tuple[int, ...] = ()
) -> Finding | None:
    """The finding that a hypothesis explains these gradients; None unless it holds on every case.

    A case on which the candidate happens to be right throughout says nothing and is passed over.
    """
    case, predicted = inquiry.case, hypothesis.predict(inquiry.case)
    if predicted is None or not holds(hypothesis, case, names):
        return None
    asked = [other for other in inquiry.others if other.wrong]
    if not all(holds(hypothesis, other, [n for n in names if n in other.given]) for other in asked):
        return None
    confidence: Confidence = "confirmed" if asked else "fits"
    residuals = tuple(Residual(case.shown[n], case.before(n), case.residual(n, predicted[n])) for n in names)
    shown = tuple(case.shown[n] for n in names)
    whole = set(case.wrong_gradients) <= set(names)
    return Finding(means, hypothesis.what, hypothesis.sentence, shown, steps, residuals, confidence, whole)


def make_case(
    problem: Problem,
    tensors: Tensors,
    layout: Layout,
    native: Mapping[str, Array],
    truth: Gradients,
    noise: Noise,
    threshold: float = THRESHOLD,
) -> Case:
    """A case from the candidate's arrays under their native names; of a doubled bias the copy that is worse speaks."""
    places = {name: place for name, place in layout.placements(problem).items() if name in native}
    read = {
        name: place.canonical(_wide(native[name]))
        for name, place in places.items()
        if native[name].shape == place.shape(problem.sizes) and is_real_float(native[name].dtype)
    }

    def away(name: str) -> float:
        expected = truth.quantities.get(places[name].spec.name)
        return _scale(read[name] - expected) if name in read and expected is not None else np.inf

    shown: dict[str, str] = {}
    for name, place in places.items():
        first = shown.setdefault(place.spec.name, name)
        if name != first and away(name) > away(first):
            shown[place.spec.name] = name
    given = {spec: read[name] for spec, name in shown.items() if name in read}
    odd = {spec: native[name] for spec, name in shown.items() if name not in read}
    missing = {spec.name: spec.name for spec in problem.spec.quantities if spec.name not in shown}
    return Case(problem, tensors, layout, given, odd, truth, noise, shown | missing, threshold)


def elsewhere(problem: Problem, batched: bool = True) -> tuple[Problem, ...]:
    """Two problems of other, awkward sizes for confirming: every size a different prime, all unlike the first's."""
    sizes = ({"T": 5, "B": 7, "I": 3, "H": 11, "O": 2}, {"T": 11, "B": 2, "I": 7, "H": 3, "O": 5})
    return tuple(replace(problem.of_sizes(s, batched), seed=problem.seed + 1 + k) for k, s in enumerate(sizes))


def _wide(array: Array) -> Array:
    return array if array.dtype == np.longdouble else array.astype(np.float64)


def _scale(array: Array) -> float:
    return float(np.abs(array).max()) if array.size else 0.0
