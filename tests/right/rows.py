"""Rows: a loop over time and back, every gradient added to as it comes; x (T, B, I), W (I, H)."""

from collections.abc import Callable

import numpy as np
from gradparity.harness.problem import Problem, Tensors

from ._shared import Array, Named, last_alone, sigmoid


def rows(problem: Problem, tensors: Tensors) -> Named:
    p, x = tensors.params, tensors.x
    forward, backward = ROWS[problem.model]
    state = tuple(tensors.states.values())
    kept, outputs, errors, loss = [], [], [], x.dtype.type(0)
    for t, x_t in enumerate(x):
        state, cache = forward(p, x_t, *state)
        out = state[0] @ p["W_hy"] + p["b_y"]
        error = np.zeros_like(out)
        if not last_alone(problem, t):
            y = tensors.y if problem.loss_on == "last" else tensors.y[t]
            if problem.loss == "mse":
                error = out - y
                loss += (error**2).sum() / 2
            else:
                shifted = out - out.max(1, keepdims=True)
                e = np.exp(shifted)
                loss += (np.log(e.sum(1)) - shifted[range(len(y)), y]).sum()
                error = e / e.sum(1, keepdims=True)
                error[range(len(y)), y] -= 1
        kept.append((cache, state[0]))
        outputs.append(out)
        errors.append(error)
    d = {name: np.zeros_like(value) for name, value in p.items()}
    dx, back = np.zeros_like(x), tuple(np.zeros_like(s) for s in state)
    for t in reversed(range(problem.T)):
        cache, h = kept[t]
        d["W_hy"] += h.T @ errors[t]
        d["b_y"] += errors[t].sum(0)
        dx[t], back = backward(p, d, x[t], cache, errors[t] @ p["W_hy"].T + back[0], *back[1:])
    named = dict(zip(tensors.states, back, strict=True))
    return {"loss": np.asarray(loss), "outputs": np.stack(outputs), **d, "x": dx, **named}


def elman_rows(phi: Callable[[Array], Array], slope: Callable[[Array], Array]) -> tuple[Callable, Callable]:
    def forward(p: Named, x: Array, h: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        new = phi(x @ p["W_xh"] + h @ p["W_hh"] + p["b_h"])
        return (new,), (h, new)

    def backward(p: Named, d: Named, x: Array, cache: tuple[Array, ...], dh: Array) -> tuple[Array, tuple[Array, ...]]:
        h, new = cache
        da = dh * slope(new)
        d["W_xh"] += x.T @ da
        d["W_hh"] += h.T @ da
        d["b_h"] += da.sum(0)
        return da @ p["W_xh"].T, (da @ p["W_hh"].T,)

    return forward, backward


def lstm_rows_forward(p: Named, x: Array, h: Array, c: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    a = np.hstack([x, h]) @ np.vstack([p["W_xh"], p["W_hh"]]) + p["b_h"]
    i, f, g, o = np.split(a, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    new = i * g + f * c
    return (o * np.tanh(new), new), (h, c, i, f, g, o, new)


def lstm_rows_backward(
    p: Named, d: Named, x: Array, cache: tuple[Array, ...], dh: Array, dc: Array
) -> tuple[Array, tuple[Array, ...]]:
    h, c, i, f, g, o, new = cache
    dc = dc + dh * o / np.cosh(new) ** 2
    da = np.hstack([dc * g * (i - i**2), dc * c * (f - f**2), dc * i * (1 - g**2), dh * np.tanh(new) * (o - o**2)])
    d["W_xh"] += x.T @ da
    d["W_hh"] += h.T @ da
    d["b_h"] += da.sum(0)
    return da @ p["W_xh"].T, (da @ p["W_hh"].T, dc * f)


def gru_rows_forward(p: Named, x: Array, h: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    xr, xz, xn = np.split(x @ p["W_xh"] + p["b_xh"], 3, axis=1)
    hr, hz, hn = np.split(h @ p["W_hh"] + p["b_hh"], 3, axis=1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return (n + z * (h - n),), (h, r, z, n, hn)


def gru_rows_backward(
    p: Named, d: Named, x: Array, cache: tuple[Array, ...], dh: Array
) -> tuple[Array, tuple[Array, ...]]:
    h, r, z, n, hn = cache
    dn = (dh - dh * z) * (1 - n) * (1 + n)
    dz = dh * h * z * (1 - z) - dh * n * z * (1 - z)
    dr = dn * hn * (r * (1 - r))
    dxs, dhs = np.hstack([dr, dz, dn]), np.hstack([dr, dz, r * dn])
    d["W_xh"] += x.T @ dxs
    d["W_hh"] += h.T @ dhs
    d["b_xh"] += dxs.sum(0)
    d["b_hh"] += dhs.sum(0)
    return dxs @ p["W_xh"].T, (dhs @ p["W_hh"].T + dh * z,)


ROWS = {
    "rnn": elman_rows(np.tanh, lambda h: 1 - h**2),
    "rnn_relu": elman_rows(lambda a: a * (a > 0), lambda h: h > 0),
    "lstm": (lstm_rows_forward, lstm_rows_backward),
    "gru": (gru_rows_forward, gru_rows_backward),
}
