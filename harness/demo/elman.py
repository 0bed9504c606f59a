"""The class of the question that gradparity grew from: an RNN after Karpathy's style. Its backward is wrong."""

import numpy as np


class RNN:
    def __init__(self, Wxh, Whh, Why):
        self.Wxh, self.Whh, self.Why = Wxh, Whh, Why

    def forward(self, x, h0):
        self.x, self.h0 = x, h0
        self.H = np.zeros((len(x), len(h0)))
        h = h0
        for t in range(len(x)):
            h = np.tanh(x[t] @ self.Wxh + h @ self.Whh)
            self.H[t] = h
        self.out = self.H @ self.Why
        return self.out

    def backward(self, y):
        dcdOut = self.out - y
        dcdH = dcdOut @ self.Why.T
        dcdHin = np.zeros_like(dcdH)
        dcdHin[-1] = dcdH[-1] * (1 - self.H[-1] ** 2)
        for t in reversed(range(len(y) - 1)):
            dcdH[t] += dcdHin[t] @ self.Whh.T
            dcdHin[t] = dcdH[t] * (1 - self.H[t] ** 2)
        dcdWhh = self.H[:-1].T @ dcdHin[1:]
        return {"dcdWxh": self.x.T @ dcdHin, "dcdWhh": dcdWhh, "dcdWhy": self.H.T @ dcdOut}


def gradients(params, x, y, h0):
    rnn = RNN(params["W_xh"], params["W_hh"], params["W_hy"])
    rnn.forward(x, h0)
    return rnn.backward(y)
