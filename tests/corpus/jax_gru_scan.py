"""A jax.custom_vjp rule for a whole GRU sequence: one scan forward, one in reverse over what it kept. Classes."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

RECURRENT = ("W_xh", "W_hh", "b_xh", "b_hh")


@jax.custom_vjp
def unroll(weights, x, h0):
    return unroll_fwd(weights, x, h0)[0]


def unroll_fwd(weights, x, h0):
    W_xh, W_hh, b_xh, b_hh = weights

    def step(h, a):
        ar, az, an = jnp.split(a, 3, axis=1)
        ur, uz, un = jnp.split(h @ W_hh + b_hh, 3, axis=1)
        r, z = jax.nn.sigmoid(ar + ur), jax.nn.sigmoid(az + uz)
        n = jnp.tanh(an + r * un)
        new = (1 - z) * n + z * h
        return new, (new, (h, r, z, n, un))

    _, (states, kept) = jax.lax.scan(step, h0, x @ W_xh + b_xh)
    return states, (W_xh, W_hh, x, kept)


def unroll_bwd(saved, g):
    W_xh, W_hh, x, kept = saved

    def step(dh, now):
        g_t, (h, r, z, n, un) = now
        dh = dh + g_t
        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (h - n) * z * (1 - z)
        dr = dn * un * r * (1 - r)
        da = jnp.concatenate([dr, dz, dn], axis=1)
        du = jnp.concatenate([dr, dz, dn * r], axis=1)
        return dh * z + du @ W_hh.T, (da, du)

    dh0, (da, du) = jax.lax.scan(step, jnp.zeros_like(g[0]), (g, kept), reverse=True)
    dW_xh = jnp.einsum("tbi,tbk->ik", x, da)
    dW_hh = jnp.einsum("tbh,tbk->hk", kept[0], du)
    return (dW_xh, dW_hh, da.sum((0, 1)), du.sum((0, 1))), da @ W_xh.T, dh0


unroll.defvjp(unroll_fwd, unroll_bwd)


def loss(p, x, h0, y):
    states = unroll(tuple(p[name] for name in RECURRENT), x, h0)
    log_p = jax.nn.log_softmax(states @ p["W_hy"] + p["b_y"])
    return -jnp.take_along_axis(log_p, y[..., None], axis=-1).sum()


def gradients(params, x, y, h0):
    dp, dx, dh0 = jax.grad(loss, argnums=(0, 1, 2))(params, jnp.asarray(x), jnp.asarray(h0), jnp.asarray(y))
    return {**dp, "x": dx, "h0": dh0}
