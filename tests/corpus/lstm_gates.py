"""An LSTM gate by gate, in the order f, i, g, o: each has a matrix of its own over [h, x]; column vectors."""

import numpy as np


def sigmoid(v):
    return 1.0 / (1.0 + np.exp(-v))


def gradients(params, x, y, h0, c0):
    H = len(h0)
    joined = np.hstack((params["W_hh"], params["W_xh"]))
    Wf, Wi, Wg, Wo = (joined[k * H : (k + 1) * H] for k in range(4))
    bf, bi, bg, bo = (params["b_h"][k * H : (k + 1) * H, None] for k in range(4))
    Wy, by = params["W_hy"], params["b_y"][:, None]

    h, c = {-1: h0[:, None]}, {-1: c0[:, None]}
    z, f, i, g, o, e = {}, {}, {}, {}, {}, {}
    for t in range(len(x)):
        z[t] = np.vstack((h[t - 1], x[t][:, None]))
        f[t] = sigmoid(Wf @ z[t] + bf)
        i[t] = sigmoid(Wi @ z[t] + bi)
        g[t] = np.tanh(Wg @ z[t] + bg)
        o[t] = sigmoid(Wo @ z[t] + bo)
        c[t] = f[t] * c[t - 1] + i[t] * g[t]
        h[t] = o[t] * np.tanh(c[t])
        e[t] = Wy @ h[t] + by - y[t][:, None]

    dWf, dWi, dWg, dWo, dWy = (np.zeros_like(W) for W in (Wf, Wi, Wg, Wo, Wy))
    dbf, dbi, dbg, dbo, dby = (np.zeros_like(b) for b in (bf, bi, bg, bo, by))
    dh_next, dc_next = np.zeros((H, 1)), np.zeros((H, 1))
    for t in reversed(range(len(x))):
        dWy += e[t] @ h[t].T
        dby += e[t]
        dh = Wy.T @ e[t] + dh_next

        do = dh * np.tanh(c[t]) * o[t] * (1 - o[t])
        dWo += do @ z[t].T
        dbo += do

        dc = dh * o[t] * (1 - np.tanh(c[t]) ** 2) + dc_next

        dg = dc * i[t] * (1 - g[t] ** 2)
        dWg += dg @ z[t].T
        dbg += dg

        di = dc * g[t] * i[t] * (1 - i[t])
        dWi += di @ z[t].T
        dbi += di

        df = dc * c[t - 1] * f[t] * (1 - f[t])
        dWf += df @ z[t].T
        dbf += df

        dz = Wf.T @ df + Wi.T @ di + Wg.T @ dg + Wo.T @ do
        dh_next = dz[:H]
        dc_next = f[t] * dc

    dW = np.vstack((dWf, dWi, dWg, dWo))
    db = np.vstack((dbf, dbi, dbg, dbo))
    grads = {"W_hh": dW[:, :H], "W_xh": dW[:, H:], "b_h": db, "W_hy": dWy, "b_y": dby, "h0": dh_next, "c0": dc_next}
    return {name: grad[:, 0] if grad.shape[1] == 1 and name[0] != "W" else grad for name, grad in grads.items()}
