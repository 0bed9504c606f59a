"""Loops over single units and no array arithmetic at all, as one writes Fortran. ReLU, classes, one sequence."""

from math import exp

import numpy as np


def gradients(W_xh, W_hh, b_h, W_hy, b_y, x, y, h0):
    nt, ni, nh, no = len(x), len(W_xh), len(h0), len(b_y)
    h = np.zeros((nt + 1, nh))
    pr = np.zeros((nt, no))
    for k in range(nh):
        h[0, k] = h0[k]
    for t in range(nt):
        for k in range(nh):
            s = b_h[k]
            for j in range(ni):
                s += x[t, j] * W_xh[j, k]
            for j in range(nh):
                s += h[t, j] * W_hh[j, k]
            h[t + 1, k] = max(s, 0.0)
        total = 0.0
        for m in range(no):
            s = b_y[m]
            for k in range(nh):
                s += h[t + 1, k] * W_hy[k, m]
            pr[t, m] = exp(s)
            total += pr[t, m]
        for m in range(no):
            pr[t, m] /= total

    dW_xh, dW_hh, db_h = np.zeros((ni, nh)), np.zeros((nh, nh)), np.zeros(nh)
    dW_hy, db_y = np.zeros((nh, no)), np.zeros(no)
    carry, delta = np.zeros(nh), np.zeros(nh)
    for t in range(nt - 1, -1, -1):
        for m in range(no):
            e = pr[t, m]
            if m == y[t]:
                e -= 1.0
            db_y[m] += e
            for k in range(nh):
                dW_hy[k, m] += h[t + 1, k] * e
                carry[k] += W_hy[k, m] * e
        for k in range(nh):
            delta[k] = 0.0
            if h[t + 1, k] > 0.0:
                delta[k] = carry[k]
            db_h[k] += delta[k]
            for i in range(ni):
                dW_xh[i, k] += x[t, i] * delta[k]
            for j in range(nh):
                dW_hh[j, k] += h[t, j] * delta[k]
        for j in range(nh):
            carry[j] = 0.0
            for k in range(nh):
                carry[j] += W_hh[j, k] * delta[k]
    return {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "W_hy": dW_hy, "b_y": db_y, "h0": carry}
