"""An LSTM in place: torch's weights, gates overwritten by their gradients. Loss on the last step."""

import numpy as np


def sigmoid_(a):
    np.negative(a, out=a)
    np.exp(a, out=a)
    a += 1
    np.reciprocal(a, out=a)


def gradients(params, x, y, h0):
    W_ih, W_hh = params["weight_ih_l0"], params["weight_hh_l0"]
    h0, c0 = h0
    T, (B, H) = len(x), h0.shape
    gates = np.empty((T, B, 4, H))
    h, c = np.empty((T + 1, B, H)), np.empty((T + 1, B, H))
    h[0], c[0] = h0, c0
    for t in range(T):
        a = x[t] @ W_ih.T + h[t] @ W_hh.T + params["bias_ih_l0"] + params["bias_hh_l0"]
        gates[t] = a.reshape(B, 4, H)
        sigmoid_(gates[t, :, :2])
        np.tanh(gates[t, :, 2], out=gates[t, :, 2])
        sigmoid_(gates[t, :, 3])
        c[t + 1] = gates[t, :, 1] * c[t] + gates[t, :, 0] * gates[t, :, 2]
        h[t + 1] = gates[t, :, 3] * np.tanh(c[t + 1])

    dout = h[-1] @ params["weight_hy"].T + params["bias_hy"] - y
    dh = dout @ params["weight_hy"]
    dc = np.zeros_like(c0)
    for t in reversed(range(T)):
        i, f, g, o = gates[t].swapaxes(0, 1).copy()
        tanh_c = np.tanh(c[t + 1])
        dc += dh * o * (1 - tanh_c * tanh_c)
        gates[t, :, 0] = dc * g * i * (1 - i)
        gates[t, :, 1] = dc * c[t] * f * (1 - f)
        gates[t, :, 2] = dc * i * (1 - g * g)
        gates[t, :, 3] = dh * tanh_c * o * (1 - o)
        dc *= f
        np.matmul(gates[t].reshape(B, 4 * H), W_hh, out=dh)

    da = gates.reshape(T * B, 4 * H)
    bias = da.sum(axis=0)
    return {
        "weight_ih_l0": da.T @ x.reshape(T * B, -1),
        "weight_hh_l0": da.T @ h[:-1].reshape(T * B, H),
        "bias_ih_l0": bias,
        "bias_hh_l0": bias,
        "weight_hy": dout.T @ h[-1],
        "bias_hy": dout.sum(axis=0),
        "h0": dh,
        "c0": dc,
    }
