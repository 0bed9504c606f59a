"""A simple network on jax without jax.grad: lax.fori_loop over arrays set at an index. Classes, one sequence."""

import jax
import jax.numpy as jnp
from jax.lax import fori_loop

jax.config.update("jax_enable_x64", True)


def forward(p, x, h0):
    T = len(x)
    h = jnp.zeros((T + 1, len(h0)), h0.dtype).at[0].set(h0)

    def step(t, h):
        return h.at[t + 1].set(jnp.tanh(x[t] @ p["W_xh"] + h[t] @ p["W_hh"] + p["b_h"]))

    return fori_loop(0, T, step, h)


def backward(p, h, dout):
    T = len(dout)

    def step(k, carry):
        deltas, dh = carry
        t = T - 1 - k
        dh = dh + dout[t] @ p["W_hy"].T
        delta = dh * (1 - h[t + 1] ** 2)
        deltas = deltas.at[t].set(delta)
        return deltas, delta @ p["W_hh"].T

    return fori_loop(0, T, step, (jnp.zeros_like(h[1:]), jnp.zeros_like(h[0])))


def gradients(params, x, y, h0):
    p = {name: jnp.asarray(value) for name, value in params.items()}
    x, h0 = jnp.asarray(x), jnp.asarray(h0)
    h = forward(p, x, h0)
    logits = h[1:] @ p["W_hy"] + p["b_y"]
    dout = jax.nn.softmax(logits) - jax.nn.one_hot(y, logits.shape[1], dtype=h.dtype)
    deltas, dh0 = backward(p, h, dout)
    return {
        "W_xh": x.T @ deltas,
        "W_hh": h[:-1].T @ deltas,
        "b_h": deltas.sum(axis=0),
        "W_hy": h[1:].T @ dout,
        "b_y": dout.sum(axis=0),
        "h0": dh0,
    }
