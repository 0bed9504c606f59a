"""The forward pass of the oracles, for complex and long double numbers alike, with many perturbations side by side.

Every tensor has an axis of perturbations in front: n where that tensor is the one being perturbed, 1 where it is
shared. It owes nothing to numpy_bptt, so that a fault in the one cannot hide in the other. Products with W_xh and W_hy
are done step by step, which keeps the memory of a perturbation at its outputs and a few (B, G * H) temporaries for G
gate blocks.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from ..harness.problem import Problem, Tensors

Array = np.ndarray
Leaves = Mapping[str, Array]
Moved = Callable[[complex | np.inexact], Array]  # a step -> the losses when n coordinates are moved by it, (n, terms)
Rule = Callable[[Moved], tuple[Array, ...]]
Step = Callable[..., tuple[Array, ...]]  # weights, what stands at this step, then the states -> the states it makes
CHUNK_BYTES = 2**23  # memory of the perturbations done at once: what a cache holds was faster than 64 MB
SECONDS = 10.0  # that an oracle may take on one core


class Pass(NamedTuple):
    """Hidden states (n, T, B, H), outputs (n, T, B, O) and the loss of every step that has one, (n, T, B) or (n, B)."""

    h: Array
    outputs: Array
    losses: Array


def leaves(problem: "Problem", tensors: "Tensors", dtype: type[np.inexact]) -> dict[str, Array]:
    """Everything that can be perturbed, each with an axis of length 1 in front.

    The zero `adjoint_h`, (1, T, B, H), is added to every h_t: the gradient in it is the adjoint dL/dh_t.
    """
    zero = np.zeros((problem.T, problem.B, problem.H))
    found = {**tensors.params, **tensors.states, "x": tensors.x, "adjoint_h": zero}
    return {name: value.astype(dtype)[None] for name, value in found.items()}


def forward(problem: "Problem", w: Leaves, y: Array, step: Step | None = None) -> Pass:
    """The forward pass of all perturbations.

    Args:
        w: from `leaves`; "active", (1, T, B, H), where it is there, says which rectifiers are open, come what may.
        y: the targets as the problem has them, without an axis of perturbations.
        step: of a variant of the model; the model's own unless given.
    """
    step, state = step or STEP[problem.model], tuple(w[name] for name in ("h0", "c0") if name in w)
    hidden, outputs = [], []
    for t in range(problem.T):
        at_t = {name: w[name][:, t] for name in ("x", "active") if name in w}
        state = step(w, at_t, *state)
        state = (state[0] + w["adjoint_h"][:, t], *state[1:])
        hidden.append(state[0])
        outputs.append(product(state[0], w["W_hy"]) + w["b_y"][:, None])
    out = np.stack(outputs, axis=1)
    return Pass(np.stack(hidden, axis=1), out, LOSS[problem.loss](out[:, problem.supervised], y))


# --- every coordinate of every tensor, moved by itself ---------------------------------------------------------------


def sweep(
    problem: "Problem", w: Leaves, y: Array, rule: Rule, step: Step | None = None, names: Collection[str] = ()
) -> dict[str, tuple[Array, ...]]:
    """What `rule` makes of every tensor that is asked for, and of the adjoints, in each tensor's own shape.

    `rule` is called for n coordinates at a time; `moved(step)` gives it the losses with each of them moved by itself.
    """
    moving = [spec for spec in (*problem.asked, *problem.spec.adjoints) if not names or spec.name in names]
    return {spec.name: _sweep_tensor(problem, w, y, rule, spec.name, step) for spec in moving}


def _sweep_tensor(
    problem: "Problem", w: Leaves, y: Array, rule: Rule, name: str, step: Step | None
) -> tuple[Array, ...]:
    parts = [rule(_mover(problem, w, y, name, some, step)) for some in _chunks(problem, w[name])]
    return tuple(np.concatenate(part).reshape(w[name].shape[1:]) for part in zip(*parts, strict=True))


def _mover(problem: "Problem", w: Leaves, y: Array, name: str, coordinates: range, step: Step | None) -> Moved:
    n = len(coordinates)

    def moved(by: complex | np.inexact) -> Array:
        tensor = np.repeat(w[name].reshape(1, -1), n, axis=0)
        tensor[np.arange(n), coordinates] += by
        perturbed = {**w, name: tensor.reshape(n, *w[name].shape[1:])}
        return forward(problem, perturbed, y, step).losses.reshape(n, -1)

    return moved


def _chunks(problem: "Problem", tensor: Array) -> Iterator[range]:
    """The coordinates of a tensor, as many at a time as CHUNK_BYTES has room for."""
    p = problem
    step = p.B * (8 * gate_count(p) * p.H + p.I)
    size = max(1, CHUNK_BYTES // (tensor.itemsize * (tensor.size + p.T * p.B * (p.H + 2 * p.O) + step)))
    return (range(first, min(first + size, tensor.size)) for first in range(0, tensor.size, size))


def gate_count(problem: "Problem") -> int:
    return max(1, len(problem.spec.gates))


def too_large(problem: "Problem", passes: int, multiply_ns: float, unit_ns: float) -> str:
    """Why a problem is too large for an oracle of so many forward passes per coordinate; "" when it is not.

    `multiply_ns` is what one multiply-add takes, `unit_ns` one gate of one hidden unit, on one core.
    """
    p, units = problem, gate_count(problem) * problem.H
    coordinates = sum(spec.count(p.sizes) for spec in (*p.asked, *p.spec.adjoints))
    step = multiply_ns * ((p.I + p.H) * units + p.H * p.O) + unit_ns * (units + p.O + 2)
    seconds = 1e-9 * coordinates * passes * p.T * p.B * step
    if seconds <= SECONDS:
        return ""
    each = "a forward pass" if passes == 1 else f"{passes} forward passes"
    return f"too large for an oracle: {coordinates:,} perturbations of {each} each; about {ceil(seconds):,} s"


# --- one step of every model: (n, B, H) -> (n, B, H), for each of its states ------------------------------------------


def rnn(w: Leaves, at_t: Leaves, h: Array) -> tuple[Array]:
    return (np.tanh(product(at_t["x"], w["W_xh"]) + product(h, w["W_hh"]) + w["b_h"][:, None]),)


def rnn_relu(w: Leaves, at_t: Leaves, h: Array) -> tuple[Array]:
    a = product(at_t["x"], w["W_xh"]) + product(h, w["W_hh"]) + w["b_h"][:, None]
    return (np.where(at_t.get("active", a > 0), a, 0),)


def lstm(w: Leaves, at_t: Leaves, h: Array, c: Array) -> tuple[Array, Array]:
    a = product(at_t["x"], w["W_xh"]) + product(h, w["W_hh"]) + w["b_h"][:, None]
    i, f, g, o = np.split(a, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(w: Leaves, at_t: Leaves, h: Array) -> tuple[Array]:
    x_r, x_z, x_n = np.split(product(at_t["x"], w["W_xh"]) + w["b_xh"][:, None], 3, axis=-1)
    h_r, h_z, h_n = np.split(product(h, w["W_hh"]) + w["b_hh"][:, None], 3, axis=-1)
    z = sigmoid(x_z + h_z)
    n = np.tanh(x_n + sigmoid(x_r + h_r) * h_n)
    return (n + z * (h - n),)


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), by whichever of exp(a) and exp(-a) is at most 1 in size: no overflow and no cancellation."""
    positive = np.real(a) >= 0
    small = np.exp(np.where(positive, -a, a))
    return np.where(positive, 1, small) / (1 + small)


def product(a: Array, w: Array) -> Array:
    """(n, B, K) @ (n, K, M); a matrix that all perturbations share is used in one product, not in n small ones."""
    if len(w) > 1:
        return a @ w
    return (a.reshape(-1, a.shape[-1]) @ w[0]).reshape(*a.shape[:-1], w.shape[-1])


# --- losses, not yet summed: a term that a perturbation does not reach then cancels exactly ---------------------------


def mse(out: Array, y: Array) -> Array:
    """0.5 * (out - y)^2 without a modulus, as complex steps need it: (n, ..., O) -> (n, ...)."""
    return 0.5 * ((out - y) ** 2).sum(-1)


def softmax_xent(out: Array, y: Array) -> Array:
    """log sum exp(out) - out[y]; only the real part of the maximum is subtracted: (n, ..., O) -> (n, ...)."""
    shifted = out - np.real(out).max(-1, keepdims=True)
    chosen = np.take_along_axis(shifted, np.broadcast_to(y[..., None], (*shifted.shape[:-1], 1)), axis=-1)
    return np.log(np.exp(shifted).sum(-1)) - chosen[..., 0]


STEP: dict[str, Step] = {"rnn": rnn, "rnn_relu": rnn_relu, "lstm": lstm, "gru": gru}
LOSS: dict[str, Callable[[Array, Array], Array]] = {"mse": mse, "softmax_xent": softmax_xent}
