"""An LSTM of torch's tensors, unrolled into an object a step; batch first, no autograd. Loss on the last step."""

import torch


class Step:
    def __init__(self, net, x):
        self.net, self.x = net, x

    def forward(self, h, c):
        net = self.net
        gates = self.x @ net.w_ih.T + net.b_ih + h @ net.w_hh.T + net.b_hh
        i, f, g, o = gates.chunk(4, dim=1)
        self.i, self.f, self.g, self.o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        self.h, self.c = h, c
        self.tanh_c = torch.tanh(self.f * c + self.i * self.g)
        return self.o * self.tanh_c, self.f * c + self.i * self.g

    def backward(self, dh, dc):
        net, i, f, g, o = self.net, self.i, self.f, self.g, self.o
        dc = dc + dh * o * (1 - self.tanh_c.square())
        di = dc * g * i * (1 - i)
        df = dc * self.c * f * (1 - f)
        dg = dc * i * (1 - g.square())
        do = dh * self.tanh_c * o * (1 - o)
        d = torch.cat((di, df, dg, do), dim=1)
        net.dw_ih += torch.einsum("bk,bi->ki", d, self.x)
        net.dw_hh += torch.einsum("bk,bh->kh", d, self.h)
        net.db_ih += d.sum(dim=0)
        net.db_hh += d.sum(dim=0)
        return torch.einsum("bk,kh->bh", d, net.w_hh), dc * f


class Net:
    def __init__(self, params):
        p = {name: torch.tensor(value) for name, value in params.items()}
        self.w_ih, self.w_hh, self.w_hy = p["weight_ih_l0"], p["weight_hh_l0"], p["weight_hy"]
        self.b_ih, self.b_hh, self.b_hy = p["bias_ih_l0"], p["bias_hh_l0"], p["bias_hy"]
        self.dw_ih, self.dw_hh = torch.zeros_like(self.w_ih), torch.zeros_like(self.w_hh)
        self.db_ih, self.db_hh = torch.zeros_like(self.b_ih), torch.zeros_like(self.b_hh)


@torch.no_grad()
def gradients(params, x, y, h0, c0):
    net = Net(params)
    batch_first = torch.tensor(x).transpose(0, 1)
    steps = [Step(net, batch_first[:, t]) for t in range(batch_first.shape[1])]
    h, c = torch.tensor(h0), torch.tensor(c0)
    for step in steps:
        h, c = step.forward(h, c)

    error = h @ net.w_hy.T + net.b_hy - torch.tensor(y)
    dh, dc = error @ net.w_hy, torch.zeros_like(c)
    for step in reversed(steps):
        dh, dc = step.backward(dh, dc)
    return {
        "weight_ih_l0.grad": net.dw_ih,
        "weight_hh_l0.grad": net.dw_hh,
        "bias_ih_l0.grad": net.db_ih,
        "bias_hh_l0.grad": net.db_hh,
        "weight_hy.grad": error.T @ h,
        "bias_hy.grad": error.sum(dim=0),
        "h0": dh,
        "c0": dc,
    }
