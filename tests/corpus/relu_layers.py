"""A rectified network from layers, each with its forward and its backward, as one builds it in a course."""

import numpy as np


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def relu_forward(a):
    return np.maximum(0, a), a


def relu_backward(dout, cache):
    a = cache
    return dout * (a > 0)


def step_forward(x, h, p):
    a, cache_x = affine_forward(x, p["W_xh"], p["b_h"])
    h_next, cache_r = relu_forward(a + h @ p["W_hh"])
    out, cache_y = affine_forward(h_next, p["W_hy"], p["b_y"])
    return out, h_next, (cache_x, h, cache_r, cache_y)


def step_backward(dout, dh_next, cache, p, grads):
    cache_x, h, cache_r, cache_y = cache
    dh, dW_hy, db_y = affine_backward(dout, cache_y)
    da = relu_backward(dh + dh_next, cache_r)
    dx, dW_xh, db_h = affine_backward(da, cache_x)
    dW_hh = h.T @ da
    new = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "W_hy": dW_hy, "b_y": db_y}
    for name in grads:
        grads[name] += new[name]
    return dx, da @ p["W_hh"].T


def gradients(params, x, y, h0):
    grads = {name: np.zeros_like(w) for name, w in params.items()}
    h, caches, douts = h0, [], []
    for t in range(len(x)):
        out, h, cache = step_forward(x[t], h, params)
        caches.append(cache)
        douts.append(out - y[t])
    dx = np.empty_like(x)
    dh = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dx[t], dh = step_backward(douts[t], dh, caches[t], params, grads)
    return {**grads, "x": dx, "h0": dh}
