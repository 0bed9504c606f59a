"""PyTensor, Theano's successor: pytensor.scan and pytensor.grad, the graph run by Python thunks.

Shapes are symbolic, so that one compilation serves every size. What is compared is the graph that grad builds, and on
small problems the cheapest way to run it is not to compile it: for an LSTM, Python thunks are ready in 1 s, while the
C linker took 20 to 40 s and the numba linker 45 to 85 s on their first run; a pass over 7 steps then takes 10 ms, 1 ms
and 0.2 ms. No C compiler is needed, and PyTensor's caches get nothing but its own loop driver.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ._contract import Backend

if TYPE_CHECKING:
    from ..harness.gradients import Gradients
    from ..harness.problem import LossOn, Problem, Tensors

RANKS = {"W_xh": 2, "W_hh": 2, "W_hy": 2, "x": 3, "h0": 2, "c0": 2, "adjoint_h": 3}  # of the tensors; a bias has 1


def gradients(problem: "Problem", tensors: "Tensors") -> "Gradients":
    """Gradients in the tensors' dtype. The adjoints are the gradients in a zero that is added to every h_t."""
    from ..harness.gradients import Gradients

    zero = np.zeros((problem.T, problem.B, problem.H), problem.dtype)
    leaves = {**tensors.params, **tensors.states, "x": tensors.x, "adjoint_h": zero}
    run = compiled(problem.model, problem.loss, problem.loss_on, problem.dtype, tuple(leaves))
    loss, outputs, *found = run(*leaves.values(), tensors.y)
    named = dict(zip(leaves, found, strict=True))
    adjoint = named.pop("adjoint_h")
    return Gradients(loss, outputs, named, adjoints={"adjoint_h": adjoint})


@cache
def compiled(model: str, loss: str, loss_on: "LossOn", dtype: str, names: tuple[str, ...]) -> Callable[..., list]:
    """The function from the named leaves and the targets to the loss, the outputs and the gradient of every leaf.

    Every variable carries its dtype, so that the caller's floatX is neither read nor changed.
    """
    from ..harness.problem import supervised

    pytensor = untyped()
    with pytensor.config.change_flags(traceback__limit=0):  # every node would keep the stack it was made in
        w = {name: pytensor.tensor.tensor(name, dtype=dtype, shape=(None,) * RANKS.get(name, 1)) for name in names}
        outputs = forward(model, w)
        seen = outputs[supervised(loss_on)]
        total, y = loss_of(loss, seen, dtype)
        found = pytensor.grad(total, list(w.values()))
        return pytensor.function([*w.values(), y], [total, outputs, *found], mode=python_mode())


def untyped() -> Any:
    """The package without its annotations, which know neither its functions nor what its variables can do."""
    import pytensor

    return pytensor


def python_mode() -> Any:
    """Python thunks behind the few rewrites that need no compiler."""
    from pytensor.compile.mode import Mode
    from pytensor.graph.rewriting.db import RewriteDatabaseQuery
    from pytensor.link.vm import VMLinker

    rewrites = RewriteDatabaseQuery(include=["fast_compile", "py_only"])
    return Mode(linker=VMLinker(use_cloop=False, c_thunks=False), optimizer=rewrites)


def loss_of(name: str, out: Any, dtype: str) -> tuple[Any, Any]:
    """The summed loss and the variable of its targets.

    The logarithm of the softmax is written out, since PyTensor's own is an operator that compiles itself with numba.
    """
    pt = untyped().tensor
    if name == "mse":
        y = pt.tensor("y", dtype=dtype, shape=(None,) * out.ndim)
        return ((out - y) ** 2).sum() / 2, y
    y = pt.tensor("y", dtype="int64", shape=(None,) * (out.ndim - 1))
    shifted = out - out.max(axis=-1, keepdims=True)
    log_p = shifted - pt.log(pt.exp(shifted).sum(axis=-1, keepdims=True))
    return -pt.take_along_axis(log_p, y[..., None], axis=-1).sum(), y


def forward(model: str, w: dict[str, Any]) -> Any:
    """Outputs (T, B, O), by a scan over time. The input's share of all pre-activations is one product before it."""
    pytensor = untyped()
    pt = pytensor.tensor

    def rnn(xs, eps, h, phi=pt.tanh):
        return phi(xs + h @ w["W_hh"]) + eps

    def rnn_relu(xs, eps, h):
        return rnn(xs, eps, h, phi=lambda a: pt.switch(a > 0, a, 0))

    def lstm(xs, eps, h, c):
        i, f, g, o = blocks(xs + h @ w["W_hh"], 4)
        c = pt.sigmoid(f) * c + pt.sigmoid(i) * pt.tanh(g)
        return pt.sigmoid(o) * pt.tanh(c) + eps, c

    def gru(xs, eps, h):
        x_r, x_z, x_n = blocks(xs, 3)
        h_r, h_z, h_n = blocks(h @ w["W_hh"] + w["b_hh"], 3)
        r, z = pt.sigmoid(x_r + h_r), pt.sigmoid(x_z + h_z)
        n = pt.tanh(x_n + r * h_n)
        return (1 - z) * n + z * h + eps

    states = [w[name] for name in ("h0", "c0") if name in w]
    xs = w["x"] @ w["W_xh"] + w["b_xh" if "b_xh" in w else "b_h"]
    step = {"rnn": rnn, "rnn_relu": rnn_relu, "lstm": lstm, "gru": gru}[model]
    h, *_ = pytensor.scan(
        step, [xs, w["adjoint_h"]], states, mode=python_mode(), return_list=True, return_updates=False
    )
    return h @ w["W_hy"] + w["b_y"]


def blocks(a: Any, count: int) -> list[Any]:
    """The gate blocks along the last axis: (B, count * H) -> count times (B, H)."""
    H = a.shape[-1] // count
    return [a[:, k * H : (k + 1) * H] for k in range(count)]


BACKEND = Backend(
    name="pytensor",
    title="PyTensor (Theano's successor): scan and grad",
    gradients=gradients,
    models=("rnn", "rnn_relu", "lstm", "gru"),
    needs=("pytensor",),
    extra="pytensor",
    adjoints=True,
    rank=20,
)
