"""Whole arrays in time: the loop makes the adjoints only, every weight's gradient is one product behind it."""

import numpy as np


def forward(p, x, h0):
    T, B, H = len(x), len(h0), h0.shape[1]
    h = np.zeros((T + 1, B, H))  # h[0] is the initial state
    h[0] = h0
    for t in range(T):
        h[t + 1] = np.tanh(x[t] @ p["W_xh"] + h[t] @ p["W_hh"] + p["b_h"])
    return h


def backward(p, x, h, dout):
    T = len(x)
    dh = dout @ p["W_hy"].T
    da = np.zeros_like(dh)
    for t in range(T - 1, -1, -1):
        if t < T - 1:
            dh[t] += da[t + 1] @ p["W_hh"].T
        da[t] = dh[t] * (1 - h[t + 1] ** 2)
    return da


def gradients(params, x, y, h0):
    h = forward(params, x, h0)
    out = h[1:] @ params["W_hy"] + params["b_y"]
    dout = out - y
    da = backward(params, x, h, dout)
    return {
        "W_xh": np.tensordot(x, da, axes=([0, 1], [0, 1])),
        "W_hh": np.tensordot(h[:-1], da, axes=([0, 1], [0, 1])),
        "b_h": da.sum(axis=(0, 1)),
        "W_hy": np.tensordot(h[1:], dout, axes=([0, 1], [0, 1])),
        "b_y": dout.sum(axis=(0, 1)),
        "x": da @ params["W_xh"].T,
        "h0": da[0] @ params["W_hh"].T,
    }
