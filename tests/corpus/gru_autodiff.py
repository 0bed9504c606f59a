"""A GRU on a toy for automatic differentiation: arrays that know how to push their gradient to their parents."""

import numpy as np


class Var:
    def __init__(self, value, parents=()):
        self.value, self.parents = value, parents
        self.grad = np.zeros_like(value)
        self.push = lambda: None

    def __add__(self, other):
        out = Var(self.value + other.value, (self, other))

        def push():
            self.grad += unbroadcast(out.grad, self.value)
            other.grad += unbroadcast(out.grad, other.value)

        out.push = push
        return out

    def __sub__(self, other):
        out = Var(self.value - other.value, (self, other))

        def push():
            self.grad += out.grad
            other.grad -= out.grad

        out.push = push
        return out

    def __mul__(self, other):
        out = Var(self.value * other.value, (self, other))

        def push():
            self.grad += other.value * out.grad
            other.grad += self.value * out.grad

        out.push = push
        return out

    def __matmul__(self, other):
        out = Var(self.value @ other.value, (self, other))

        def push():
            self.grad += out.grad @ other.value.T
            other.grad += self.value.T @ out.grad

        out.push = push
        return out

    def sigmoid(self):
        out = Var(1 / (1 + np.exp(-self.value)), (self,))

        def push():
            self.grad += out.grad * out.value * (1 - out.value)

        out.push = push
        return out

    def tanh(self):
        out = Var(np.tanh(self.value), (self,))

        def push():
            self.grad += out.grad * (1 - out.value**2)

        out.push = push
        return out

    def block(self, k, width):
        out = Var(self.value[:, k * width : (k + 1) * width], (self,))

        def push():
            self.grad[:, k * width : (k + 1) * width] += out.grad

        out.push = push
        return out

    def backward(self, grad):
        order, seen = [], set()

        def visit(var):
            if id(var) not in seen:
                seen.add(id(var))
                for parent in var.parents:
                    visit(parent)
                order.append(var)

        visit(self)
        self.grad = grad
        for var in reversed(order):
            var.push()


def unbroadcast(grad, value):
    return grad if grad.shape == value.shape else grad.sum(axis=0)


def gradients(params, x, y, h0):
    p = {name: Var(value) for name, value in params.items()}
    xs, start = [Var(x_t) for x_t in x], Var(h0)
    H = h0.shape[1]
    h = start
    for x_t in xs:
        a = x_t @ p["W_xh"] + p["b_xh"]
        u = h @ p["W_hh"] + p["b_hh"]
        r = (a.block(0, H) + u.block(0, H)).sigmoid()
        z = (a.block(1, H) + u.block(1, H)).sigmoid()
        n = (a.block(2, H) + r * u.block(2, H)).tanh()
        h = n + z * (h - n)
    out = h @ p["W_hy"] + p["b_y"]
    out.backward(out.value - y)
    return {**{name: var.grad for name, var in p.items()}, "x": np.stack([v.grad for v in xs]), "h0": start.grad}
