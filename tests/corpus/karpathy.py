"""A character model after min-char-rnn: column vectors, one dictionary a quantity, keyed by the step."""

import numpy as np


def gradients(Wxh, Whh, Why, bh, by, x, y, h0):
    xs, hs, ps = {}, {}, {}
    hs[-1] = h0.reshape(-1, 1)
    bh, by = bh.reshape(-1, 1), by.reshape(-1, 1)
    loss = 0
    # forward pass
    for t in range(len(x)):
        xs[t] = x[t].reshape(-1, 1)
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)  # hidden state
        ys = np.dot(Why, hs[t]) + by  # unnormalized log probabilities
        ps[t] = np.exp(ys) / np.sum(np.exp(ys))
        loss += -np.log(ps[t][y[t], 0])
    # backward pass
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        dy = np.copy(ps[t])
        dy[y[t]] -= 1  # backprop into y
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext  # backprop into h
        dhraw = (1 - hs[t] * hs[t]) * dh  # through tanh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return loss, {"dWxh": dWxh, "dWhh": dWhh, "dWhy": dWhy, "dbh": dbh[:, 0], "dby": dby[:, 0], "dh0": dhnext[:, 0]}
