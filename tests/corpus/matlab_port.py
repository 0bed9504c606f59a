"""An LSTM ported from Matlab: steps are columns counted from 1, and column 0 is what stands before them."""

import numpy as np


def sigm(z):
    return 1.0 / (1.0 + np.exp(-z))


def padded(A):
    return np.hstack((np.zeros((A.shape[0], 1)), A))


def gradients(params, x, y, h0, c0):
    Wx, Wh, Wy = params["W_xh"], params["W_hh"], params["W_hy"]
    b, by = params["b_h"].reshape(-1, 1), params["b_y"].reshape(-1, 1)
    X, Y = padded(x.T), padded(y.T)
    n, T = h0.size, len(x)
    S, C, G = np.zeros((n, T + 1)), np.zeros((n, T + 1)), np.zeros((4 * n, T + 1))
    S[:, 0], C[:, 0] = h0, c0

    # forward
    for t in range(1, T + 1):
        a = Wx @ X[:, [t]] + Wh @ S[:, [t - 1]] + b
        i, f, g, o = sigm(a[:n]), sigm(a[n : 2 * n]), np.tanh(a[2 * n : 3 * n]), sigm(a[3 * n :])
        C[:, [t]] = f * C[:, [t - 1]] + i * g
        S[:, [t]] = o * np.tanh(C[:, [t]])
        G[:, [t]] = np.vstack((i, f, g, o))

    # backward
    dWx, dWh, dWy, db, dby = (np.zeros(A.shape) for A in (Wx, Wh, Wy, b, by))
    dS, dC = np.zeros((n, 1)), np.zeros((n, 1))
    for t in range(T, 0, -1):
        i, f, g, o = np.split(G[:, [t]], 4)
        tC = np.tanh(C[:, [t]])
        E = Wy @ S[:, [t]] + by - Y[:, [t]]
        dWy = dWy + E @ S[:, [t]].T
        dby = dby + E
        dS = dS + Wy.T @ E
        dC = dC + dS * o * (1 - tC**2)
        dA = np.vstack(
            (
                dC * g * i * (1 - i),
                dC * C[:, [t - 1]] * f * (1 - f),
                dC * i * (1 - g**2),
                dS * tC * o * (1 - o),
            )
        )
        dWx = dWx + dA @ X[:, [t]].T
        dWh = dWh + dA @ S[:, [t - 1]].T
        db = db + dA
        dS = Wh.T @ dA
        dC = dC * f

    grads = {"dW_xh": dWx, "dW_hh": dWh, "db_h": db.ravel(), "dW_hy": dWy, "db_y": dby.ravel()}
    return {**grads, "dh0": dS.ravel(), "dc0": dC.ravel()}
