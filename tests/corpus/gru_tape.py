"""A GRU on one sequence of column vectors: a step forward puts onto a tape what a step backward takes off it."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def forward_step(tape, params, x, h):
    xr, xz, xn = np.split(params["W_xh"] @ x + params["b_xh"], 3)
    hr, hz, hn = np.split(params["W_hh"] @ h + params["b_hh"], 3)
    r = sigmoid(xr + hr)
    z = sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    tape.append((x, h, r, z, n, hn))
    return (1 - z) * n + z * h


def backward_step(tape, params, grads, dh):
    x, h, r, z, n, hn = tape.pop()
    dn = dh * (1 - z) * (1 - n**2)
    dz = dh * (h - n) * z * (1 - z)
    dr = dn * hn * r * (1 - r)
    dxs = np.concatenate((dr, dz, dn))
    dhs = np.concatenate((dr, dz, r * dn))
    grads["W_xh"] += np.outer(dxs, x)
    grads["W_hh"] += np.outer(dhs, h)
    grads["b_xh"] += dxs
    grads["b_hh"] += dhs
    return dh * z + params["W_hh"].T @ dhs


def gradients(params, x, y, h0):
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    tape, errors, h, loss = [], [], h0, 0.0
    for x_t, y_t in zip(x, y, strict=True):
        h = forward_step(tape, params, x_t, h)
        error = params["W_hy"] @ h + params["b_y"] - y_t
        loss += 0.5 * error @ error
        grads["W_hy"] += np.outer(error, h)
        grads["b_y"] += error
        errors.append(error)

    dh = np.zeros_like(h0)
    while errors:
        dh = backward_step(tape, params, grads, dh + params["W_hy"].T @ errors.pop())
    return {"loss": loss, **grads, "h0": dh}
