"""One sequence of the batch after the other, each unrolled and backpropagated by itself; classes as targets."""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def gradients(params, x, y, h0):
    Wxh, Whh, bh, Why, by = (params[k] for k in ("W_xh", "W_hh", "b_h", "W_hy", "b_y"))
    T, B = y.shape
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dh0 = np.zeros_like(h0)
    loss = 0.0
    for b in range(B):
        h = [h0[b]]
        for t in range(T):
            h.append(np.tanh(x[t, b] @ Wxh + h[t] @ Whh + bh))
        dh = np.zeros(len(bh))
        for t in range(T - 1, -1, -1):
            p = softmax(h[t + 1] @ Why + by)
            loss -= np.log(p[y[t, b]])
            p[y[t, b]] -= 1
            grads["W_hy"] += np.outer(h[t + 1], p)
            grads["b_y"] += p
            dh += Why @ p
            dz = dh * (1 - h[t + 1] ** 2)
            grads["W_xh"] += np.outer(x[t, b], dz)
            grads["W_hh"] += np.outer(h[t], dz)
            grads["b_h"] += dz
            dh = Whh @ dz
        dh0[b] = dh
    return loss, {**grads, "h0": dh0}
