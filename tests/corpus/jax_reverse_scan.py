"""An LSTM on jax without jax.grad: one lax.scan forward, one in reverse, and products over all steps behind them."""

import jax
import jax.numpy as jnp
from jax import lax
from jax.nn import sigmoid, softmax

jax.config.update("jax_enable_x64", True)


@jax.jit
def value_and_gradients(p, x, y, h0, c0):
    def forward(carry, x_t):
        h, c = carry
        i, f, g, o = jnp.split(x_t @ p["W_xh"] + h @ p["W_hh"] + p["b_h"], 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), jnp.tanh(g), sigmoid(o)
        c_new = f * c + i * g
        h_new = o * jnp.tanh(c_new)
        return (h_new, c_new), {"i": i, "f": f, "g": g, "o": o, "c": c, "tanh_c": jnp.tanh(c_new), "h": h_new}

    _, kept = lax.scan(forward, (h0, c0), x)
    h = kept["h"]
    h_before = jnp.concatenate((h0[None], h[:-1]))
    dout = softmax(h @ p["W_hy"] + p["b_y"]) - jax.nn.one_hot(y, p["b_y"].size)

    def backward(carry, saved):
        dh, dc = carry
        s, dh_loss = saved
        dh = dh + dh_loss
        dc = dc + dh * s["o"] * (1 - s["tanh_c"] ** 2)
        blocks = (
            dc * s["g"] * s["i"] * (1 - s["i"]),
            dc * s["c"] * s["f"] * (1 - s["f"]),
            dc * s["i"] * (1 - s["g"] ** 2),
            dh * s["tanh_c"] * s["o"] * (1 - s["o"]),
        )
        da = jnp.concatenate(blocks, axis=1)
        return (da @ p["W_hh"].T, dc * s["f"]), da

    start = (jnp.zeros_like(h0), jnp.zeros_like(c0))
    (dh0, dc0), da = lax.scan(backward, start, (kept, dout @ p["W_hy"].T), reverse=True)
    return {
        "W_xh": jnp.einsum("tbi,tbk->ik", x, da),
        "W_hh": jnp.einsum("tbh,tbk->hk", h_before, da),
        "b_h": da.sum(axis=(0, 1)),
        "W_hy": jnp.einsum("tbh,tbo->ho", h, dout),
        "b_y": dout.sum(axis=(0, 1)),
        "h0": dh0,
        "c0": dc0,
    }


def gradients(params, x, y, h0, c0):
    return value_and_gradients(params, x, y, h0, c0)
