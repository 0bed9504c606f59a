"""A GRU as a class: row vectors, a cache for every step, gradients that add up in a dictionary."""

import numpy as np


def sig(a):
    return 1 / (1 + np.exp(-a))


class GRU:
    def __init__(self, params):
        self.params = params
        self.grads = {k: np.zeros_like(v) for k, v in params.items()}
        self.caches = []

    def step(self, x, h):
        p = self.params
        xr, xz, xn = np.split(x @ p["W_xh"] + p["b_xh"], 3, axis=1)
        hr, hz, hn = np.split(h @ p["W_hh"] + p["b_hh"], 3, axis=1)
        r = sig(xr + hr)
        z = sig(xz + hz)
        n = np.tanh(xn + r * hn)
        h_new = (1 - z) * n + z * h
        self.caches.append((x, h, r, z, n, hn))
        return h_new

    def back(self, dh):
        x, h, r, z, n, hn = self.caches.pop()
        dn = dh * (1 - z)
        dz = dh * (h - n)
        dxn = dn * (1 - n**2)
        dr = dxn * hn
        dxz = dz * z * (1 - z)
        dxr = dr * r * (1 - r)
        dxs = np.concatenate([dxr, dxz, dxn], axis=1)
        dhs = np.concatenate([dxr, dxz, dxn * r], axis=1)
        self.grads["W_xh"] += x.T @ dxs
        self.grads["W_hh"] += h.T @ dhs
        self.grads["b_xh"] += dxs.sum(axis=0)
        self.grads["b_hh"] += dhs.sum(axis=0)
        return dhs @ self.params["W_hh"].T + dh * z

    def output_error(self, h, y):
        error = h @ self.params["W_hy"] + self.params["b_y"] - y
        self.grads["W_hy"] += h.T @ error
        self.grads["b_y"] += error.sum(axis=0)
        return error @ self.params["W_hy"].T


def gradients(params, x, y, h0):
    net = GRU(params)
    h, dhs = h0, []
    for t in range(len(x)):
        h = net.step(x[t], h)
        dhs.append(net.output_error(h, y[t]))
    dh = np.zeros_like(h0)
    for dh_t in dhs[::-1]:
        dh = net.back(dh + dh_t)
    net.grads["h0"] = dh
    return net.grads
