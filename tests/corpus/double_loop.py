"""The double loop of a well-known tutorial: every step's loss is taken back to the start by itself. s[-1] is h0."""

import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def forward_propagation(U, V, W, b, c, x, h0):
    T = len(x)
    s = np.zeros((T + 1, len(h0)))
    s[-1] = h0
    o = np.zeros((T, len(c)))
    for t in np.arange(T):
        s[t] = np.tanh(U.dot(x[t]) + W.dot(s[t - 1]) + b)
        o[t] = softmax(V.dot(s[t]) + c)
    return o, s


def bptt(U, V, W, b, c, x, y, h0):
    T = len(y)
    o, s = forward_propagation(U, V, W, b, c, x, h0)
    dLdU, dLdV, dLdW = np.zeros(U.shape), np.zeros(V.shape), np.zeros(W.shape)
    dLdb, dLdc, dLds = np.zeros(b.shape), np.zeros(c.shape), np.zeros(h0.shape)
    delta_o = o
    delta_o[np.arange(len(y)), y] -= 1.0
    for t in np.arange(T)[::-1]:  # for each output, backwards
        dLdV += np.outer(delta_o[t], s[t].T)
        dLdc += delta_o[t]
        delta_t = V.T.dot(delta_o[t]) * (1 - (s[t] ** 2))
        for bptt_step in np.arange(0, t + 1)[::-1]:
            dLdb += delta_t
            dLdW += np.outer(delta_t, s[bptt_step - 1])
            dLdU += np.outer(delta_t, x[bptt_step])
            if bptt_step == 0:
                dLds += W.T.dot(delta_t)
            delta_t = W.T.dot(delta_t) * (1 - s[bptt_step - 1] ** 2)
    return dLdU, dLdV, dLdW, dLdb, dLdc, dLds


def gradients(params, x, y, h0):
    U, V, W, b, c = (params[name] for name in ("W_xh", "W_hy", "W_hh", "b_h", "b_y"))
    names = ("W_xh", "W_hy", "W_hh", "b_h", "b_y", "h0")
    return dict(zip(names, bptt(U, V, W, b, c, x, y, h0), strict=True))
