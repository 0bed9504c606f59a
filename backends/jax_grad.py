"""JAX: lax.scan under jax.grad, jitted. Double precision is switched on for the call only, never for the process."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from ._contract import Backend

if TYPE_CHECKING:
    import jax

    from ..harness.gradients import Gradients
    from ..harness.problem import LossOn, Problem, Tensors


PROGRAMS = 200  # kept at a time: each maps some 85 regions of memory, and Linux allows a process 65,530
_kept: set[tuple] = set()


def gradients(problem: "Problem", tensors: "Tensors") -> "Gradients":
    """Gradients in the tensors' dtype. The adjoints are the gradients in a zero that is added to every h_t."""
    import jax

    from ..harness.gradients import Gradients

    make_room((problem.model, problem.loss, problem.loss_on, problem.dtype, *problem.sizes.values()))
    zero = np.zeros((problem.T, problem.B, problem.H), problem.dtype)
    leaves = {**tensors.params, **tensors.states, "x": tensors.x, "adjoint_h": zero}
    with double_precision(problem.dtype == "float64"), jax.default_matmul_precision("highest"):
        (loss, outputs), found = compiled(problem.model, problem.loss, problem.loss_on)(leaves, tensors.y)
        named = {name: np.asarray(value) for name, value in found.items()}
        adjoint = named.pop("adjoint_h")
        return Gradients(np.asarray(loss), np.asarray(outputs), named, adjoints={"adjoint_h": adjoint})


def make_room(program: tuple) -> None:
    """Drop all compiled programs before there are more than the system has room for."""
    import jax

    if program not in _kept and len(_kept) >= PROGRAMS:
        jax.clear_caches()
        _kept.clear()
    _kept.add(program)


def double_precision(on: bool) -> Any:
    """A context in which x64 is on or off; afterwards the caller's own setting is back."""
    import jax

    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(on)
    return import_module("jax.experimental").enable_x64(on)  # its home until jax 0.8


@cache
def compiled(model: str, loss: str, loss_on: "LossOn") -> Callable:
    """The jitted value and gradient of one model and loss; jit itself caches one program per shape and dtype."""
    import jax
    from jax import nn
    from jax import numpy as jnp

    from ..harness.problem import supervised

    def rnn(w, carry, x_t, eps, phi=jnp.tanh):
        (h,) = carry
        h = phi(x_t @ w["W_xh"] + h @ w["W_hh"] + w["b_h"]) + eps
        return (h,), h

    def rnn_relu(w, carry, x_t, eps):
        return rnn(w, carry, x_t, eps, phi=nn.relu)

    def lstm(w, carry, x_t, eps):
        h, c = carry
        i, f, g, o = jnp.split(x_t @ w["W_xh"] + h @ w["W_hh"] + w["b_h"], 4, axis=-1)
        c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
        h = nn.sigmoid(o) * jnp.tanh(c) + eps
        return (h, c), h

    def gru(w, carry, x_t, eps):
        (h,) = carry
        x_r, x_z, x_n = jnp.split(x_t @ w["W_xh"] + w["b_xh"], 3, axis=-1)
        h_r, h_z, h_n = jnp.split(h @ w["W_hh"] + w["b_hh"], 3, axis=-1)
        r, z = nn.sigmoid(x_r + h_r), nn.sigmoid(x_z + h_z)
        n = jnp.tanh(x_n + r * h_n)
        h = (1 - z) * n + z * h + eps
        return (h,), h

    step = {"rnn": rnn, "rnn_relu": rnn_relu, "lstm": lstm, "gru": gru}[model]

    def loss_and_outputs(w: dict[str, "jax.Array"], y: "jax.Array"):
        first = (w["h0"], w["c0"]) if "c0" in w else (w["h0"],)
        _, h = jax.lax.scan(lambda carry, at: step(w, carry, *at), first, (w["x"], w["adjoint_h"]))
        outputs = h @ w["W_hy"] + w["b_y"]
        seen = outputs[supervised(loss_on)]
        if loss == "mse":
            return 0.5 * jnp.sum((seen - y) ** 2), outputs
        chosen = jnp.take_along_axis(nn.log_softmax(seen), y[..., None], axis=-1)
        return -jnp.sum(chosen), outputs

    return jax.jit(jax.value_and_grad(loss_and_outputs, has_aux=True))


BACKEND = Backend(
    name="jax",
    title="lax.scan under jax.grad, jitted",
    gradients=gradients,
    models=("rnn", "rnn_relu", "lstm", "gru"),
    needs=("jax", "jaxlib"),
    extra="jax",
    adjoints=True,
    precision=lambda: "matmul highest",
    rank=12,
)
