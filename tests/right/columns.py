"""Columns: one example at a time, gate by gate; adjoints are kept and added up from the first step to the last."""

from collections.abc import Callable

import numpy as np
from gradparity.harness.problem import Problem, Tensors

from ._shared import Array, Named, last_alone


def columns(problem: Problem, tensors: Tensors) -> Named:
    """W (H, I), x (T, I, B), b (H, 1); a gate's rows of a matrix are cut out where they are used."""
    p, x, dtype = tensors.params, tensors.x, tensors.x.dtype
    d = {name: np.zeros_like(value) for name, value in p.items()}
    outputs = np.zeros((problem.T, problem.O, problem.B), dtype)
    dx, d0 = np.zeros_like(x), {name: np.zeros_like(value) for name, value in tensors.states.items()}
    loss = dtype.type(0)
    for b in range(problem.B):
        steps = [tuple(s[:, b] for s in tensors.states.values())]
        caches, errors = [], []
        for t in range(problem.T):
            state, cache = COLUMNS[problem.model][0](p, x[t, :, b], *steps[-1])
            out = p["W_hy"] @ state[0] + p["b_y"][:, 0]
            steps.append(state)
            caches.append(cache)
            outputs[t, :, b] = out
            error = np.zeros_like(out)
            if not last_alone(problem, t):
                y = tensors.y if problem.loss_on == "last" else tensors.y[t]
                if problem.loss == "mse":
                    error = out - y[:, b]
                    loss += error @ error / 2
                else:
                    log_sum = out.max() + np.log(np.exp(out - out.max()).sum())
                    loss += log_sum - out[y[b]]
                    error = np.exp(out - log_sum)
                    error[y[b]] -= 1
            errors.append(error)
        back = [np.zeros_like(s) for s in steps[0]]
        adjoints = []
        for t in reversed(range(problem.T)):
            dxs, dhs, back = COLUMNS[problem.model][1](
                p, steps[t], steps[t + 1], caches[t], back, p["W_hy"].T @ errors[t]
            )
            dx[t, :, b] = p["W_xh"].T @ dxs
            adjoints.append((dxs, dhs))
        for t, (dxs, dhs) in enumerate(adjoints[::-1]):
            d["W_xh"] += dxs[:, None] * x[t, :, b]
            d["W_hh"] += dhs[:, None] * steps[t][0]
            for name, da in zip([n for n in d if n in ("b_h", "b_xh", "b_hh")], (dxs, dhs), strict=False):
                d[name] += da[:, None]
            d["W_hy"] += errors[t][:, None] * steps[t + 1][0]
            d["b_y"] += errors[t][:, None]
        for name, value in zip(d0, back, strict=True):
            d0[name][:, b] = value
    return {"loss": np.asarray(loss), "outputs": outputs, **d, "x": dx, **d0}


def stable(a: Array) -> Array:
    """The sigmoid without overflow."""
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e))


def elman_columns(phi: Callable[[Array], Array], slope: Callable[[Array], Array]) -> tuple[Callable, Callable]:
    def forward(p: Named, x: Array, h: Array) -> tuple[tuple[Array, ...], Array]:
        a = p["b_h"][:, 0] + p["W_hh"] @ h + p["W_xh"] @ x
        return (phi(a),), a

    def backward(p: Named, old: tuple, new: tuple, a: Array, back: list[Array], dh: Array) -> tuple[Array, Array, list]:
        da = slope(a) * (back[0] + dh)
        return da, da, [p["W_hh"].T @ da]

    return forward, backward


def lstm_columns_forward(p: Named, x: Array, h: Array, c: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    H = len(h)
    i, f, g, o = (
        p["W_xh"][k : k + H] @ x + (p["W_hh"][k : k + H] @ h + p["b_h"][k : k + H, 0]) for k in range(0, 4 * H, H)
    )
    i, f, g, o = stable(i), stable(f), np.tanh(g), stable(o)
    new = f * c + i * g
    return (np.tanh(new) * o, new), (i, f, g, o)


def lstm_columns_backward(
    p: Named, old: tuple, new: tuple, cache: tuple[Array, ...], back: list[Array], dh: Array
) -> tuple[Array, Array, list[Array]]:
    (i, f, g, o), dh, s = cache, dh + back[0], np.tanh(new[1])
    dc = back[1] + (1 - s) * (1 + s) * (o * dh)
    da = np.concatenate(
        [i * (1 - i) * (g * dc), f * (1 - f) * (old[1] * dc), (1 - g * g) * (i * dc), o * (1 - o) * s * dh]
    )
    return da, da, [p["W_hh"].T @ da, f * dc]


def gru_columns_forward(p: Named, x: Array, h: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    xr, xz, xn = np.split(p["W_xh"] @ x + p["b_xh"][:, 0], 3)
    hr, hz, hn = np.split(p["W_hh"] @ h + p["b_hh"][:, 0], 3)
    r, z = stable(hr + xr), stable(hz + xz)
    n = np.tanh(r * hn + xn)
    return (z * h + (1 - z) * n,), (r, z, n, hn)


def gru_columns_backward(
    p: Named, old: tuple, new: tuple, cache: tuple[Array, ...], back: list[Array], dh: Array
) -> tuple[Array, Array, list[Array]]:
    (r, z, n, hn), dh = cache, dh + back[0]
    dn, dz = (1 - n * n) * ((1 - z) * dh), z * (1 - z) * ((old[0] - n) * dh)
    dr = r * (1 - r) * (hn * dn)
    dhs = np.concatenate([dr, dz, dn * r])
    return np.concatenate([dr, dz, dn]), dhs, [z * dh + p["W_hh"].T @ dhs]


COLUMNS = {
    "rnn": elman_columns(np.tanh, lambda a: 1 / np.cosh(a) ** 2),
    "rnn_relu": elman_columns(lambda a: np.where(a > 0, a, 0), lambda a: np.where(a > 0, a.dtype.type(1), 0)),
    "lstm": (lstm_columns_forward, lstm_columns_backward),
    "gru": (gru_columns_forward, gru_columns_backward),
}
