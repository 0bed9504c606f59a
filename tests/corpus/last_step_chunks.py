"""Classes, at the last step only; the backward pass runs chunk by chunk and hands the adjoint from one to the next."""

import numpy as np


def run(params, x, h):
    states = [h]
    for x_t in x:
        h = np.tanh(x_t @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
        states.append(h)
    return states


def run_back(params, x, states, dh):
    """Backward through one chunk: its gradients, and the adjoint of the state that it started from."""
    dW_xh, dW_hh, db_h = np.zeros_like(params["W_xh"]), np.zeros_like(params["W_hh"]), np.zeros_like(params["b_h"])
    for x_t, h_prev, h in zip(x[::-1], states[-2::-1], states[:0:-1], strict=True):
        da = dh * (1 - h**2)
        dW_xh += x_t.T @ da
        dW_hh += h_prev.T @ da
        db_h += da.sum(0)
        dh = da @ params["W_hh"].T
    return {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h}, dh


def gradients(params, x, y, h0, chunk=3):
    chunks = [x[k : k + chunk] for k in range(0, len(x), chunk)]
    runs, h = [], h0
    for part in chunks:
        runs.append(run(params, part, h))
        h = runs[-1][-1]

    logits = h @ params["W_hy"] + params["b_y"]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1

    total = {"W_hy": h.T @ p, "b_y": p.sum(axis=0)}
    dh = p @ params["W_hy"].T
    for part, states in zip(reversed(chunks), reversed(runs), strict=True):
        grads, dh = run_back(params, part, states, dh)
        for name, grad in grads.items():
            total[name] = total.get(name, 0) + grad
    return {**total, "h0": dh}
