"""A GRU on columns whose forward pass leaves nothing but functions behind: called from the last, they go back."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gradients(params, x, y, h0):
    grad = {name: np.zeros_like(value) for name, value in params.items()}

    def affine(W, b, v):
        def pull(d):
            grad[W] += d @ v.T
            grad[b] += d.sum(axis=1, keepdims=True)
            return params[W].T @ d

        return params[W] @ v + params[b], pull

    H = len(h0)
    R, Z, N = slice(0, H), slice(H, 2 * H), slice(2 * H, 3 * H)
    h, pulls = h0, []
    for x_t, y_t in zip(x, y, strict=True):
        u, pull_x = affine("W_xh", "b_xh", x_t)
        v, pull_h = affine("W_hh", "b_hh", h)
        r, z = sigmoid(u[R] + v[R]), sigmoid(u[Z] + v[Z])
        n = np.tanh(u[N] + r * v[N])

        def pull_gates(dh, h=h, u=u, v=v, r=r, z=z, n=n, pull_x=pull_x, pull_h=pull_h):
            d_u, d_v = np.empty_like(u), np.empty_like(v)
            d_u[N] = dh * (1 - z) * (1 - n * n)
            d_u[Z] = d_v[Z] = dh * (h - n) * z * (1 - z)
            d_u[R] = d_v[R] = d_u[N] * v[N] * r * (1 - r)
            d_v[N] = d_u[N] * r
            pull_x(d_u)
            return dh * z + pull_h(d_v)

        h = n + z * (h - n)
        out, pull_out = affine("W_hy", "b_y", h)

        def pull_step(dh, error=out - y_t, pull_out=pull_out, pull_gates=pull_gates):
            return pull_gates(dh + pull_out(error))

        pulls.append(pull_step)

    dh = np.zeros_like(h0)
    while pulls:
        dh = pulls.pop()(dh)
    return {**grad, "h0": dh}
