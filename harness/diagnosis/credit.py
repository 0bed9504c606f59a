"""The credit map: which step's loss reaches which step's adjoint, for any candidate that has an input matrix.

Row s, column t is dL_s/da_t, the loss confined to step s. With x one-hot in time, row t of dW_xh is column t of the
map (`decoding`). The candidate is a black box whose loss cannot be changed, so the targets confine it: all steps but s
are given targets at which their loss is flat. That takes one evaluation for each step.

A map has few steps, and a fault may show on more alone, as a truncation after 20 does. Where the map is right and the
gradients of a longer problem are not, the fewest steps that show it are looked for: the map is then of these.
"""

from dataclasses import replace

import numpy as np

from ..finding import CreditMap, Finding, Residual
from ..problem import Problem, Tensors
from .case import Inquiry, Question, Reference
from .credit_patterns import read
from .credit_traced import Traced
from .decoding import decoding, input_weight, rows

Array = np.ndarray
MOST_STEPS = 12  # of a map: as many as one can take in, and every one costs an evaluation
LARGEST_MAP = 64  # steps, where a fault shows on no fewer
CERTAIN = 60.0  # the logit at which softmax is 1 to within exp(-60), and exp still far from overflow in float32


def trace(inquiry: Inquiry) -> tuple[CreditMap | None, tuple[Finding, ...]]:
    """The map, reference beside candidate, and the finding of what it shows; no map where the model has no input
    matrix or the candidate did not answer, no finding where the two agree."""
    problem = inquiry.case.problem
    steps = min(max(problem.T, 2), MOST_STEPS)
    traced = _traced(inquiry, steps)
    if traced is None:
        return None, ()
    seen = read(traced)
    if traced.right.all() and inquiry.case.wrong_gradients and (fewest := _fewest(inquiry, steps)):
        if fewest <= LARGEST_MAP and (longer := _traced(inquiry, fewest)) and not longer.right.all():
            traced, seen = longer, read(longer)
            seen = replace(seen, sentence=f"On fewer than {fewest} steps all is well. {seen.sentence}")
        else:
            late = f"the loss of the last step gives wrong gradients on {fewest} steps or more, and on no fewer"
            seen = replace(seen, sentence=f"{seen.sentence} But {late}: look for a limit on the number of steps.")
    picture = CreditMap(_norms(traced.reference, traced.there), _norms(traced.candidate, traced.found), _marks(traced))
    picture = replace(picture, sentence=seen.sentence)
    if not seen.claimed:
        return picture, ()
    shown = inquiry.case.shown[input_weight(problem) or ""]
    evidence = Residual(shown, float(traced.off(traced.reference).max()), seen.after)
    return picture, (Finding("credit map", seen.what, seen.sentence, (shown,), seen.steps, (evidence,)),)


def _fewest(inquiry: Inquiry, right: int) -> int:
    """The fewest steps, found by halving, on which the loss of the last one gives wrong gradients; 0 where it does so
    on no more than `right` steps too, or not even on the problem's own number."""

    def shows(steps: int) -> bool:
        (case,) = inquiry.ask(confined(inquiry.case.problem, inquiry.reference, steps)[-1:])
        return case is not None and bool(case.wrong_gradients)

    wrong = inquiry.case.problem.T
    if wrong <= right or not shows(wrong) or shows(right):
        return 0
    while wrong - right > 1:
        middle = (right + wrong) // 2
        right, wrong = (right, middle) if shows(middle) else (middle, wrong)
    return wrong


def _traced(inquiry: Inquiry, steps: int) -> Traced | None:
    problem = inquiry.case.problem
    weight = input_weight(problem)
    if weight is None:
        return None
    if isinstance(problem.loss_on, int):  # neither its targets nor the sequence's end move such a loss
        return None
    questions = confined(problem, inquiry.reference, steps)
    answered = [case for case in inquiry.ask(questions) if case is not None]
    given = [found for case in answered if (found := rows(case)) is not None]
    if len(given) < len(questions):
        return None
    right, noise = [case.expected(weight) for case in answered], [case.noise.values[weight] for case in answered]
    T = answered[0].problem.I
    if len(questions) > T:  # the unchanged target stands last: what it has is in all the others too
        given, right = ([array - arrays[-1] for array in arrays[:-1]] for arrays in (given, right))
        noise = [level + noise[-1] for level in noise[:-1]]
    return Traced(inquiry.case, np.array(right, float), np.array(given, float), np.array(noise))


def confined(problem: Problem, reference: Reference, T: int) -> list[Question]:
    """A decoding question for each of T steps that the loss is confined to, the last step last.

    A loss that is on the last step alone is moved by ending the sequence earlier.
    Without a bias there is no target at which the cross-entropy is flat. Its gradient is softmax - onehot(y), so that
    a changed target changes it at that step alone: the questions are those with one changed target, and last the one
    with none, to be subtracted. The map is then a step smaller, and its evaluations as many as before.
    """
    if problem.loss_on != "all":
        asked, tensors = decoding(problem, T)
        return [(replace(asked, T=s + 1), replace(tensors, x=tensors.x[: s + 1])) for s in range(T)]
    if problem.loss == "mse":
        question = decoding(problem, T)
        return _each(question, quiet=reference(*question).outputs, loud=question[1].y)
    asked, tensors = decoding(replace(problem, O=max(2, problem.O)), T if problem.bias else T - 1)
    quiet, loud = np.zeros_like(tensors.y), np.ones_like(tensors.y)
    if problem.bias:
        return _each((asked, _certain(asked, tensors)), quiet, loud)
    return [*_each((asked, tensors), quiet, loud), (asked, replace(tensors, y=quiet))]


def _each(question: Question, quiet: Array, loud: Array) -> list[Question]:
    """A question for every step, whose target alone is `loud`."""
    problem, tensors = question
    steps = np.arange(problem.T).reshape(-1, *[1] * (quiet.ndim - 1))
    targets = [np.where(steps == s, loud, quiet) for s in range(problem.T)]
    return [(problem, replace(tensors, y=y)) for y in targets]


def _certain(problem: Problem, tensors: Tensors) -> Tensors:
    """The same with an output bias that makes class 0 certain, so that target 0 leaves no gradient."""
    bias = next(name for name, factors in problem.spec.factors.items() if factors == ("1", "adjoint_out"))
    sure = np.zeros_like(tensors.params[bias])
    sure[0] = CERTAIN
    return replace(tensors, params={**tensors.params, bias: sure})


def _norms(array: Array, above: Array) -> tuple[tuple[float, ...], ...]:
    """Euclidean norm of every cell; what does not rise above the noise is zero."""
    norms = np.where(above, np.sqrt((array * array).sum(-1)), 0.0)
    return tuple(tuple(map(float, row)) for row in norms)


def _marks(traced: Traced) -> tuple[tuple[str, ...], ...]:
    marks = np.full(traced.right.shape, "mismatch", dtype=object)
    marks[~traced.there] = "unexpected"
    marks[~traced.found] = "missing"
    marks[traced.right] = "match"
    return tuple(tuple(row) for row in marks)
