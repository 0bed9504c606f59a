"""A GRU ported from Julia: mul! into a workspace, blocks counted from 1, time as the last axis. Columns."""

import numpy as np


def mul(C, A, B, alpha=1.0, beta=0.0):
    """C = alpha A B + beta C, in place, like Julia's mul!."""
    C *= beta
    C += alpha * (A @ B)


def block(A, k):
    """The k-th of the three blocks of rows, as a view."""
    H = len(A) // 3
    return A[(k - 1) * H : k * H]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def forward(params, x, h0):
    T, (H, B) = len(x), h0.shape
    h, rec_n = np.zeros((H, B, T + 1)), np.zeros((H, B, T + 1))
    gate = np.zeros((3 * H, B, T + 1))
    inp, rec = np.zeros((3 * H, B)), np.zeros((3 * H, B))
    h[:, :, 0] = h0
    for t in range(1, T + 1):
        mul(inp, params["W_xh"], x[t - 1])
        inp += params["b_xh"]
        mul(rec, params["W_hh"], h[:, :, t - 1])
        rec += params["b_hh"]
        r = sigmoid(block(inp, 1) + block(rec, 1))
        z = sigmoid(block(inp, 2) + block(rec, 2))
        n = np.tanh(block(inp, 3) + r * block(rec, 3))
        for k, value in enumerate((r, z, n), start=1):
            block(gate[:, :, t], k)[:] = value
        rec_n[:, :, t] = block(rec, 3)
        h[:, :, t] = (1 - z) * n + z * h[:, :, t - 1]
    return h, gate, rec_n


def gradients(params, x, y, h0):
    h, gate, rec_n = forward(params, x, h0)
    grad = {name: np.zeros(value.shape) for name, value in params.items()}
    dh, da = np.zeros(h0.shape), np.zeros((3 * len(h0), h0.shape[1]))
    for t in range(len(x), 0, -1):
        h_t, h_prev = h[:, :, t], h[:, :, t - 1]
        err = params["W_hy"] @ h_t + params["b_y"] - y[t - 1]
        mul(grad["W_hy"], err, h_t.T, 1, 1)
        grad["b_y"] += err.sum(axis=1, keepdims=True)
        mul(dh, params["W_hy"].T, err, 1, 1)

        r, z, n = (block(gate[:, :, t], k) for k in (1, 2, 3))
        block(da, 3)[:] = dh * (1 - z) * (1 - n**2)
        block(da, 2)[:] = dh * (h_prev - n) * z * (1 - z)
        block(da, 1)[:] = block(da, 3) * rec_n[:, :, t] * r * (1 - r)
        mul(grad["W_xh"], da, x[t - 1].T, 1, 1)
        grad["b_xh"] += da.sum(axis=1, keepdims=True)
        block(da, 3)[:] *= r  # from here on of the recurrent share
        mul(grad["W_hh"], da, h_prev.T, 1, 1)
        grad["b_hh"] += da.sum(axis=1, keepdims=True)
        dh *= z
        mul(dh, params["W_hh"].T, da, 1, 1)
    return {**grad, "h0": dh}
