"""A generator yields every step; the backward pass walks over what it yielded, from the end. No biases."""

import numpy as np


def unroll(x, h, W_in, W_rec):
    for x_t in x:
        before, h = h, np.tanh(x_t @ W_in + h @ W_rec)
        yield x_t, before, h


def gradients(params, x, y, h0):
    W_in, W_rec, W_out = params["W_xh"], params["W_hh"], params["W_hy"]
    steps = list(unroll(x, h0, W_in, W_rec))
    parts = []
    dh = np.zeros_like(h0)
    for (x_t, before, h), target in zip(reversed(steps), reversed(y), strict=True):
        dout = h @ W_out - target
        dh = dh + dout @ W_out.T
        da = dh * (1 - h) * (1 + h)
        parts.append((x_t.T @ da, before.T @ da, h.T @ dout))
        dh = da @ W_rec.T
    dW_in, dW_rec, dW_out = (sum(part) for part in zip(*parts, strict=True))
    return {"dW_in": dW_in, "dW_rec": dW_rec, "dW_out": dW_out, "dh_init": dh}
