"""An LSTM after a well-known gist: one matrix WLSTM over [1, x, h], gates in the order i, f, o, g, arrays for all."""

import numpy as np


def gradients(params, x, y, h0, c0):
    WLSTM = np.vstack((params["b_h"], params["W_xh"], params["W_hh"]))
    Why, by = params["W_hy"], params["b_y"]
    n, b, input_size = x.shape
    d = WLSTM.shape[1] // 4

    Hin = np.zeros((n, b, WLSTM.shape[0]))
    Hout = np.zeros((n, b, d))
    IFOG = np.zeros((n, b, d * 4))
    IFOGf = np.zeros((n, b, d * 4))
    C = np.zeros((n, b, d))
    Ct = np.zeros((n, b, d))
    for t in range(n):
        prevh = Hout[t - 1] if t > 0 else h0
        Hin[t, :, 0] = 1  # bias
        Hin[t, :, 1 : 1 + input_size] = x[t]
        Hin[t, :, 1 + input_size :] = prevh
        IFOG[t] = Hin[t].dot(WLSTM)
        IFOGf[t, :, : 3 * d] = 1.0 / (1.0 + np.exp(-IFOG[t, :, : 3 * d]))
        IFOGf[t, :, 3 * d :] = np.tanh(IFOG[t, :, 3 * d :])
        prevc = C[t - 1] if t > 0 else c0
        C[t] = IFOGf[t, :, :d] * IFOGf[t, :, 3 * d :] + IFOGf[t, :, d : 2 * d] * prevc
        Ct[t] = np.tanh(C[t])
        Hout[t] = IFOGf[t, :, 2 * d : 3 * d] * Ct[t]

    scores = Hout.dot(Why) + by
    scores -= scores.max(axis=2, keepdims=True)
    dscores = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    dscores[np.arange(n)[:, None], np.arange(b), y] -= 1
    dWhy = Hout.reshape(n * b, d).T.dot(dscores.reshape(n * b, -1))
    dby = dscores.sum(axis=(0, 1))
    dHout = dscores.dot(Why.T)

    dIFOG, dIFOGf = np.zeros_like(IFOG), np.zeros_like(IFOGf)
    dWLSTM, dHin = np.zeros_like(WLSTM), np.zeros_like(Hin)
    dC = np.zeros_like(C)
    dh0, dc0 = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(n)):
        tanhCt = Ct[t]
        dIFOGf[t, :, 2 * d : 3 * d] = tanhCt * dHout[t]
        dC[t] += (1 - tanhCt**2) * (IFOGf[t, :, 2 * d : 3 * d] * dHout[t])
        if t > 0:
            dIFOGf[t, :, d : 2 * d] = C[t - 1] * dC[t]
            dC[t - 1] += IFOGf[t, :, d : 2 * d] * dC[t]
        else:
            dIFOGf[t, :, d : 2 * d] = c0 * dC[t]
            dc0 = IFOGf[t, :, d : 2 * d] * dC[t]
        dIFOGf[t, :, :d] = IFOGf[t, :, 3 * d :] * dC[t]
        dIFOGf[t, :, 3 * d :] = IFOGf[t, :, :d] * dC[t]
        # backprop activation functions
        dIFOG[t, :, 3 * d :] = (1 - IFOGf[t, :, 3 * d :] ** 2) * dIFOGf[t, :, 3 * d :]
        s = IFOGf[t, :, : 3 * d]
        dIFOG[t, :, : 3 * d] = (s * (1.0 - s)) * dIFOGf[t, :, : 3 * d]
        # backprop matrix multiply
        dWLSTM += np.dot(Hin[t].T, dIFOG[t])
        dHin[t] = dIFOG[t].dot(WLSTM.T)
        dprevh = dHin[t, :, 1 + input_size :]
        if t > 0:
            dHout[t - 1] += dprevh
        else:
            dh0 += dprevh
    return {
        "db": dWLSTM[0],
        "dWxh": dWLSTM[1 : 1 + input_size],
        "dWhh": dWLSTM[1 + input_size :],
        "dWhy": dWhy,
        "dby": dby,
        "dx": dHin[:, :, 1 : 1 + input_size],
        "dh0": dh0,
        "dc0": dc0,
    }
