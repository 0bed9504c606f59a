"""A class with a cache, for batches of column vectors."""

import numpy as np


class VanillaRNN:
    def __init__(self, params):
        self.W, self.U, self.b = params["W_hh"], params["W_xh"], params["b_h"]
        self.V, self.c = params["W_hy"], params["b_y"]
        self.cache = []

    def forward(self, x, h):
        outputs = []
        for x_t in x:
            h_next = np.tanh(self.U @ x_t + self.W @ h + self.b)
            self.cache.append((x_t, h, h_next))
            outputs.append(self.V @ h_next + self.c)
            h = h_next
        return outputs

    def backward(self, errors):
        self.zero_grad()
        dh_next = np.zeros_like(self.cache[0][1])
        while self.cache:
            x_t, h_prev, h = self.cache.pop()
            error = errors.pop()
            self.dV += error @ h.T
            self.dc += error.sum(axis=1, keepdims=True)
            dh = self.V.T @ error + dh_next
            delta = dh * (1.0 - h**2)
            self.dU += delta @ x_t.T
            self.dW += delta @ h_prev.T
            self.db += delta.sum(axis=1, keepdims=True)
            dh_next = self.W.T @ delta
        return dh_next

    def zero_grad(self):
        self.dU, self.dW, self.db = np.zeros_like(self.U), np.zeros_like(self.W), np.zeros_like(self.b)
        self.dV, self.dc = np.zeros_like(self.V), np.zeros_like(self.c)


def gradients(params, x, y, h0):
    net = VanillaRNN(params)
    outputs = net.forward(x, h0)
    dh0 = net.backward([out - target for out, target in zip(outputs, y, strict=True)])
    return {"dU": net.dU, "dW": net.dW, "db_h": net.db, "dV": net.dV, "dc": net.dc, "dh0": dh0}
