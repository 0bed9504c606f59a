"""An LSTM on torch's tensors without its autograd: a dataclass for every step, gradients in place. One sequence."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class Step:
    x: Tensor
    h_before: Tensor
    c_before: Tensor
    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    tanh_c: Tensor
    h: Tensor


def run(p, x, h, c):
    steps = []
    for x_t in x:
        pre = p["weight_ih_l0"].mv(x_t) + p["bias_ih_l0"] + p["weight_hh_l0"].mv(h) + p["bias_hh_l0"]
        i, f, g, o = pre.chunk(4)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c_new = f * c + i * g
        h_new = o * c_new.tanh()
        steps.append(Step(x_t, h, c, i, f, g, o, c_new.tanh(), h_new))
        h, c = h_new, c_new
    return steps


@torch.no_grad()
def gradients(params, x, y, h0, c0):
    p = {name: torch.from_numpy(value) for name, value in params.items()}
    x, y, h0, c0 = (torch.from_numpy(a) for a in (x, y, h0, c0))
    grad = {name: torch.zeros_like(value) for name, value in p.items()}
    steps = run(p, x, h0, c0)

    dh, dc = torch.zeros_like(h0), torch.zeros_like(c0)
    for t in range(len(steps) - 1, -1, -1):
        s = steps[t]
        error = p["weight_hy"].mv(s.h) + p["bias_hy"] - y[t]
        grad["weight_hy"] += torch.outer(error, s.h)
        grad["bias_hy"] += error

        dh = dh + p["weight_hy"].t().mv(error)
        dc = dc + dh * s.o * (1 - s.tanh_c**2)
        d_gates = torch.cat((dc * s.g, dc * s.c_before, dc * s.i, dh * s.tanh_c))
        slopes = torch.cat((s.i * (1 - s.i), s.f * (1 - s.f), 1 - s.g**2, s.o * (1 - s.o)))
        d_pre = d_gates * slopes

        grad["weight_ih_l0"].addr_(d_pre, s.x)
        grad["weight_hh_l0"].addr_(d_pre, s.h_before)
        grad["bias_ih_l0"].add_(d_pre)
        grad["bias_hh_l0"].add_(d_pre)
        dh = p["weight_hh_l0"].t().mv(d_pre)
        dc = dc * s.f
    return {**grad, "h0": dh, "c0": dc}
