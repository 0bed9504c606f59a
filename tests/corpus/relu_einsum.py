"""A rectified network in Einstein's notation: lists grow in the loops and are stacked at the end."""

import numpy as np


def gradients(params, x, y, h0):
    U, W, b = params["W_xh"], params["W_hh"], params["b_h"]
    V, c = params["W_hy"], params["b_y"]

    pre, states = [], [h0]
    for x_t in x:
        a = np.einsum("bi,ih->bh", x_t, U) + np.einsum("bg,gh->bh", states[-1], W) + b
        pre.append(a)
        states.append(np.where(a > 0, a, 0.0))
    hidden = np.stack(states[1:])
    previous = np.stack(states[:-1])

    errors = np.einsum("tbh,ho->tbo", hidden, V) + c - y
    deltas = []
    carry = np.zeros_like(h0)
    for a, error in zip(pre[::-1], errors[::-1], strict=True):
        upstream = np.einsum("bo,ho->bh", error, V) + carry
        delta = np.where(a > 0, upstream, 0.0)
        carry = np.einsum("bh,gh->bg", delta, W)
        deltas.append(delta)
    deltas = np.stack(deltas[::-1])

    return {
        "grad_U": np.einsum("tbi,tbh->ih", x, deltas),
        "grad_W": np.einsum("tbg,tbh->gh", previous, deltas),
        "grad_b_h": np.einsum("tbh->h", deltas),
        "grad_V": np.einsum("tbh,tbo->ho", hidden, errors),
        "grad_c": np.einsum("tbo->o", errors),
        "grad_h0": carry,
    }
