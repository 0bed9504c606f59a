"""An LSTM with its gates along an axis of their own, in Einstein's notation; classes as targets."""

from types import SimpleNamespace as Step

import numpy as np


def squash(a):
    i, f, g, o = a[:, 0], a[:, 1], a[:, 2], a[:, 3]
    return Step(i=1 / (1 + np.exp(-i)), f=1 / (1 + np.exp(-f)), g=np.tanh(g), o=1 / (1 + np.exp(-o)))


def gradients(params, x, y, h0, c0):
    H = h0.shape[1]
    U = params["W_xh"].reshape(-1, 4, H)
    W = params["W_hh"].reshape(-1, 4, H)
    b = params["b_h"].reshape(4, H)

    h, c, steps = h0, c0, []
    for x_t in x:
        s = squash(np.einsum("bi,igh->bgh", x_t, U) + np.einsum("bk,kgh->bgh", h, W) + b)
        s.x, s.h_prev, s.c_prev = x_t, h, c
        c = s.f * c + s.i * s.g
        h = s.o * np.tanh(c)
        s.h, s.c = h, c
        steps.append(s)

    onehot = np.eye(params["W_hy"].shape[1])[y]
    dU, dW, db = [], [], []
    dV, dby = [], []
    dh, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in range(len(steps))[::-1]:
        s = steps[t]
        logits = np.einsum("bh,ho->bo", s.h, params["W_hy"]) + params["b_y"]
        prob = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        dlogits = prob - onehot[t]
        dV.append(np.einsum("bh,bo->ho", s.h, dlogits))
        dby.append(np.einsum("bo->o", dlogits))

        dh = dh + np.einsum("bo,ho->bh", dlogits, params["W_hy"])
        tanh_c = np.tanh(s.c)
        dc = dc + dh * s.o * (1 - tanh_c**2)
        da = np.stack(
            [
                dc * s.g * s.i * (1 - s.i),
                dc * s.c_prev * s.f * (1 - s.f),
                dc * s.i * (1 - s.g**2),
                dh * tanh_c * s.o * (1 - s.o),
            ],
            axis=1,
        )
        dU.append(np.einsum("bi,bgh->igh", s.x, da))
        dW.append(np.einsum("bk,bgh->kgh", s.h_prev, da))
        db.append(np.einsum("bgh->gh", da))
        dh = np.einsum("bgh,kgh->bk", da, W)
        dc = dc * s.f
    total = [np.stack(parts).sum(axis=0) for parts in (dU, dW, db)]
    return {
        "dWxh": total[0].reshape(-1, 4 * H),
        "dWhh": total[1].reshape(-1, 4 * H),
        "dbh": total[2].reshape(4 * H),
        "dWhy": np.stack(dV).sum(axis=0),
        "dby": np.stack(dby).sum(axis=0),
        "dh0": dh,
        "dc0": dc,
    }
