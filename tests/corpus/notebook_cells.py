"""The cells of a teaching notebook: time is the last axis, a gate's matrix takes [a_prev, x]. An LSTM."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(parameters["Wf"] @ concat + parameters["bf"])
    it = sigmoid(parameters["Wi"] @ concat + parameters["bi"])
    cct = np.tanh(parameters["Wc"] @ concat + parameters["bc"])
    ot = sigmoid(parameters["Wo"] @ concat + parameters["bo"])
    c_next = ft * c_prev + it * cct
    a_next = ot * np.tanh(c_next)
    return a_next, c_next, (a_prev, c_next, c_prev, ft, it, cct, ot, xt)


def lstm_forward(x, a0, c0, parameters):
    caches, a = [], np.zeros((*a0.shape, x.shape[2]))
    a_next, c_next = a0, c0
    for t in range(x.shape[2]):
        a_next, c_next, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    return a, caches


def lstm_cell_backward(da_next, dc_next, cache, parameters):
    a_prev, c_next, c_prev, ft, it, cct, ot, xt = cache
    n_a = a_prev.shape[0]
    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    d = {
        "f": dc * c_prev * ft * (1 - ft),
        "i": dc * cct * it * (1 - it),
        "c": dc * it * (1 - cct**2),
        "o": da_next * np.tanh(c_next) * ot * (1 - ot),
    }
    concat = np.concatenate((a_prev, xt), axis=0)
    gradients = {"dW" + k: d[k] @ concat.T for k in d} | {"db" + k: d[k].sum(axis=1, keepdims=True) for k in d}
    gradients["da_prev"] = sum(parameters["W" + k][:, :n_a].T @ d[k] for k in d)
    gradients["dc_prev"] = dc * ft
    return gradients


def lstm_backward(da, caches, parameters):
    total = {"d" + name: np.zeros_like(value) for name, value in parameters.items()}
    da_prev, dc_prev = np.zeros_like(da[:, :, 0]), np.zeros_like(da[:, :, 0])
    for t in reversed(range(len(caches))):
        gradients = lstm_cell_backward(da[:, :, t] + da_prev, dc_prev, caches[t], parameters)
        da_prev, dc_prev = gradients["da_prev"], gradients["dc_prev"]
        for k in "fico":
            total["dW" + k] += gradients["dW" + k]
            total["db" + k] += gradients["db" + k]
    return total, da_prev, dc_prev


def gradients(params, x, y, h0, c0):
    W = dict(zip("ifco", np.split(np.hstack((params["W_hh"], params["W_xh"])), 4), strict=True))
    b = dict(zip("ifco", np.split(params["b_h"], 4), strict=True))
    parameters = {"W" + k: W[k] for k in W} | {"b" + k: b[k] for k in b}
    a, caches = lstm_forward(np.moveaxis(x, 0, 2), h0, c0, parameters)
    dy = np.einsum("oh,hmt->omt", params["W_hy"], a) + params["b_y"][:, :, None] - np.moveaxis(y, 0, 2)
    total, da0, dc0 = lstm_backward(np.einsum("oh,omt->hmt", params["W_hy"], dy), caches, parameters)
    dW = np.vstack([total["dW" + k] for k in "ifco"])
    return {
        "W_hh": dW[:, : len(h0)],
        "W_xh": dW[:, len(h0) :],
        "b_h": np.vstack([total["db" + k] for k in "ifco"]),
        "W_hy": np.einsum("omt,hmt->oh", dy, a),
        "b_y": dy.sum(axis=(1, 2)).reshape(-1, 1),
        "h0": da0,
        "c0": dc0,
    }
