"""An LSTM as a class: a matrix for every gate, in dictionaries; backward walks the kept steps from the end."""

import numpy as np

GATES = ("i", "f", "g", "o")


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class LSTM:
    def __init__(self, params):
        self.U = dict(zip(GATES, np.split(params["W_xh"], 4, axis=1), strict=True))
        self.W = dict(zip(GATES, np.split(params["W_hh"], 4, axis=1), strict=True))
        self.b = dict(zip(GATES, np.split(params["b_h"], 4), strict=True))
        self.V, self.c = params["W_hy"], params["b_y"]

    def forward(self, xs, h, c):
        self.steps, self.probs = [], []
        for x in xs:
            a = {k: x @ self.U[k] + h @ self.W[k] + self.b[k] for k in GATES}
            gate = {k: np.tanh(a[k]) if k == "g" else sigmoid(a[k]) for k in GATES}
            c_new = gate["f"] * c + gate["i"] * gate["g"]
            h_new = gate["o"] * np.tanh(c_new)
            self.steps.append((x, h, c, gate, c_new, h_new))
            scores = h_new @ self.V + self.c
            e = np.exp(scores - scores.max(axis=1, keepdims=True))
            self.probs.append(e / e.sum(axis=1, keepdims=True))
            h, c = h_new, c_new

    def backward(self, labels):
        dU, dW, db = ({k: np.zeros_like(m[k]) for k in GATES} for m in (self.U, self.W, self.b))
        dV, dc_out = np.zeros_like(self.V), np.zeros_like(self.c)
        dh_next, dc_next = np.zeros_like(self.steps[0][1]), np.zeros_like(self.steps[0][2])
        for step, probs, label in zip(reversed(self.steps), reversed(self.probs), reversed(labels), strict=True):
            x, h_prev, c_prev, gate, c, h = step
            error = probs.copy()
            error[np.arange(len(label)), label] -= 1
            dV += h.T @ error
            dc_out += error.sum(axis=0)

            dh = error @ self.V.T + dh_next
            tanh_c = np.tanh(c)
            dc = dc_next + dh * gate["o"] * (1 - tanh_c**2)
            da = {
                "i": dc * gate["g"] * gate["i"] * (1 - gate["i"]),
                "f": dc * c_prev * gate["f"] * (1 - gate["f"]),
                "g": dc * gate["i"] * (1 - gate["g"] ** 2),
                "o": dh * tanh_c * gate["o"] * (1 - gate["o"]),
            }
            dc_next = dc * gate["f"]
            dh_next = np.zeros_like(h_prev)
            for k in GATES:
                dU[k] += x.T @ da[k]
                dW[k] += h_prev.T @ da[k]
                db[k] += da[k].sum(axis=0)
                dh_next += da[k] @ self.W[k].T
        joined = {name: np.concatenate([m[k] for k in GATES], -1) for name, m in (("Wxh", dU), ("Whh", dW), ("bh", db))}
        return {**joined, "Why": dV, "by": dc_out, "h0": dh_next, "c0": dc_next}


def gradients(params, x, y, h0, c0):
    network = LSTM(params)
    network.forward(x, h0, c0)
    return network.backward(y)
