"""A GRU with torch's weights, gate by gate, on zip(reversed(...))."""

import numpy as np


def sigmoid(a):
    return 0.5 * (1 + np.tanh(a / 2))


def gradients(weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_hy, bias_hy, x, y, h0):
    Wr, Wz, Wn = np.array_split(weight_ih_l0, 3)
    Ur, Uz, Un = np.array_split(weight_hh_l0, 3)
    br, bz, bn = np.array_split(bias_ih_l0, 3)
    cr, cz, cn = np.array_split(bias_hh_l0, 3)

    hs, rs, zs, ns, us = [h0], [], [], [], []
    for xt in x:
        h = hs[-1]
        r = sigmoid(xt @ Wr.T + br + h @ Ur.T + cr)
        z = sigmoid(xt @ Wz.T + bz + h @ Uz.T + cz)
        u = h @ Un.T + cn
        n = np.tanh(xt @ Wn.T + bn + r * u)
        hs.append(n + z * (h - n))
        rs.append(r)
        zs.append(z)
        ns.append(n)
        us.append(u)

    out = np.array(hs[1:]) @ weight_hy.T + bias_hy
    dout = out - y
    dWr = dWz = dWn = dUr = dUz = dUn = dbr = dbz = dbn = dcn = 0.0
    carried = np.zeros_like(h0)
    for xt, h, r, z, n, u, e in zip(*map(reversed, (x, hs[:-1], rs, zs, ns, us, dout)), strict=True):
        dh = e @ weight_hy + carried
        dan = dh * (1 - z) * (1 - n * n)
        daz = dh * (h - n) * z * (1 - z)
        dar = dan * u * r * (1 - r)
        du = dan * r
        dWr, dWz, dWn = dWr + dar.T @ xt, dWz + daz.T @ xt, dWn + dan.T @ xt
        dUr, dUz, dUn = dUr + dar.T @ h, dUz + daz.T @ h, dUn + du.T @ h
        dbr, dbz, dbn, dcn = dbr + dar.sum(0), dbz + daz.sum(0), dbn + dan.sum(0), dcn + du.sum(0)
        carried = dh * z + dar @ Ur + daz @ Uz + du @ Un
    return {
        "weight_ih_l0": np.concatenate([dWr, dWz, dWn]),
        "weight_hh_l0": np.concatenate([dUr, dUz, dUn]),
        "bias_ih_l0": np.concatenate([dbr, dbz, dbn]),
        "bias_hh_l0": np.concatenate([dbr, dbz, dcn]),
        "weight_hy": np.einsum("tbo,tbh->oh", dout, np.array(hs[1:])),
        "bias_hy": dout.sum((0, 1)),
        "h0": carried,
    }
