"""An LSTM as in a course: a step forward, a step backward, and two loops over them."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H])
    g, o = np.tanh(a[:, 2 * H : 3 * H]), sigmoid(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, i, f, g, o, next_c, Wx, Wh)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, i, f, g, o, next_c, Wx, Wh = cache
    tanh_c = np.tanh(next_c)
    do = dnext_h * tanh_c
    dc = dnext_c + dnext_h * o * (1 - tanh_c**2)
    df = dc * prev_c
    di = dc * g
    dg = dc * i
    dprev_c = dc * f
    da = np.hstack((di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)))
    return da @ Wx.T, da @ Wh.T, dprev_c, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def gradients(params, x, y, h0, c0):
    Wx, Wh, b, Why, by = (params[k] for k in ("W_xh", "W_hh", "b_h", "W_hy", "b_y"))
    h, c, hs, caches = h0, c0, [], []
    for x_t in x:
        h, c, cache = lstm_step_forward(x_t, h, c, Wx, Wh, b)
        hs.append(h)
        caches.append(cache)
    hs = np.array(hs)
    dout = hs @ Why + by - y
    dhs = dout @ Why.T

    dx = np.zeros_like(x)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dh, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(len(x))):
        dx[t], dh, dc, dWx_t, dWh_t, db_t = lstm_step_backward(dhs[t] + dh, dc, caches[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    dWhy = np.einsum("tbh,tbo->ho", hs, dout)
    return {"Wxh": dWx, "Whh": dWh, "bh": db, "Why": dWhy, "by": dout.sum((0, 1)), "x": dx, "h0": dh, "c0": dc}
