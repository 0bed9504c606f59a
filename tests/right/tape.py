"""Tape: as automatic differentiation goes, in torch's layout, by einsum, all sums once at the end."""

from collections.abc import Callable, Mapping

import numpy as np
from gradparity.harness.problem import Problem, Tensors

from ._shared import Array, Named, sigmoid


def tape(problem: Problem, tensors: Tensors) -> Named:
    """weight_ih_l0 (4H, I) and two biases; every operation's pullback, the last operation's first."""
    p, x = tensors.params, tensors.x
    state = tuple(tensors.states.values())
    hs, caches = [state[0]], []
    for x_t in x:
        xs = np.einsum("bi,hi->bh", x_t, p["weight_ih_l0"]) + p["bias_ih_l0"]
        state, cache = TAPE[problem.model][0](
            xs, np.einsum("bk,hk->bh", state[0], p["weight_hh_l0"]) + p["bias_hh_l0"], *state
        )
        hs.append(state[0])
        caches.append(cache)
    h = np.stack(hs)
    outputs = np.einsum("tbh,oh->tbo", h[1:], p["weight_hy"]) + p["bias_hy"]
    loss, error = taped_loss(problem, outputs[problem.supervised], tensors.y)
    errors = np.zeros_like(outputs)
    errors[problem.supervised] = error
    back = tuple(np.zeros_like(s) for s in state)
    dxs, dhs = [], []
    for t in reversed(range(problem.T)):
        dh = back[0] + np.einsum("bo,oh->bh", errors[t], p["weight_hy"])
        dxs_t, dhs_t, direct, *rest = TAPE[problem.model][1](caches[t], dh, *back[1:])
        back = (direct + np.einsum("bk,kh->bh", dhs_t, p["weight_hh_l0"]), *rest)
        dxs.insert(0, dxs_t)
        dhs.insert(0, dhs_t)
    dx, dh = np.stack(dxs), np.stack(dhs)
    return {
        "loss": np.asarray(loss),
        "outputs": outputs,
        "weight_ih_l0": np.einsum("tbh,tbi->hi", dx, x),
        "weight_hh_l0": np.einsum("tbh,tbk->hk", dh, h[:-1]),
        "bias_ih_l0": np.einsum("tbh->h", dx),
        "bias_hh_l0": np.einsum("tbh->h", dh),
        "weight_hy": np.einsum("tbo,tbh->oh", errors, h[1:]),
        "bias_hy": np.einsum("tbo->o", errors),
        "x": np.einsum("tbh,hi->tbi", dx, p["weight_ih_l0"]),
        **dict(zip(tensors.states, back, strict=True)),
    }


def taped_loss(problem: Problem, out: Array, y: Array) -> tuple[Array, Array]:
    if problem.loss == "mse":
        return 0.5 * np.einsum("k->", np.ravel((out - y) ** 2)), 0.5 * (2 * (out - y))
    onehot = np.eye(problem.O, dtype=out.dtype)[y]
    log_p = out - np.logaddexp.reduce(out, axis=-1, keepdims=True)
    return -np.einsum("k->", np.ravel(onehot * log_p)), np.exp(log_p) * onehot.sum(-1, keepdims=True) - onehot


def rnn_tape_backward(cache: tuple[Array, ...], dh: Array) -> tuple[Array, ...]:
    da = dh - dh * cache[0] * cache[0]
    return da, da, np.zeros_like(dh)


def relu_tape_backward(cache: tuple[Array, ...], dh: Array) -> tuple[Array, ...]:
    da = np.where(cache[0] > 0, dh, 0)
    return da, da, np.zeros_like(dh)


def lstm_tape_forward(xs: Array, hs: Array, h: Array, c: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    i, f, g, o = np.split(xs + hs, 4, axis=-1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    kept, added = f * c, i * g
    s = np.tanh(kept + added)
    return (o * s, kept + added), (c, i, f, g, o, s)


def lstm_tape_backward(cache: tuple[Array, ...], dh: Array, dc: Array) -> tuple[Array, ...]:
    c, i, f, g, o, s = cache
    do, ds = dh * s, dh * o
    dc = dc + ds * (1 - s * s)
    da = np.concatenate(
        [(dc * g) * (1 - i) * i, (dc * c) * (1 - f) * f, (dc * i) * (1 - g * g), do * (1 - o) * o], axis=-1
    )
    return da, da, np.zeros_like(dh), dc * f


def gru_tape_forward(xs: Array, hs: Array, h: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    (xr, xz, xn), (hr, hz, hn) = np.split(xs, 3, axis=-1), np.split(hs, 3, axis=-1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return ((h - n) * z + n,), (h, r, z, n, hn)


def gru_tape_backward(cache: tuple[Array, ...], dh: Array) -> tuple[Array, ...]:
    h, r, z, n, hn = cache
    dz, dn = dh * (h - n), dh - dh * z
    dn = dn * (1 - n * n)
    dr = dn * hn
    dr, dz = dr * (1 - r) * r, dz * (1 - z) * z
    return np.concatenate([dr, dz, dn], axis=-1), np.concatenate([dr, dz, dn * r], axis=-1), dh * z


def elman_tape_forward(phi: Callable[[Array], Array]) -> Callable:
    def forward(xs: Array, hs: Array, h: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        new = phi(xs + hs)
        return (new,), (new,)

    return forward


TAPE: Mapping[str, tuple[Callable, Callable]] = {
    "rnn": (elman_tape_forward(np.tanh), rnn_tape_backward),
    "rnn_relu": (elman_tape_forward(lambda a: np.maximum(a, 0)), relu_tape_backward),
    "lstm": (lstm_tape_forward, lstm_tape_backward),
    "gru": (gru_tape_forward, gru_tape_backward),
}
