"""A torch.autograd.Function for a whole LSTM sequence: tensors of all steps are kept, backward is a loop."""

import torch


class LSTMSequence(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, h, c, W_xh, W_hh, b):
        kept, states = [], []
        for x_t in x:
            i, f, g, o = (x_t @ W_xh + h @ W_hh + b).chunk(4, dim=1)
            i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
            h_prev, c_prev = h, c
            c = f * c_prev + i * g
            h = o * c.tanh()
            kept.append((x_t, h_prev, c_prev, i, f, g, o, c.tanh()))
            states.append(h)
        ctx.kept = kept
        ctx.save_for_backward(W_xh, W_hh)
        return torch.stack(states)

    @staticmethod
    def backward(ctx, grad):  # type: ignore[override]
        W_xh, W_hh = ctx.saved_tensors
        dx, dW_xh, dW_hh, db = [], 0, 0, 0
        dh, dc = torch.zeros_like(grad[0]), torch.zeros_like(grad[0])
        for t in range(len(grad) - 1, -1, -1):
            x_t, h_prev, c_prev, i, f, g, o, tanh_c = ctx.kept[t]
            dh = dh + grad[t]
            do = dh * tanh_c
            dc = dc + dh * o * (1 - tanh_c**2)
            df, di, dg = dc * c_prev, dc * g, dc * i
            da = torch.cat((di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)), dim=1)
            dW_xh = dW_xh + x_t.t() @ da
            dW_hh = dW_hh + h_prev.t() @ da
            db = db + da.sum(0)
            dx.append(da @ W_xh.t())
            dh = da @ W_hh.t()
            dc = dc * f
        return torch.stack(dx[::-1]), dh, dc, dW_xh, dW_hh, db


def gradients(params, x, y, h0, c0):
    leaf = {"x": x, "h0": h0, "c0": c0, **params}
    leaf = {name: torch.tensor(value, requires_grad=True) for name, value in leaf.items()}
    hidden = LSTMSequence.apply(*(leaf[name] for name in ("x", "h0", "c0", "W_xh", "W_hh", "b_h")))
    out = hidden @ leaf["W_hy"] + leaf["b_y"]
    (0.5 * (out - torch.tensor(y)) ** 2).sum().backward()
    return {name: tensor.grad for name, tensor in leaf.items()}
