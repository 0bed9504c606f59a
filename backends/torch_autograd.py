"""PyTorch autograd over elementary operations: the forward is written out, torch.nn is not used."""

from typing import TYPE_CHECKING

from ._contract import Backend

if TYPE_CHECKING:
    import torch

    from ..harness.gradients import Gradients
    from ..harness.problem import Problem, Tensors


def gradients(problem: "Problem", tensors: "Tensors") -> "Gradients":
    """Autograd's gradients in the tensors' dtype; those in the hidden states are the adjoints."""
    import torch

    from ..harness.gradients import Gradients

    leaf = {name: torch.from_numpy(value).clone().requires_grad_() for name, value in tensors.params.items()}
    leaf |= {name: torch.from_numpy(value).clone().requires_grad_() for name, value in tensors.states.items()}
    leaf["x"] = torch.from_numpy(tensors.x).clone().requires_grad_()

    hidden = FORWARD[problem.model](leaf)  # T tensors (B, H)
    outputs = torch.stack(hidden) @ leaf["W_hy"] + leaf["b_y"]
    loss = loss_of(problem.loss, outputs[problem.supervised], torch.from_numpy(tensors.y))
    found = torch.autograd.grad(loss, [*leaf.values(), *hidden])

    named = {name: grad.numpy() for name, grad in zip(leaf, found, strict=False)}
    adjoint = torch.stack(found[len(leaf) :]).numpy()
    return Gradients(loss.detach().numpy(), outputs.detach().numpy(), named, adjoints={"adjoint_h": adjoint})


def loss_of(name: str, out: "torch.Tensor", y: "torch.Tensor") -> "torch.Tensor":
    """The summed loss, through torch's own functions."""
    import torch.nn.functional as F

    if name == "mse":
        return 0.5 * F.mse_loss(out, y, reduction="sum")
    return F.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1), reduction="sum")


def rnn(w: "dict[str, torch.Tensor]", relu: bool = False) -> "list[torch.Tensor]":
    h, hidden = w["h0"], []
    for x_t in w["x"]:
        a = x_t @ w["W_xh"] + h @ w["W_hh"] + w["b_h"]
        h = a.relu() if relu else a.tanh()
        hidden.append(h)
    return hidden


def lstm(w: "dict[str, torch.Tensor]") -> "list[torch.Tensor]":
    h, c, hidden = w["h0"], w["c0"], []
    for x_t in w["x"]:
        i, f, g, o = (x_t @ w["W_xh"] + h @ w["W_hh"] + w["b_h"]).chunk(4, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        hidden.append(h)
    return hidden


def gru(w: "dict[str, torch.Tensor]") -> "list[torch.Tensor]":
    h, hidden = w["h0"], []
    for x_t in w["x"]:
        x_r, x_z, x_n = (x_t @ w["W_xh"] + w["b_xh"]).chunk(3, dim=-1)
        h_r, h_z, h_n = (h @ w["W_hh"] + w["b_hh"]).chunk(3, dim=-1)
        r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
        n = (x_n + r * h_n).tanh()
        h = n + z * (h - n)
        hidden.append(h)
    return hidden


def precision() -> str:
    """Settings that trade accuracy of matrix products for speed."""
    import torch

    tf32 = "on" if torch.backends.cuda.matmul.allow_tf32 else "off"
    return f"float32 matmul {torch.get_float32_matmul_precision()}, TF32 {tf32}"


FORWARD = {"rnn": rnn, "rnn_relu": lambda w: rnn(w, relu=True), "lstm": lstm, "gru": gru}

BACKEND = Backend(
    name="torch",
    title="PyTorch autograd over elementary operations",
    gradients=gradients,
    models=tuple(FORWARD),
    needs=("torch",),
    extra="torch",
    adjoints=True,
    precision=precision,
    rank=10,
)
