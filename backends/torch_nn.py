"""The modules torch.nn.RNN, LSTM and GRU, with torch.nn.Linear behind them: what people use, fused kernels and all."""

from typing import TYPE_CHECKING

from ._contract import Backend
from .torch_autograd import loss_of, precision

if TYPE_CHECKING:
    from ..harness.gradients import Gradients
    from ..harness.problem import Problem, Tensors

CALLS = {
    "rnn": ("RNN", {"nonlinearity": "tanh"}),
    "rnn_relu": ("RNN", {"nonlinearity": "relu"}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
}


def gradients(problem: "Problem", tensors: "Tensors") -> "Gradients":
    """The modules' gradients, brought back from torch's layout. The hidden states inside give no adjoints."""
    import torch

    from ..harness.gradients import Gradients
    from ..harness.layout import Layout, canonical_gradients, native_tensors

    layout = Layout("torch")
    native = native_tensors(layout, problem, tensors)
    kind, options = CALLS[problem.model]
    dtype = getattr(torch, problem.dtype)
    module = getattr(torch.nn, kind)(problem.I, problem.H, bias=problem.bias, dtype=dtype, **options)
    linear = torch.nn.Linear(problem.H, problem.O, bias=problem.bias, dtype=dtype)

    weights = {**dict(module.named_parameters()), "weight_hy": linear.weight, "bias_hy": linear.bias}
    weights = {name: weight for name, weight in weights.items() if weight is not None}
    for name, value in native.params.items():
        weights[name].data = torch.from_numpy(value)
    leaf = {name: torch.from_numpy(value).clone().requires_grad_() for name, value in native.states.items()}
    leaf["x"] = torch.from_numpy(native.x).clone().requires_grad_()

    first = [leaf[name][None] for name in native.states]  # torch's states have an axis of layers in front
    hidden, _ = module(leaf["x"], tuple(first) if len(first) > 1 else first[0])
    outputs = linear(hidden)
    loss = loss_of(problem.loss, outputs[problem.supervised], torch.from_numpy(native.y))
    loss.backward()

    found = {name: tensor.grad.numpy() for name, tensor in {**weights, **leaf}.items() if tensor.grad is not None}
    return Gradients(loss.detach().numpy(), outputs.detach().numpy(), canonical_gradients(layout, problem, found))


BACKEND = Backend(
    name="torch_nn",
    title="torch.nn.RNN, LSTM and GRU modules",
    gradients=gradients,
    models=tuple(CALLS),
    needs=("torch",),
    extra="torch",
    precision=precision,
    rank=11,
)
