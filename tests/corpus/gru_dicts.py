"""A GRU on column vectors: everything in dictionaries, by gate and by step; classes as targets."""

import numpy as np

GATES = ("r", "z", "n")


def by_gate(a):
    return dict(zip(GATES, np.vsplit(a, 3), strict=True))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(a):
    e = np.exp(a - a.max(axis=0))
    return e / e.sum(axis=0)


def forward(params, x, h0):
    U, W, b, d = (by_gate(params[k]) for k in ("W_xh", "W_hh", "b_xh", "b_hh"))
    h, gate, rec = {-1: h0}, {}, {}
    for t, x_t in enumerate(x):
        rec[t] = {k: W[k] @ h[t - 1] + d[k] for k in GATES}
        r = sigmoid(U["r"] @ x_t + b["r"] + rec[t]["r"])
        z = sigmoid(U["z"] @ x_t + b["z"] + rec[t]["z"])
        n = np.tanh(U["n"] @ x_t + b["n"] + r * rec[t]["n"])
        gate[t] = {"r": r, "z": z, "n": n}
        h[t] = (1 - z) * n + z * h[t - 1]
    return h, gate, rec


def gradients(params, x, y, h0):
    W = by_gate(params["W_hh"])
    h, gate, rec = forward(params, x, h0)
    total = {k: np.zeros_like(v) for k, v in params.items()}
    dh_next = np.zeros_like(h0)
    for t in sorted(gate, reverse=True):
        dout = softmax(params["W_hy"] @ h[t] + params["b_y"])
        dout[y[t], np.arange(y.shape[1])] -= 1
        total["W_hy"] += dout @ h[t].T
        total["b_y"] += dout.sum(axis=1, keepdims=True)
        dh = params["W_hy"].T @ dout + dh_next

        r, z, n = (gate[t][k] for k in GATES)
        dx, dr = {}, {}  # adjoints of the input's and of the recurrent share
        dx["n"] = dh * (1 - z) * (1 - n**2)
        dx["z"] = dh * (h[t - 1] - n) * z * (1 - z)
        dx["r"] = dx["n"] * rec[t]["n"] * r * (1 - r)
        dr = {"r": dx["r"], "z": dx["z"], "n": dx["n"] * r}

        stacked_x = np.vstack([dx[k] for k in GATES])
        stacked_r = np.vstack([dr[k] for k in GATES])
        total["W_xh"] += stacked_x @ x[t].T
        total["W_hh"] += stacked_r @ h[t - 1].T
        total["b_xh"] += stacked_x.sum(axis=1, keepdims=True)
        total["b_hh"] += stacked_r.sum(axis=1, keepdims=True)
        dh_next = z * dh + sum(W[k].T @ dr[k] for k in GATES)
    return {**total, "h0": dh_next}
