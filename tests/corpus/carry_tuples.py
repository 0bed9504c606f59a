"""A GRU of pure functions: a step takes a carry and returns the next; nothing is changed in place. Classes."""

import numpy as np


def scan(step, carry, items):
    collected = []
    for item in items:
        carry, value = step(carry, item)
        collected.append(value)
    return carry, collected


def split(a):
    return np.split(a, 3, axis=-1)


def join(*parts):
    return np.concatenate(parts, axis=-1)


def sigma(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


def softmax(a):
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gradients(params, x, y, h0):
    W, U, V = params["W_xh"], params["W_hh"], params["W_hy"]

    def advance(h, x_t):
        (xr, xz, xn), (hr, hz, hn) = split(x_t @ W + params["b_xh"]), split(h @ U + params["b_hh"])
        r, z = sigma(xr + hr), sigma(xz + hz)
        n = np.tanh(xn + r * hn)
        after = (1 - z) * n + z * h
        return after, (h, r, z, n, hn, after)

    def retreat(carry, item):
        (h, r, z, n, hn, _), x_t, error = item
        dh, (dW, dU, db, dc) = carry
        dh = dh + error @ V.T
        dn = dh * (1 - z)
        pre_n = dn * (1 - n**2)
        pre_z = dh * (h - n) * z * (1 - z)
        pre_r = pre_n * hn * r * (1 - r)
        of_x, of_h = join(pre_r, pre_z, pre_n), join(pre_r, pre_z, pre_n * r)
        sums = (dW + x_t.T @ of_x, dU + h.T @ of_h, db + of_x.sum(axis=0), dc + of_h.sum(axis=0))
        return (dh * z + of_h @ U.T, sums), None

    _, kept = scan(advance, h0, x)
    after = np.stack([saved[-1] for saved in kept])
    errors = softmax(after @ V + params["b_y"]) - np.eye(V.shape[1])[y]
    nothing = (np.zeros_like(h0), (0.0, 0.0, 0.0, 0.0))
    (dh0, (dW, dU, db, dc)), _ = scan(retreat, nothing, zip(kept[::-1], x[::-1], errors[::-1], strict=True))
    dV, dd = np.einsum("tbh,tbo->ho", after, errors), errors.sum(axis=(0, 1))
    return {"W_xh": dW, "W_hh": dU, "b_xh": db, "b_hh": dc, "W_hy": dV, "b_y": dd, "h0": dh0}
