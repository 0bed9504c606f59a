"""The model tables: names, shapes, axes and conventions of every recurrent network, one file a model.

A file of this folder holds one `MODEL`. Layouts, name matching, reports and error messages are all derived from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from math import prod
from pkgutil import iter_modules
from typing import Literal

from ..errors import BadInput, listed

Sizes = Mapping[str, int]


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
OUTPUTS = TensorSpec("outputs", (TIME, BATCH, OUTPUT), "output", ("outputs", "out", "ys", "yhat", "logits"))
LOSS = TensorSpec("loss", (), "loss", ("loss", "cost", "error"))


@dataclass(frozen=True)
class Model:
    """A recurrent network as a table.

    `equations` are its forward pass in the canonical layout; `symmetries` the sizes along which units can be
    permuted, weights with them, without changing the mathematics (the noise model relies on it).
    """

    name: str
    title: str
    equations: tuple[str, ...]
    parameters: tuple[TensorSpec, ...]
    states: tuple[TensorSpec, ...]
    gates: tuple[str, ...] = ()
    symmetries: tuple[str, ...] = ("B", "I", "H")
    kinked: bool = False

    @property
    def adjoints(self) -> tuple[TensorSpec, ...]:
        """The per-timestep adjoints dL/dh_t, (T, B, H), that some backends give."""
        return (TensorSpec("adjoint_h", (TIME, BATCH, HIDDEN), "adjoint", ("adjointh", "h", "hs")),)

    @property
    def tensors(self) -> tuple[TensorSpec, ...]:
        """Everything that has a gradient: parameters, input, initial states."""
        return (*self.parameters, X, *self.states)

    @property
    def quantities(self) -> tuple[TensorSpec, ...]:
        """Everything that is compared, in reading order: the forward pass first."""
        return (LOSS, OUTPUTS, *self.tensors, *self.adjoints)

    def tensor(self, name: str) -> TensorSpec:
        return next(spec for spec in self.quantities if spec.name == name)


def recurrent(*, gates: tuple[str, ...] = (), states: Iterable[str] = ("h0",), biases: Iterable[TensorSpec]) -> dict:
    """The parts every recurrent network of one layer shares: W_xh, W_hh, the given biases, W_hy, b_y and the states."""
    blocks = Axis("hidden", "H", gates)
    return {
        "gates": gates,
        "parameters": (
            TensorSpec("W_xh", (INPUT, blocks), "weight", ("wxh", "wih", "win", "wx", "u"), ("weight_ih_l0",)),
            TensorSpec("W_hh", (HIDDEN, blocks), "weight", ("whh", "wrec", "wh", "w"), ("weight_hh_l0",)),
            *biases,
            TensorSpec("W_hy", (HIDDEN, OUTPUT), "weight", ("why", "who", "wout", "wy", "v"), ("weight_hy",)),
            TensorSpec("b_y", (OUTPUT,), "bias", ("by", "bo", "bout", "c"), ("bias_hy",)),
        ),
        "states": tuple(TensorSpec(state, (BATCH, HIDDEN), "state", (state, f"{state[0]}init")) for state in states),
    }


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
