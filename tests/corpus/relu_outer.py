"""A rectified network on one sequence: plain indices, and np.outer for every weight. Classes as targets."""

import numpy as np


def gradients(W_xh, W_hh, b_h, W_hy, b_y, x, y, h0):
    T = len(x)
    h = np.zeros((T + 1, len(h0)))
    h[0] = h0
    p = np.zeros((T, len(b_y)))
    for t in range(T):
        h[t + 1] = np.maximum(0, x[t] @ W_xh + h[t] @ W_hh + b_h)
        p[t] = np.exp(h[t + 1] @ W_hy + b_y)
        p[t] /= p[t].sum()

    dW_xh, dW_hh, dW_hy = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hy)
    db_h, db_y = np.zeros_like(b_h), np.zeros_like(b_y)
    dh_next = np.zeros_like(h0)
    for t in range(T - 1, -1, -1):
        do = p[t].copy()
        do[y[t]] -= 1
        dW_hy += np.outer(h[t + 1], do)
        db_y += do
        dh = W_hy @ do + dh_next
        da = dh * (h[t + 1] > 0)
        dW_xh += np.outer(x[t], da)
        dW_hh += np.outer(h[t], da)
        db_h += da
        dh_next = W_hh @ da
    return {"dW_xh": dW_xh, "dW_hh": dW_hh, "db_h": db_h, "dW_hy": dW_hy, "db_y": db_y, "dh0": dh_next}
