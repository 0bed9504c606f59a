"""Whole passes that begin with another error than dL/dout: of another loss, of the wrong entries, in another order.

Those that a single edit of the reference's own loss makes are in the fault dictionary, and not here.

The reference runs back from any error e where it is asked for least squares with out - e for targets: the forward pass
stays as it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..case import Case, Reference
from ..terms import pushed
from ._relation import Array, Course, otherwise
from .carried import own


@dataclass(frozen=True)
class Ends:
    """Where the forward pass ends, at the steps that the loss is on: the outputs, (T, B, O) or (B, O), and the targets
    in the same shape, with classes as rows of zeros and a one; `classes` says that they were."""

    out: Array
    y: Array
    classes: bool

    @property
    def p(self) -> Array:
        return _softmax(self.out)

    @property
    def error(self) -> Array:
        """The right one: dL/dout."""
        return (self.p if self.classes else self.out) - self.y


@dataclass(frozen=True)
class Error:
    """An error that a backward pass can begin with by mistake. `of` gives it; `when` says where it can be meant."""

    what: str
    hint: str
    of: Callable[[Ends], Array]
    when: Callable[[Case], bool] = lambda case: True


def courses(case: Case) -> Iterator[Course]:
    classes = case.problem.loss == "softmax_xent"
    for one in (*ANY, *(OF_CLASSES if classes else OF_SQUARES)):
        if one.when(case):
            yield _begun(one)
    yield from _handed(case)


def ends(case: Case) -> Ends:
    out, y = case.truth.outputs[case.problem.supervised], case.tensors.y
    classes = case.problem.loss == "softmax_xent"
    return Ends(out, (y[..., None] == np.arange(out.shape[-1])).astype(out.dtype) if classes else y, classes)


def _begun(one: Error) -> Course:
    def taken(case: Case, reference: Reference) -> Case:
        seen = ends(case)
        question = replace(case.problem, loss="mse"), replace(case.tensors, y=seen.out - one.of(seen))
        found = reference(*question)
        return otherwise(case, found.named, found.adjoints)

    return Course(f"the backward pass begins with {one.what}, where dL/dout is meant", one.hint, taken)


def _in_time(case: Case) -> bool:
    return case.problem.loss_on == "all" and case.problem.T > 1


def _in_batch(case: Case) -> bool:
    return case.problem.B > 1


def _softmax(out: Array, axis: int | tuple[int, ...] = -1) -> Array:
    powers = np.exp(out - out.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


_ORDER = "a list of errors is filled in one direction and read in the other: look for reversed(), [::-1], pop or append"
_SHIFT = "an index is off by one between the errors and the states"
_LOSS = "look at the derivative of the loss"
_SQUARE = f"{_LOSS}: that of 0.5 * sum((out - y)^2) is out - y"
_XENT = f"{_LOSS}: that of softmax and cross-entropy together is softmax(out) - onehot(y)"

ANY = (
    Error("the errors of the steps in reversed order", _ORDER, lambda e: e.error[::-1], _in_time),
    Error("the error of the step before at every step", _SHIFT, lambda e: np.roll(e.error, 1, 0), _in_time),
    Error("the error of the step after at every step", _SHIFT, lambda e: np.roll(e.error, -1, 0), _in_time),
    Error("the error of the last step at every step", _SHIFT, lambda e: 0 * e.error + e.error[-1:], _in_time),
    Error("the error of step 0 at every step", _SHIFT, lambda e: 0 * e.error + e.error[:1], _in_time),
    Error(
        "the error of batch element 0 for all batch elements",
        "look for an index 0 where the batch element's own is meant",
        lambda e: 0 * e.error + e.error[..., :1, :],
        _in_batch,
    ),
    Error(
        "the error against the target of batch element 0 for all batch elements",
        "look for an index 0 where the batch element's own is meant",
        lambda e: e.error + e.y - e.y[..., :1, :],
        _in_batch,
    ),
    Error(
        "the errors of the batch elements in reversed order",
        "the batch is reversed in one of the two",
        lambda e: e.error[..., ::-1, :],
        _in_batch,
    ),
    Error(
        "the mean error of the batch for all batch elements",
        "look for a mean over the batch with keepdims, or one that is broadcast",
        lambda e: 0 * e.error + e.error.mean(-2, keepdims=True),
        _in_batch,
    ),
    Error("the square of the error", f"the loss itself stands there; {_SQUARE}", lambda e: e.error**2),
    Error("half the square of the error", f"the loss itself stands there; {_SQUARE}", lambda e: e.error**2 / 2),
    Error("the sign of the error", "that is the derivative of the absolute error", lambda e: np.sign(e.error)),
    Error("the size of the error, without its sign", "look for abs()", lambda e: np.abs(e.error)),
    Error(
        "the error times 1 - out^2",
        "the slope of a tanh is multiplied in, and the output layer has none",
        lambda e: e.error * (1 - e.out**2),
    ),
    Error("the error times the output", _LOSS, lambda e: e.error * e.out),
    Error(
        "the error through a rectifier of the outputs",
        "a mask is multiplied in, and the output layer has none",
        lambda e: e.error * (e.out > 0),
    ),
)
OF_SQUARES = (
    Error("softmax(out) - y", "the loss is of squares, and has no softmax", lambda e: e.p - e.y),
    Error("tanh(out) - y", "the output layer has no nonlinearity", lambda e: np.tanh(e.out) - e.y),
    Error("sigmoid(out) - y", "the output layer has no nonlinearity", lambda e: 1 / (1 + np.exp(-e.out)) - e.y),
)
OF_CLASSES = (
    Error("out - onehot(y)", f"the softmax is missing; {_XENT}", lambda e: e.out - e.y),
    Error("softmax(out) - 1 in every class", f"1 is subtracted everywhere; {_XENT}", lambda e: e.p - 1),
    Error(
        "the error of the target's class alone",
        f"the other classes have an error too; {_XENT}",
        lambda e: e.error * e.y,
    ),
    Error(
        "the error of all classes but the target's",
        f"the target's class has an error too; {_XENT}",
        lambda e: e.error * (1 - e.y),
    ),
    Error(
        "the derivative in the probabilities, -onehot(y) / p",
        f"it has not been carried back through the softmax; {_XENT}",
        lambda e: -e.y / e.p,
    ),
    Error("the error times the softmax", _XENT, lambda e: e.error * e.p),
    Error("a softmax of the softmax, minus onehot(y)", "the softmax is applied twice", lambda e: _softmax(e.p) - e.y),
    Error("sigmoid(out) - onehot(y)", f"a sigmoid is no softmax; {_XENT}", lambda e: 1 / (1 + np.exp(-e.out)) - e.y),
    Error(
        "exp(out) - onehot(y), a softmax that is not normalised",
        "the division by the sum is missing",
        lambda e: np.exp(e.out) - e.y,
    ),
    Error(
        "a softmax that is normalised over batch and classes, minus onehot(y)",
        "the sum of the softmax has no axis, or one too many",
        lambda e: _softmax(e.out, (-2, -1)) - e.y,
        _in_batch,
    ),
    Error(
        "a softmax that is normalised over the timesteps, minus onehot(y)",
        "the sum of the softmax is over the wrong axis",
        lambda e: _softmax(e.out, 0) - e.y,
        _in_time,
    ),
)


# --- what the output layer hands on to the hidden one, where its own gradients are right ------------------------------


def _handed(case: Case) -> Iterator[Course]:
    if _in_time(case):
        yield _hearing("of the opposite step, counted from the other end", _ORDER, lambda d: d[::-1])
        yield _hearing("of the step before", _SHIFT, lambda d: np.roll(d, 1, 0))
        yield _hearing("of the step after", _SHIFT, lambda d: np.roll(d, -1, 0))
        yield _hearing("of the step before, and step 0 of none", _SHIFT, lambda d: np.concatenate([0 * d[:1], d[:-1]]))
        yield _hearing(
            "of the step after, and the last step of none", _SHIFT, lambda d: np.concatenate([d[1:], 0 * d[:1]])
        )
        yield _hearing(
            "of the last step at every step", "look for an index that stands still", lambda d: 0 * d + d[-1:]
        )
        yield _hearing("of step 0 at every step", "look for an index that stands still", lambda d: 0 * d + d[:1])
        yield _hearing(
            "of its own step and of all after it",
            "dL/dh_t is added up over the steps before it is carried back: look for += where = is meant",
            lambda d: np.cumsum(d[::-1], 0)[::-1],
        )


def _hearing(which: str, hint: str, change: Callable[[Array], Array]) -> Course:
    """The hidden layer gets the errors in another order, through the output's weight."""

    def taken(case: Case, reference: Reference) -> Case:
        found = pushed(case, reference, change(own(case)))
        return otherwise(case, found.named, found.adjoints)

    return Course(f"each hidden state hears of the error {which}, where its own is meant", hint, taken)
