"""An LSTM after a small repository much copied: a node a step, told its input and its top diff. Classes."""

import numpy as np


def sigmoid(x):
    return 1.0 / (1 + np.exp(-x))


def sigmoid_derivative(values):
    return values * (1 - values)


def tanh_derivative(values):
    return 1.0 - values**2


class LstmParam:
    def __init__(self, W_xh, W_hh, b_h):
        self.x_dim = len(W_xh)
        stacked = np.vstack((W_xh, W_hh)).T
        self.wi, self.wf, self.wg, self.wo = np.split(stacked, 4)
        self.bi, self.bf, self.bg, self.bo = np.split(b_h, 4)
        self.w_diff, self.b_diff = np.zeros_like(stacked), np.zeros_like(b_h)


class LstmNode:
    def __init__(self, param, dtype):
        self.param = param
        self.bottom_diff_h = np.zeros(len(param.bi), dtype)
        self.bottom_diff_s = np.zeros(len(param.bi), dtype)

    def bottom_data_is(self, x, s_prev, h_prev):
        p = self.param
        self.s_prev = s_prev
        self.xc = np.hstack((x, h_prev))
        self.g = np.tanh(p.wg @ self.xc + p.bg)
        self.i = sigmoid(p.wi @ self.xc + p.bi)
        self.f = sigmoid(p.wf @ self.xc + p.bf)
        self.o = sigmoid(p.wo @ self.xc + p.bo)
        self.s = self.s_prev * self.f
        self.s += self.g * self.i
        self.h = np.tanh(self.s) * self.o

    def top_diff_is(self, top_diff_h, top_diff_s):
        p = self.param
        ds = self.o * tanh_derivative(np.tanh(self.s)) * top_diff_h + top_diff_s
        do = np.tanh(self.s) * top_diff_h
        di_input = sigmoid_derivative(self.i) * (self.g * ds)
        df_input = sigmoid_derivative(self.f) * (self.s_prev * ds)
        dg_input = tanh_derivative(self.g) * (self.i * ds)
        do_input = sigmoid_derivative(self.o) * do

        d_input = np.concatenate((di_input, df_input, dg_input, do_input))
        p.w_diff += np.outer(d_input, self.xc)
        p.b_diff += d_input

        dxc = np.zeros_like(self.xc)
        dxc += p.wi.T @ di_input
        dxc += p.wf.T @ df_input
        dxc += p.wg.T @ dg_input
        dxc += p.wo.T @ do_input
        self.bottom_diff_s = ds * self.f
        self.bottom_diff_h = dxc[p.x_dim :]


class LstmNetwork:
    def __init__(self, param, h0, c0):
        self.param, self.h0, self.c0, self.nodes = param, h0, np.array(c0), []

    def x_list_add(self, x):
        s_prev, h_prev = (self.nodes[-1].s, self.nodes[-1].h) if self.nodes else (self.c0, self.h0)
        node = LstmNode(self.param, x.dtype)
        node.bottom_data_is(x, s_prev, h_prev)
        self.nodes.append(node)

    def y_list_is(self, diffs):
        idx = len(self.nodes) - 1
        self.nodes[idx].top_diff_is(diffs[idx], np.zeros_like(self.c0))
        idx -= 1
        while idx >= 0:
            diff_h = diffs[idx] + self.nodes[idx + 1].bottom_diff_h
            diff_s = self.nodes[idx + 1].bottom_diff_s
            self.nodes[idx].top_diff_is(diff_h, diff_s)
            idx -= 1


def gradients(W_xh, W_hh, b_h, W_hy, b_y, x, y, h0, c0):
    param = LstmParam(W_xh, W_hh, b_h)
    net = LstmNetwork(param, h0, c0)
    for x_t in x:
        net.x_list_add(x_t)
    h = np.array([node.h for node in net.nodes])
    scores = np.exp(h @ W_hy + b_y)
    diff = scores / scores.sum(axis=1, keepdims=True) - np.eye(len(b_y))[y]
    net.y_list_is(diff @ W_hy.T)
    W_xh_diff, W_hh_diff = np.split(param.w_diff.T, [param.x_dim])
    first = net.nodes[0]
    return {
        "W_xh": W_xh_diff,
        "W_hh": W_hh_diff,
        "b_h": param.b_diff,
        "W_hy": h.T @ diff,
        "b_y": diff.sum(axis=0),
        "h0": first.bottom_diff_h,
        "c0": first.bottom_diff_s,
    }
