"""The model tables: names, shapes, axes and conventions of every recurrent network, one file a model.

A file of this folder holds one `MODEL`. Layouts, name matching, reports and error messages are all derived from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from math import prod
from pkgutil import iter_modules
from typing import Literal

from ..errors import BadInput, listed

Sizes = Mapping[str, int]
Factors = tuple[Literal["x", "h_prev", "h", "1"], str]  # the left factor, and the adjoint on the right


@dataclass(frozen=True)
class Axis:
    """One axis of a tensor: what it counts, the letter of its size, and the gate blocks laid along it, if any."""

    name: str
    size: str
    gates: tuple[str, ...] = ()

    def length(self, sizes: Sizes) -> int:
        return max(1, len(self.gates)) * sizes[self.size]

    def place(self, index: int, sizes: Sizes) -> str:
        """An index in words: 'hidden 2', or 'gate f hidden 2' where gates share the axis."""
        gate, unit = divmod(index, sizes[self.size])
        return f"gate {self.gates[gate]} {self.name} {unit}" if self.gates else f"{self.name} {unit}"


TIME, BATCH, INPUT, OUTPUT = Axis("time", "T"), Axis("batch", "B"), Axis("input", "I"), Axis("output", "O")
HIDDEN = Axis("hidden", "H")

Kind = Literal["weight", "bias", "input", "state", "output", "loss", "adjoint"]


@dataclass(frozen=True)
class TensorSpec:
    """One tensor of a model in the canonical layout.

    `spellings` are what people call it, lower case and without separators; `torch` are the names of the torch.nn
    parameters that hold it, two where torch doubles a bias.
    """

    name: str
    axes: tuple[Axis, ...]
    kind: Kind
    spellings: tuple[str, ...] = ()
    torch: tuple[str, ...] = ()

    def shape(self, sizes: Sizes) -> tuple[int, ...]:
        return tuple(axis.length(sizes) for axis in self.axes)

    def count(self, sizes: Sizes) -> int:
        return prod(self.shape(sizes))


X = TensorSpec("x", (TIME, BATCH, INPUT), "input", ("x", "xs", "input", "inputs"))
ADJOINT_OUT = TensorSpec(
    "adjoint_out",
    (TIME, BATCH, OUTPUT),
    "adjoint",
    ("adjointout", "dout", "douts", "doutput", "doutputs", "dlogits", "dy"),
)
ADJOINT_H = TensorSpec("adjoint_h", (TIME, BATCH, HIDDEN), "adjoint", ("adjointh", "dh", "dhs", "dhidden", "dstates"))
OUTPUTS = TensorSpec("outputs", (TIME, BATCH, OUTPUT), "output", ("outputs", "out", "ys", "yhat", "logits"))
LOSS = TensorSpec("loss", (), "loss", ("loss", "cost", "error"))


@dataclass(frozen=True)
class Model:
    """A recurrent network as a table.

    `equations` are its forward pass in the canonical layout; `symmetries` the sizes along which units can be
    permuted, weights with them, without changing the mathematics (`precision` relies on it). `factors` say, for
    every weight and bias, what its gradient is a sum over time and batch of: left[t] outer adjoint[t], where left is x,
    h_prev, h or, for a bias, 1. `preactivations` are the adjoints of what the nonlinearities are applied to.
    """

    name: str
    title: str
    equations: tuple[str, ...]
    parameters: tuple[TensorSpec, ...]
    states: tuple[TensorSpec, ...]
    gates: tuple[str, ...] = ()
    symmetries: tuple[str, ...] = ("B", "I", "H")
    factors: Mapping[str, Factors] = field(default_factory=dict)
    preactivations: tuple[TensorSpec, ...] = ()
    kinked: bool = False

    @property
    def adjoints(self) -> tuple[TensorSpec, ...]:
        """The per-timestep adjoints dL/dh_t, (T, B, H), that some backends give."""
        return (ADJOINT_H,)

    @property
    def chain(self) -> tuple[TensorSpec, ...]:
        """All adjoints from the loss inwards, as backpropagation makes them; the reference alone gives every one."""
        return (ADJOINT_OUT, ADJOINT_H, *self.preactivations)

    @property
    def tensors(self) -> tuple[TensorSpec, ...]:
        """Everything that has a gradient: parameters, input, initial states."""
        return (*self.parameters, X, *self.states)

    @property
    def quantities(self) -> tuple[TensorSpec, ...]:
        """Everything that is compared, in reading order: the forward pass first."""
        return (LOSS, OUTPUTS, *self.tensors, *self.chain)

    def tensor(self, name: str) -> TensorSpec:
        return next(spec for spec in self.quantities if spec.name == name)


def recurrent(
    *,
    gates: tuple[str, ...] = (),
    states: Iterable[str] = ("h0",),
    biases: Iterable[TensorSpec],
    shares: tuple[str, str] = ("adjoint_a", "adjoint_a"),
) -> dict:
    """The parts every recurrent network of one layer shares: W_xh, W_hh, the given biases, W_hy, b_y and the states.

    `shares` are the adjoints behind W_xh and W_hh: one and the same where the two products are simply added. Each bias
    belongs to the share whose turn it is.
    """
    blocks = Axis("hidden", "H", gates)
    biases = tuple(biases)
    factors: dict[str, Factors] = {"W_xh": ("x", shares[0]), "W_hh": ("h_prev", shares[1])}
    factors |= {bias.name: ("1", share) for bias, share in zip(biases, shares, strict=False)}
    factors |= {"W_hy": ("h", "adjoint_out"), "b_y": ("1", "adjoint_out")}
    return {
        "gates": gates,
        "factors": factors,
        "preactivations": tuple(preactivation(name, blocks) for name in dict.fromkeys(shares)),
        "parameters": (
            TensorSpec("W_xh", (INPUT, blocks), "weight", ("wxh", "wih", "win", "wx", "u"), ("weight_ih_l0",)),
            TensorSpec("W_hh", (HIDDEN, blocks), "weight", ("whh", "wrec", "wh", "w"), ("weight_hh_l0",)),
            *biases,
            TensorSpec("W_hy", (HIDDEN, OUTPUT), "weight", ("why", "who", "wout", "wy", "v"), ("weight_hy",)),
            TensorSpec("b_y", (OUTPUT,), "bias", ("by", "bo", "bout", "c"), ("bias_hy",)),
        ),
        "states": tuple(TensorSpec(state, (BATCH, HIDDEN), "state", (state, f"{state[0]}init")) for state in states),
    }


def preactivation(name: str, blocks: Axis) -> TensorSpec:
    """The adjoint of a pre-activation, (T, B, len(gates) * H): adjoint_a answers to da, dz and dpre."""
    short = name.removeprefix("adjoint_")
    also = ("da", "dz", "dpre", "draw", "dgates", "dhin") if short == "a" else (f"d{short}",)
    return TensorSpec(name, (TIME, BATCH, blocks), "adjoint", (f"adjoint{short}", *also))


def hidden_bias(name: str, gates: tuple[str, ...], spellings: tuple[str, ...], torch: tuple[str, ...]) -> TensorSpec:
    """A bias of the hidden layer, (len(gates) * H,)."""
    return TensorSpec(name, (Axis("hidden", "H", gates),), "bias", spellings, torch)


@cache
def models() -> dict[str, Model]:
    """Every model of this folder, by name."""
    found = (import_module(f".{module.name}", __name__).MODEL for module in iter_modules(__path__))
    return {model.name: model for model in sorted(found, key=lambda model: model.name)}


def find(name: str) -> Model:
    """The model of that name. Raises BadInput, naming those there are."""
    if name not in models():
        raise BadInput(f"unknown model {name!r}; expected {listed(models())}")
    return models()[name]
