"""A function forward and one backward for every layer, as in an assignment; batch first. A simple network."""

import numpy as np


def affine_forward(x, w, b):
    return x.dot(w) + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout.dot(w.T), x.T.dot(dout), np.sum(dout, axis=0)


def tanh_forward(a):
    out = np.tanh(a)
    return out, out


def tanh_backward(dout, cache):
    return dout * (1 - cache**2)


def temporal_affine_forward(x, w, b):
    N, T, D = x.shape
    return x.reshape(N * T, D).dot(w).reshape(N, T, -1) + b, (x, w)


def temporal_affine_backward(dout, cache):
    x, w = cache
    N, T, D = x.shape
    flat = dout.reshape(N * T, -1)
    return flat.dot(w.T).reshape(x.shape), x.reshape(N * T, D).T.dot(flat), flat.sum(axis=0)


def rnn_forward(x, h0, Wx, Wh, b):
    prev, caches, hs = h0, [], []
    for t in range(x.shape[1]):
        from_input, input_cache = affine_forward(x[:, t], Wx, b)
        from_state, state_cache = affine_forward(prev, Wh, 0)
        prev, tanh_cache = tanh_forward(from_input + from_state)
        caches.append((input_cache, state_cache, tanh_cache))
        hs.append(prev)
    return np.stack(hs, axis=1), caches


def rnn_backward(dh, caches):
    dprev, dWx, dWh, db = np.zeros_like(dh[:, 0]), 0, 0, 0
    for t in range(dh.shape[1] - 1, -1, -1):
        input_cache, state_cache, tanh_cache = caches[t]
        da = tanh_backward(dh[:, t], tanh_cache)
        _, dWx_t, db_t = affine_backward(da, input_cache)
        dprev, dWh_t, _ = affine_backward(da, state_cache)
        dWx = dWx + dWx_t
        dWh = dWh + dWh_t
        db = db + db_t
        if t > 0:
            dh[:, t - 1] += dprev
    return dprev, dWx, dWh, db


def gradients(params, x, y, h0):
    x, y = x.swapaxes(0, 1), y.swapaxes(0, 1)
    h, caches = rnn_forward(x, h0, params["W_xh"], params["W_hh"], params["b_h"])
    out, out_cache = temporal_affine_forward(h, params["W_hy"], params["b_y"])
    dh, dW_hy, db_y = temporal_affine_backward(out - y, out_cache)
    dh0, dW_xh, dW_hh, db_h = rnn_backward(dh, caches)
    return {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "W_hy": dW_hy, "b_y": db_y, "h0": dh0}
