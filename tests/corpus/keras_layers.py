"""Layers after Keras: call, backward, get_grads; the batch stands in front of the time, and is brought there here."""

import numpy as np


class Layer:
    def __init__(self, *weights):
        self.weights = weights
        self.grads = [np.zeros_like(w) for w in weights]

    def get_grads(self):
        return self.grads


class SimpleRNN(Layer):
    def call(self, inputs, initial_state):
        kernel, recurrent_kernel, bias = self.weights
        batch, steps, _ = inputs.shape
        self.inputs = inputs
        self.states = np.zeros((batch, steps + 1, len(recurrent_kernel)))
        self.states[:, 0] = initial_state
        for t in range(steps):
            self.states[:, t + 1] = np.tanh(inputs[:, t] @ kernel + self.states[:, t] @ recurrent_kernel + bias)
        return self.states[:, 1:]

    def backward(self, grad_output):
        kernel, recurrent_kernel, _ = self.weights
        grad_kernel, grad_recurrent, grad_bias = self.grads
        grad_inputs = np.zeros_like(self.inputs)
        grad_state = np.zeros_like(self.states[:, 0])
        for t in range(grad_output.shape[1])[::-1]:
            grad_state = grad_state + grad_output[:, t]
            grad_pre = grad_state * (1.0 - self.states[:, t + 1] ** 2)
            grad_kernel += np.matmul(self.inputs[:, t].T, grad_pre)
            grad_recurrent += np.matmul(self.states[:, t].T, grad_pre)
            grad_bias += grad_pre.sum(axis=0)
            grad_inputs[:, t] = np.matmul(grad_pre, kernel.T)
            grad_state = np.matmul(grad_pre, recurrent_kernel.T)
        return grad_inputs, grad_state


class TimeDistributedDense(Layer):
    def call(self, inputs):
        self.inputs = inputs
        return inputs @ self.weights[0] + self.weights[1]

    def backward(self, grad_output):
        inputs = self.inputs.reshape(-1, self.inputs.shape[-1])
        grads = grad_output.reshape(-1, grad_output.shape[-1])
        self.grads[0] += inputs.T @ grads
        self.grads[1] += grads.sum(axis=0)
        return grad_output @ self.weights[0].T


def gradients(params, x, y, h0):
    rnn = SimpleRNN(params["W_xh"], params["W_hh"], params["b_h"])
    dense = TimeDistributedDense(params["W_hy"], params["b_y"])
    outputs = dense.call(rnn.call(np.swapaxes(x, 0, 1), h0))
    dx, dh0 = rnn.backward(dense.backward(outputs - np.swapaxes(y, 0, 1)))
    named = dict(zip(("W_xh", "W_hh", "b_h", "W_hy", "b_y"), rnn.get_grads() + dense.get_grads(), strict=True))
    return {**named, "x": np.swapaxes(dx, 0, 1), "h0": dh0}
