"""The smallest failing case: sizes as low as they go, then numbers as plain as they go, while a gradient stays wrong.

Every round asks all it wants to know at once: single changes first, then ever longer runs of those that leave the
gradient wrong by themselves (after Zeller and Hildebrandt, 2002, Simplifying and isolating failure-inducing input).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, product
from time import perf_counter

import numpy as np

from ..errors import BadInput
from ..finding import SmallestCase
from ..problem import Problem, Tensors, make_tensors
from .case import Ask, Case, Inquiry, Question
from .smallest_text import written

Array = np.ndarray
Change = Callable[[Tensors], Tensors]
Fails = Callable[[Case | None], bool]
Answers = Callable[..., Iterator[Case | None]]  # one by one, in order: who stops early asks for less
CALLS = 300  # of the candidate, at most
SECONDS = 1.2  # after which nothing more is asked; after half of them, no other sizes
SLICE = 0.1  # seconds: asked at once is what takes no longer, so that it can be stopped, and a first answer is enough
CLEAR = 0.05  # an error that a person sees at once, in units of the number that is wrong
LOW = ((1, 2), (3, 4))  # time steps that are tried with every other size at 1 or 2
PLAIN = (1.0, 0.5, 0.25, 0.125, 0.0625)  # multiples of these, exact in every type


def shrink(inquiry: Inquiry, call: str) -> SmallestCase | None:
    """The smallest case on which the most clearly wrong gradient is still wrong; None where nothing is.

    Args:
        call: FILE:FUNCTION, for the test; "" for no test.
    """
    case, name = inquiry.case, _worst(inquiry.case)
    if name is None:
        return None

    def fails(clear: float) -> Fails:
        return lambda one: (
            one is not None and name in one.given and one.before(name) > one.threshold and _relative(one, name) >= clear
        )

    ask = _limited(inquiry.ask)
    case = _of_lower_sizes(case, ask, fails(min(CLEAR / 10, _relative(case, name) / 2)))
    wrong = fails(min(CLEAR, _relative(case, name)))  # plain numbers are larger, and so are the errors that they make
    case = _of_plain_numbers(case, ask, wrong)
    for changes in (_zeros, _ones, _zero_entries):
        case = _changed(case, changes(case), ask, wrong)
    return written(case, name, call, inquiry.case.problem)


def _worst(case: Case) -> str | None:
    """The weight or bias whose gradient is furthest off, or whatever is where they are right."""
    wrong = [name for name in case.wrong if name in case.given]
    trained = [name for name in wrong if case.problem.spec.tensor(name).kind in ("weight", "bias")]
    gradients = [name for name in wrong if name in case.wrong_gradients]
    return max(trained or gradients or wrong, key=case.before, default=None)


def _relative(case: Case, name: str) -> float:
    """The largest error of a gradient, in units of the larger of the two numbers there; infinite where not finite."""
    given, right = case.given[name].ravel(), case.expected(name).ravel()
    worst = np.argmax(np.abs(given - right))
    scale = max(abs(given[worst]), abs(right[worst]))
    return float(abs(given[worst] - right[worst]) / scale) if np.isfinite(scale) and scale else float("inf")


def _limited(ask: Ask) -> Answers:
    """The same by small portions, which falls silent after CALLS and SECONDS. The pace of one portion, which may have
    to be compiled, sets the size of the next."""
    start, left, portion = perf_counter(), CALLS, 1

    def limited(questions: Sequence[Question], share: float = 1.0) -> Iterator[Case | None]:
        nonlocal left, portion
        answered = 0
        while answered < len(questions) and left and (now := perf_counter()) - start < share * SECONDS:
            asked = questions[answered : answered + min(portion, left)]
            answers = ask(asked)
            answered, left = answered + len(asked), left - len(asked)
            portion = max(1, int(len(asked) * SLICE / (perf_counter() - now)))
            yield from answers
        yield from [None] * (len(questions) - answered)

    return limited


# --- sizes ------------------------------------------------------------------------------------------------------------


def _of_lower_sizes(case: Case, ask: Answers, fails: Fails) -> Case:
    """The case of fewest numbers, of all the tiny ones; else what the sizes come down to one by one, and together.

    The largest of the tiny ones is asked first: it shows most faults, should there be no time for the others.
    """
    for steps in LOW:
        tiny = product(steps, *((1, 2) for _ in "BIHO"))
        problems = _problems(case, (dict(zip("TBIHO", sizes, strict=True)) for sizes in tiny))
        answers = _asked(ask, problems[-1:] + problems[:-1])
        largest = next(answers, None)
        found = next((one for one in answers if one and fails(one)), largest)
        if found and fails(found):
            return found
    while True:
        problems = _problems(case, ({letter: n} for letter, size in case.problem.sizes.items() for n in _lower(size)))
        failing = [one.problem.sizes for one in _asked(ask, problems) if one and fails(one)]
        if not failing:
            return case
        together = {letter: min(sizes[letter] for sizes in failing) for letter in case.problem.sizes}
        tried = _asked(ask, _problems(case, (together, failing[0])))
        smaller = next((one for one in tried if one and fails(one)), None)
        if smaller is None:  # asked twice, it answers otherwise
            return case
        case = smaller


def _lower(size: int) -> list[int]:
    """A few sizes below this one."""
    return sorted({n for n in (1, 2, 3, 4, size // 2, size - 1) if 0 < n < size})


def _problems(case: Case, sizes: Iterable[dict[str, int]]) -> list[Problem]:
    """The problems of these sizes that are smaller than the case's and can be asked, the smallest first."""
    have, found = case.problem.sizes, []
    for size in sizes:
        if all(n <= have[letter] for letter, n in size.items()):
            try:
                found.append(replace(case.problem, **size))
            except BadInput:  # the loss stands on a step that would be gone
                continue
    return sorted((p for p in found if p != case.problem), key=_numbers)


def _numbers(problem: Problem) -> tuple[int, int]:
    """How many numbers a person has to look at, and for how many steps."""
    return sum(spec.count(problem.sizes) for spec in (*problem.asked, problem.spec.tensor("outputs"))), problem.T


def _asked(ask: Answers, problems: Sequence[Problem]) -> Iterator[Case | None]:
    return ask([(problem, make_tensors(problem)) for problem in problems], share=0.5)


# --- numbers ----------------------------------------------------------------------------------------------------------


def _of_plain_numbers(case: Case, ask: Answers, fails: Fails) -> Case:
    """Every number a small multiple of the largest of PLAIN that will do; none becomes zero."""

    def rounded(unit: float) -> Tensors:
        def plain(_: str, array: Array) -> Array:
            if array.dtype.kind == "i":
                return array
            size = np.maximum(np.rint(np.abs(array) / unit), 1) * unit
            return np.where(array == 0, 0, np.copysign(size, array)).astype(array.dtype)

        return case.tensors.map(plain)

    answers = ask([(case.problem, rounded(unit)) for unit in PLAIN])
    return next((one for one in answers if one and fails(one)), case)


def _changed(case: Case, changes: Iterable[Change], ask: Answers, fails: Fails) -> Case:
    """The case with as many of the changes, one on top of the other, as leave it failing."""
    alone = list(changes)
    answers = ask([(case.problem, change(case.tensors)) for change in alone])
    left = [change for change, answer in zip(alone, answers, strict=True) if fails(answer)]
    while left:
        together = list(accumulate(left, lambda tensors, change: change(tensors), initial=case.tensors))[1:]
        good = 0
        for answer in ask([(case.problem, tensors) for tensors in together]):
            if answer is None or not fails(answer):
                break
            case, good = answer, good + 1
        left = left[good + 1 :]  # the one that broke it is passed over
    return case


def _zeros(case: Case) -> Iterator[Change]:
    """Every tensor set to zero, what a person can do without most first: biases, targets, states."""
    order = {"bias": 0, "state": 1, "weight": 2, "input": 3}
    specs = sorted((spec for spec in case.problem.asked), key=lambda spec: order[spec.kind])
    for name in (*(s.name for s in specs if s.kind == "bias"), "y", *(s.name for s in specs if s.kind != "bias")):
        if _of(case, name).any():
            yield _set(name, np.zeros_like)


def _ones(case: Case) -> Iterator[Change]:
    """Every tensor that is not zero set to one throughout."""
    for name in (*(spec.name for spec in case.problem.asked), "y"):
        array = _of(case, name)
        if array.any() and (array != 1).any() and array.dtype.kind != "i":
            yield _set(name, np.ones_like)


def _zero_entries(case: Case) -> Iterator[Change]:
    """Every single entry set to zero, where a tensor has several."""
    for name in (*(spec.name for spec in case.problem.asked), "y"):
        array = _of(case, name)
        for index in zip(*np.nonzero(array), strict=True) if array.size > 1 else ():
            yield _set(name, lambda a, index=index: _without(a, index))


def _without(array: Array, index: tuple[int, ...]) -> Array:
    array = array.copy()
    array[index] = 0
    return array


def _of(case: Case, name: str) -> Array:
    tensors = case.tensors
    return {**tensors.params, **tensors.states, "x": tensors.x, "y": tensors.y}[name]


def _set(name: str, change: Callable[[Array], Array]) -> Change:
    return lambda tensors: tensors.map(lambda n, array: change(array) if n == name else array)
