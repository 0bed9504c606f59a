"""One flat vector for all weights and one for their gradient, as an optimiser wants it, with views into both. ReLU."""

import numpy as np

NAMES = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def pack(arrays):
    return np.concatenate([arrays[name].ravel() for name in NAMES])


def unpack(theta, shapes):
    views, start = {}, 0
    for name in NAMES:
        size = int(np.prod(shapes[name]))
        views[name] = theta[start : start + size].reshape(shapes[name])
        start += size
    return views


def loss_and_gradient(theta, shapes, x, y, h0):
    p = unpack(theta, shapes)
    grad = np.zeros_like(theta)
    g = unpack(grad, shapes)
    T, (B, H) = len(x), h0.shape
    z = np.empty((T, B, H), theta.dtype)
    h = np.empty((T + 1, B, H), theta.dtype)
    prob = np.empty((T, B, len(p["b_y"])), theta.dtype)

    h[0], loss = h0, 0.0
    for t in range(T):
        z[t] = x[t] @ p["W_xh"] + h[t] @ p["W_hh"] + p["b_h"]
        h[t + 1] = np.maximum(z[t], 0)
        score = h[t + 1] @ p["W_hy"] + p["b_y"]
        prob[t] = np.exp(score - score.max(axis=1, keepdims=True))
        prob[t] /= prob[t].sum(axis=1, keepdims=True)
        loss -= np.log(prob[t, np.arange(B), y[t]]).sum()

    delta = np.zeros_like(h0)
    for t in reversed(range(T)):
        err = prob[t]
        err[np.arange(B), y[t]] -= 1.0
        g["W_hy"] += h[t + 1].T @ err
        g["b_y"] += err.sum(axis=0)
        delta += err @ p["W_hy"].T
        delta[z[t] <= 0] = 0.0
        g["W_xh"] += x[t].T @ delta
        g["W_hh"] += h[t].T @ delta
        g["b_h"] += delta.sum(axis=0)
        delta = delta @ p["W_hh"].T
    return loss, grad, delta


def gradients(params, x, y, h0):
    shapes = {name: params[name].shape for name in NAMES}
    loss, grad, dh0 = loss_and_gradient(pack(params), shapes, x, y, h0)
    return loss, {**unpack(grad, shapes), "h0": dh0}
