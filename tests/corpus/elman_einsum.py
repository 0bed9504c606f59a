"""An Elman network on batches of columns: one loop for the adjoints, every weight's gradient one einsum over time."""

import numpy as np


def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def gradients(params, x, y, h0):
    U, W, b, V, c = (params[name] for name in ("W_xh", "W_hh", "b_h", "W_hy", "b_y"))
    T, classes = len(x), len(c)

    states = [h0]
    for t in range(T):
        states.append(np.tanh(U @ x[t] + W @ states[t] + b))
    before, after = np.array(states[:-1]), np.array(states[1:])
    prob = softmax(V @ after + c)
    target = np.moveaxis(np.eye(classes)[y], 2, 1)
    error = prob - target

    dh = np.einsum("oh,tob->thb", V, error)
    delta = np.zeros_like(dh)
    for t in reversed(range(T)):
        if t + 1 < T:
            dh[t] += W.T @ delta[t + 1]
        delta[t] = dh[t] * (1 - after[t] ** 2)

    return {
        "dU": np.einsum("thb,tib->hi", delta, x),
        "dW": np.einsum("tgb,thb->gh", delta, before),
        "db": delta.sum(axis=(0, 2))[:, None],
        "dV": np.einsum("tob,thb->oh", error, after),
        "dc": error.sum(axis=(0, 2))[:, None],
        "dx": np.einsum("hi,thb->tib", U, delta),
        "dh0": W.T @ delta[0],
    }
