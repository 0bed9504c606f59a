"""A torch.autograd.Function for a whole GRU sequence: states are kept, backward is a loop."""

import torch


def steps_of(x, h, W_xh, W_hh, b_xh, b_hh):
    for x_t in x:
        xr, xz, xn = (x_t @ W_xh + b_xh).chunk(3, 1)
        hr, hz, hn = (h @ W_hh + b_hh).chunk(3, 1)
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        n = torch.tanh(xn + r * hn)
        yield h, r, z, n, hn
        h = (1 - z) * n + z * h
    yield h, None, None, None, None


class GRU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, h0, W_xh, W_hh, b_xh, b_hh):
        ctx.steps = list(steps_of(x, h0, W_xh, W_hh, b_xh, b_hh))
        ctx.save_for_backward(x, W_xh, W_hh)
        return torch.stack([step[0] for step in ctx.steps[1:]])

    @staticmethod
    def backward(ctx, grad):  # type: ignore[override]
        x, W_xh, W_hh = ctx.saved_tensors
        dW_xh, dW_hh = torch.zeros_like(W_xh), torch.zeros_like(W_hh)
        db_xh, db_hh = torch.zeros_like(W_xh[0]), torch.zeros_like(W_hh[0])
        dx = torch.empty_like(x)
        dh = torch.zeros_like(grad[0])
        for t in reversed(range(len(x))):
            h, r, z, n, hn = ctx.steps[t]
            dh = dh + grad[t]
            dn = dh * (1 - z) * (1 - n * n)
            dz = dh * (h - n) * z * (1 - z)
            dr = dn * hn * r * (1 - r)
            dxs = torch.cat((dr, dz, dn), 1)
            dhs = torch.cat((dr, dz, dn * r), 1)
            dW_xh += x[t].T @ dxs
            dW_hh += h.T @ dhs
            db_xh += dxs.sum(0)
            db_hh += dhs.sum(0)
            dx[t] = dxs @ W_xh.T
            dh = dh * z + dhs @ W_hh.T
        return dx, dh, dW_xh, dW_hh, db_xh, db_hh


def gradients(params, x, y, h0):
    p = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    x, h0 = torch.tensor(x, requires_grad=True), torch.tensor(h0, requires_grad=True)
    h = GRU.apply(x, h0, p["W_xh"], p["W_hh"], p["b_xh"], p["b_hh"])
    loss = 0.5 * (h @ p["W_hy"] + p["b_y"] - torch.tensor(y)).square().sum()
    loss.backward()
    return {**{k: v.grad for k, v in p.items()}, "x": x.grad, "h0": h0.grad}
