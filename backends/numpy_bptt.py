"""Backpropagation through time, derived by hand. The reference that every other backend is read against.

Row vectors, time first. States are stored with the initial one in front: h[t] is the state that step t starts from and
h[t + 1] the state it makes. `d` before a name is the gradient of the loss in it, so dh[t] is the adjoint of h[t + 1].
The products with W_xh, and those that make the weights' gradients, need no order in time and are done for all steps at
once, before and after the loop.

Sources: Werbos (1990), Backpropagation through time, for the recursion; Hochreiter and Schmidhuber (1997) with Gers et
al. (2000), equations 1 to 6, for the LSTM; Cho et al. (2014), equations 5 to 8, for the GRU, with the reset gate after
the product as in cuDNN.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._contract import FLOATS, Backend

if TYPE_CHECKING:
    from ..harness.gradients import Gradients
    from ..harness.problem import Problem, Tensors

Array = np.ndarray
Params = Mapping[str, Array]
Named = dict[str, Array]
Backward = Callable[[Array], Named]


class Pass(NamedTuple):
    """A forward pass: its hidden states h, (T + 1, B, H), and the function that takes dL/dh, (T, B, H), back.

    The backward function adds what flows back through time to dh in place, so that dh ends as the adjoints, and returns
    the gradients of W_xh, W_hh, the hidden biases, x and the initial states, with the adjoints of the pre-activations.
    """

    h: Array
    backward: Backward


def gradients(problem: "Problem", tensors: "Tensors") -> "Gradients":
    """Loss, outputs and every gradient of a problem, with the adjoints dL/dh_t, in the dtype of the tensors."""
    from ..harness.gradients import Gradients

    p = tensors.params
    with np.errstate(over="ignore", under="ignore"):  # exp(-a) of a closed gate: 1 / (1 + inf) = 0 is right
        h, backward = FORWARD[problem.model](p, tensors.x, **tensors.states)
        outputs = h[1:] @ p["W_hy"] + p["b_y"]  # (T, B, O)
        loss, dy = LOSS[problem.loss](outputs[problem.supervised], tensors.y)
        dout = np.zeros_like(outputs)
        dout[problem.supervised] = dy
        dh = dout @ p["W_hy"].T  # (T, B, H)
        inner = backward(dh)
        inside = {name: inner.pop(name) for name in list(inner) if name.startswith("adjoint")}
        named = {"W_hy": flat(h[1:]).T @ flat(dout), "b_y": flat(dout).sum(0), **inner}
    return Gradients(loss, outputs, named, {"adjoint_out": dout, "adjoint_h": dh, **inside}, states={"h": h})


# --- losses: the loss and its gradient in the outputs ---------------------------------------------------------------


def mse(out: Array, y: Array) -> tuple[Array, Array]:
    """L = 0.5 * sum((out - y)^2)."""
    dout = out - y
    return 0.5 * (dout * dout).sum(), dout


def softmax_xent(out: Array, y: Array) -> tuple[Array, Array]:
    """L = -sum log softmax(out)[y]; dL/dout = softmax(out) - onehot(y)."""
    shifted = out - out.max(-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(-1, keepdims=True))
    log_p = shifted - log_sum
    onehot = y[..., None] == np.arange(out.shape[-1])
    return -log_p[onehot].sum(), np.exp(log_p) - onehot


# --- rnn: a_t = x_t W_xh + h_(t-1) W_hh + b_h, h_t = phi(a_t) --------------------------------------------------------


def rnn(p: Params, x: Array, h0: Array) -> Pass:
    """The tanh network; tanh'(a) = 1 - h^2."""
    return elman(p, x, h0, np.tanh, lambda h: 1 - h * h)


def rnn_relu(p: Params, x: Array, h0: Array) -> Pass:
    """The rectified network; the derivative at the kink is 0, as in torch and jax."""
    return elman(p, x, h0, lambda a: np.maximum(a, 0), lambda h: (h > 0).astype(h.dtype))


def elman(p: Params, x: Array, h0: Array, phi: Callable[[Array], Array], slope: Callable[[Array], Array]) -> Pass:
    """A simple recurrent network; `slope` gives phi' from h = phi(a)."""
    T, W_hh = len(x), p["W_hh"]
    xs = x @ p["W_xh"] + p["b_h"]  # (T, B, H)
    h = states(T, h0)
    for t in range(T):
        h[t + 1] = phi(xs[t] + h[t] @ W_hh)

    def backward(dh: Array) -> Named:
        da = np.empty_like(dh)
        dh_next = np.zeros_like(h0)
        for t in reversed(range(T)):
            dh[t] += dh_next
            da[t] = dh[t] * slope(h[t + 1])
            dh_next = da[t] @ W_hh.T
        return {
            "W_xh": flat(x).T @ flat(da),
            "W_hh": flat(h[:-1]).T @ flat(da),
            "b_h": flat(da).sum(0),
            "x": da @ p["W_xh"].T,
            "h0": dh_next,
            "adjoint_a": da,
        }

    return Pass(h, backward)


# --- lstm: c_t = f c_(t-1) + i g, h_t = o tanh(c_t) ------------------------------------------------------------------


def lstm(p: Params, x: Array, h0: Array, c0: Array) -> Pass:
    """Gates in blocks i, f, g, o along the last axis; sigmoid'(a) = s (1 - s)."""
    T, H, W_hh = len(x), h0.shape[-1], p["W_hh"]
    gates = x @ p["W_xh"] + p["b_h"]  # (T, B, 4H): pre-activations first, then the gates themselves
    h, c = states(T, h0), states(T, c0)
    tanh_c = np.empty_like(c[1:])
    for t in range(T):
        a = gates[t]
        a += h[t] @ W_hh
        a[:, : 2 * H] = sigmoid(a[:, : 2 * H])
        a[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
        a[:, 3 * H :] = sigmoid(a[:, 3 * H :])
        i, f, g, o = blocks(a, 4)
        c[t + 1] = f * c[t] + i * g
        tanh_c[t] = np.tanh(c[t + 1])
        h[t + 1] = o * tanh_c[t]

    def backward(dh: Array) -> Named:
        da = np.empty_like(gates)
        dh_next, dc_next = np.zeros_like(h0), np.zeros_like(c0)
        for t in reversed(range(T)):
            i, f, g, o = blocks(gates[t], 4)
            da_i, da_f, da_g, da_o = blocks(da[t], 4)
            dh[t] += dh_next
            dc = dc_next + dh[t] * o * (1 - tanh_c[t] * tanh_c[t])
            da_i[:] = dc * g * i * (1 - i)
            da_f[:] = dc * c[t] * f * (1 - f)
            da_g[:] = dc * i * (1 - g * g)
            da_o[:] = dh[t] * tanh_c[t] * o * (1 - o)
            dc_next = dc * f
            dh_next = da[t] @ W_hh.T
        return {
            "W_xh": flat(x).T @ flat(da),
            "W_hh": flat(h[:-1]).T @ flat(da),
            "b_h": flat(da).sum(0),
            "x": da @ p["W_xh"].T,
            "h0": dh_next,
            "c0": dc_next,
            "adjoint_a": da,
        }

    return Pass(h, backward)


# --- gru: n = tanh(x W_n + b_xn + r (h W_n + b_hn)), h_t = (1 - z) n + z h_(t-1) -------------------------------------


def gru(p: Params, x: Array, h0: Array) -> Pass:
    """Gates in blocks r, z, n; the input's and the state's shares of the pre-activations, xs and hs, stay apart."""
    T, H, W_hh = len(x), h0.shape[-1], p["W_hh"]
    gates = x @ p["W_xh"] + p["b_xh"]  # (T, B, 3H): xs first, then the gates themselves
    hs_n = np.empty_like(gates[..., :H])
    h = states(T, h0)
    for t in range(T):
        r, z, n = blocks(gates[t], 3)
        hs = h[t] @ W_hh + p["b_hh"]
        gates[t, :, : 2 * H] = sigmoid(gates[t, :, : 2 * H] + hs[:, : 2 * H])
        hs_n[t] = hs[:, 2 * H :]
        n[:] = np.tanh(n + r * hs_n[t])
        h[t + 1] = (1 - z) * n + z * h[t]

    def backward(dh: Array) -> Named:
        dxs, dhs = np.empty_like(gates), np.empty_like(gates)
        dh_next = np.zeros_like(h0)
        for t in reversed(range(T)):
            r, z, n = blocks(gates[t], 3)
            dxs_r, dxs_z, dxs_n = blocks(dxs[t], 3)
            dh[t] += dh_next
            dxs_n[:] = dh[t] * (1 - z) * (1 - n * n)
            dxs_z[:] = dh[t] * (h[t] - n) * z * (1 - z)
            dxs_r[:] = dxs_n * hs_n[t] * r * (1 - r)
            dhs[t] = dxs[t]
            dhs[t, :, 2 * H :] *= r
            dh_next = dh[t] * z + dhs[t] @ W_hh.T
        return {
            "W_xh": flat(x).T @ flat(dxs),
            "W_hh": flat(h[:-1]).T @ flat(dhs),
            "b_xh": flat(dxs).sum(0),
            "b_hh": flat(dhs).sum(0),
            "x": dxs @ p["W_xh"].T,
            "h0": dh_next,
            "adjoint_xs": dxs,
            "adjoint_hs": dhs,
        }

    return Pass(h, backward)


# --- the few shapes that all of them share ---------------------------------------------------------------------------


def states(T: int, first: Array) -> Array:
    """Room for the states of T steps behind the first one: (T + 1, B, H)."""
    room = np.empty_like(first, shape=(T + 1, *first.shape))
    room[0] = first
    return room


def flat(a: Array) -> Array:
    """Time and batch as one axis: (T, B, K) -> (T * B, K)."""
    return a.reshape(-1, a.shape[-1])


def blocks(a: Array, count: int) -> list[Array]:
    """Views of the gate blocks along the last axis: (B, count * H) -> count times (B, H)."""
    H = a.shape[-1] // count
    return [a[..., k * H : (k + 1) * H] for k in range(count)]


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


FORWARD: dict[str, Callable[..., Pass]] = {"rnn": rnn, "rnn_relu": rnn_relu, "lstm": lstm, "gru": gru}
LOSS = {"mse": mse, "softmax_xent": softmax_xent}

BACKEND = Backend(
    name="numpy",
    title="backpropagation through time, derived by hand",
    gradients=gradients,
    models=tuple(FORWARD),
    dtypes=(*FLOATS, "longdouble"),
    adjoints=True,
    rank=0,
)
