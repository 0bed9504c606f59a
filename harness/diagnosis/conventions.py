"""Not a bug: the candidate is right about another question. It ignores h0, reads the gates in another order, puts the
loss elsewhere, is another model or another convention of this one.

Each row makes Conventions of one kind: the question that such a candidate really answers, and how its answer reads as
one to ours. One is claimed only where it explains everything that the candidate gave, down to the noise, on this
problem and on others; two of different kinds are tried together where one does not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, combinations, permutations, product

import numpy as np

from ...backends import variants
from ..errors import listed
from ..finding import Finding
from ..models import TensorSpec, models
from ..problem import Problem, Tensors
from .case import Case, Hypothesis, Inquiry, Question, finding
from .convention import Convention, both

Array = np.ndarray


def find(inquiry: Inquiry) -> tuple[Finding, ...]:
    """The one convention, or pair of conventions, that explains the candidate whole."""
    case = inquiry.case
    if not case.wrong:
        return ()
    rows = [tuple(row(case)) for row in ROWS]
    pairs = (both(a, b) for one, two in combinations(rows, 2) for a, b in product(one, two))
    for convention in chain(*rows, pairs):
        hypothesis = convention.hypothesis(inquiry.reference)
        if all(_explains(hypothesis, one) for one in inquiry.cases):
            found = finding("not a bug", hypothesis, inquiry, case.wrong)
            return (found,) if found else ()
    return ()


def _explains(hypothesis: Hypothesis, case: Case) -> bool:
    """Whether all that was given is what the hypothesis says: the right as well as the wrong."""
    predicted = hypothesis.predict(case)
    if predicted is None or not set(case.wrong) <= predicted.keys() & case.given.keys():
        return False
    return all(case.residual(n, predicted[n]) <= case.threshold for n in case.given if n in predicted)


# --- the rows: each gives the conventions of one kind -----------------------------------------------------------------


def states_ignored(case: Case) -> Iterator[Convention]:
    """Zeros for h0, for c0, for both."""
    for names in _subsets([state.name for state in case.problem.spec.states]):
        said = listed(names, "and")
        yield Convention(
            f"{said} {_is(names)} ignored: the recurrence starts from zeros",
            f"Your code starts from zeros and does not use the {said} that it is given; for that start its gradients "
            f"are right. To compare the rest, take {said} as {_arguments(names)} and start from there.",
            lambda p, t, zero=names: (
                p,
                replace(t, states={n: np.zeros_like(a) if n in zero else a for n, a in t.states.items()}),
            ),
        )


def gates_in_another_order(case: Case) -> Iterator[Convention]:
    """Every other order of the gate blocks."""
    told = case.layout.gates or case.problem.spec.gates
    for order in permutations(told):
        if order != told:
            yield _gates(told, order)


def _gates(told: tuple[str, ...], order: tuple[str, ...]) -> Convention:
    """The candidate takes a block for that of order[k] where the one of told[k] stands."""
    where, back = dict(zip(order, told, strict=True)), dict(zip(told, order, strict=True))
    short = all(len(gate) == 1 for gate in order)
    return Convention(
        f"the gates stand in the order {', '.join(order)}",
        f"Your code reads the gate blocks as {', '.join(order)}, and is given them as {', '.join(told)}: "
        f"{'pass --gates ' + ''.join(order) if short else 'say so in the layout'}.",
        lambda p, t: (p, replace(t, params={n: _regated(p.spec.tensor(n), a, where) for n, a in t.params.items()})),
        lambda p, n, a: _regated(p.spec.tensor(n), a, back),
    )


def _regated(spec: TensorSpec, array: Array, source: Mapping[str, str]) -> Array:
    """The array with, in the block of each gate, what stood in the block of the gate `source` names."""
    for k, axis in enumerate(spec.axes):
        if axis.gates:
            block = dict(zip(axis.gates, np.split(array, len(axis.gates), axis=k), strict=True))
            array = np.concatenate([block[source[gate]] for gate in axis.gates], axis=k)
    return array


def weights_transposed(case: Case) -> Iterator[Convention]:
    """Each weight of square blocks read as its transpose, and all of them."""
    problem = case.problem
    square = [p.name for p in problem.spec.parameters if p.kind == "weight" and _is_square(p, problem)]
    for name in square:
        yield _transposed((name,), f"Drop that .T, or exchange the operands: the model has h @ {name}.")
    if len(square) > 1:
        row = case.layout.convention == "row"
        other = ("torch" if case.layout.batched else "column") if row else "row"
        yield _transposed(tuple(square), f"Its weights are stored the other way round: try --layout {other}.")


def _transposed(names: tuple[str, ...], advice: str) -> Convention:
    said = listed(names, "and")

    def there(problem: Problem, tensors: Tensors) -> Question | None:
        if not all(_is_square(problem.spec.tensor(name), problem) for name in names):
            return None
        turned = {name: back(problem, name, array) for name, array in tensors.params.items()}
        return problem, replace(tensors, params=turned)

    def back(problem: Problem, name: str, array: Array) -> Array:
        if name not in names:
            return array
        count = max(1, len(problem.spec.tensor(name).axes[-1].gates))
        return np.concatenate([block.T for block in np.split(array, count, axis=-1)], axis=-1)

    return Convention(
        f"{said} {_is(names)} read as {'its transpose' if len(names) == 1 else 'their transposes'}",
        f"Your code multiplies by the transpose of {said}, forwards and backwards alike, so that its gradients are "
        f"right for the transposed network. {advice}",
        there,
        back,
    )


def _is_square(spec: TensorSpec, problem: Problem) -> bool:
    rows, columns = (problem.sizes[axis.size] for axis in spec.axes)
    return rows == columns


def loss_elsewhere(case: Case) -> Iterator[Convention]:
    """The loss on the last step for the loss on all, and the other way round."""
    if case.problem.loss_on == "all":
        yield Convention(
            "the loss is on the last step only",
            "Your code puts the loss on the last step only; asked was the loss on every step: pass --loss-on last.",
            lambda p, t: (replace(p, loss_on="last"), replace(t, y=t.y[-1])),
        )
    elif case.problem.loss_on in range(case.problem.T - 1):
        yield Convention(
            "the loss is on the last step",
            f"Your code puts the loss on the last step; asked was the loss on step {case.problem.loss_on}: pass "
            "--loss-on last, or take the error of that step.",
            lambda p, t: (replace(p, loss_on="last"), t),
        )
    elif case.problem.loss_on == "last":
        yield Convention(
            "the loss is on every step",
            "Your code puts the loss on every step, with the one target for all; asked was the loss on the last step "
            "only: leave out --loss-on last, or take the error of the last step alone.",
            lambda p, t: (replace(p, loss_on="all"), replace(t, y=np.broadcast_to(t.y, (p.T, *t.y.shape)))),
        )


def biases_ignored(case: Case) -> Iterator[Convention]:
    """Zeros for each bias, and for all of them."""
    biases = [spec.name for spec in case.problem.asked if spec.kind == "bias"]
    for names in [(bias,) for bias in biases] + ([tuple(biases)] if len(biases) > 1 else []):
        said = listed(names, "and")
        whole = len(names) == len(biases)
        yield Convention(
            f"{said} {_is(names)} ignored" if not whole else "the biases are ignored",
            f"Your code does not add {said} in its forward pass; without, its gradients are right. "
            f"{'Pass --no-bias if that is meant.' if whole else 'Add what is missing.'}",
            lambda p, t, zero=names: (
                p,
                replace(t, params={n: np.zeros_like(a) if n in zero else a for n, a in t.params.items()}),
            ),
        )


def one_of_two_biases(case: Case) -> Iterator[Convention]:
    """Of a bias that the layout doubles, one copy alone is added; each holds its share of the value."""
    for spec in case.problem.asked:
        copies = case.layout.place(spec, case.problem.spec)
        if len(copies) > 1:
            said = listed([copy.name for copy in copies], "and")
            yield Convention(
                f"one bias is added where there are two: {said}",
                f"Your code adds one of {said} in its forward pass, not the other; for that its gradients are right. "
                "Add both: only their sum matters, and the gradient is the same for each.",
                lambda p, t, name=spec.name, share=copies[0].share: (
                    p,
                    replace(t, params={n: share * a if n == name else a for n, a in t.params.items()}),
                ),
            )


def another_model(case: Case) -> Iterator[Convention]:
    """The models that have the same tensors."""
    mine = case.problem.spec
    for name, model in models().items():
        if name != mine.name and model.tensors == mine.tensors:
            yield Convention(
                f"the model is {model.title}, not {mine.title}",
                f"Your code is the {model.title}, and is right as such: pass --model {name}.",
                lambda p, t, name=name: (replace(p, model=name), t),
            )


def step_left_out(case: Case) -> Iterator[Convention]:
    """The first or the last step not taken at all, forwards and backwards."""
    for which, kept in (("last", slice(None, -1)), ("first", slice(1, None))) if case.problem.T > 1 else ():
        yield Convention(
            f"the {which} timestep is left out, forwards and backwards alike",
            f"Your code runs over all steps but the {which}, and is right about those: look for a range, a slice or a "
            f"condition that {'ends one step early' if which == 'last' else 'begins one step late'}.",
            lambda p, t, kept=kept: _shorter(p, t, kept),
            lambda p, n, a, last=which == "last": _padded(n, a, last),
        )


def _shorter(problem: Problem, tensors: Tensors, kept: slice) -> Question | None:
    if problem.T == 1 or problem.long_enough(problem.T - 1) == problem.T:
        return None
    y = tensors.y[kept] if problem.loss_on == "all" else tensors.y
    return replace(problem, T=problem.T - 1), replace(tensors, x=tensors.x[kept], y=y)


def _padded(name: str, array: Array, last: bool) -> Array:
    """The gradient of x with zeros for the step that is left out."""
    if name != "x":
        return array
    nothing = np.zeros_like(array[:1])
    return np.concatenate([array, nothing] if last else [nothing, array])


def variants_of_the_model(case: Case) -> Iterator[Convention]:
    """Networks that go by the model's name, with a forward pass of their own among the backends."""
    for variant in variants(case.problem.model):
        yield Convention(variant.what, variant.sentence, variant=variant)


Row = Callable[[Case], Iterable[Convention]]
ROWS: tuple[Row, ...] = (
    loss_elsewhere,
    another_model,
    states_ignored,
    biases_ignored,
    one_of_two_biases,
    gates_in_another_order,
    step_left_out,
    weights_transposed,
    variants_of_the_model,
)


def _subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1))


def _is(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"


def _arguments(names: tuple[str, ...]) -> str:
    return "an argument" if len(names) == 1 else "arguments"
