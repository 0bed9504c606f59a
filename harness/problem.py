"""A Problem, and the one weight set and batch it makes for every backend."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Self
from zlib import crc32

import numpy as np

from .errors import BadInput, listed
from .models import Model, TensorSpec, find

Array = np.ndarray
LOSSES = ("mse", "softmax_xent")
DTYPES = ("float64", "float32", "longdouble")
LARGEST = 2**28  # numbers: a reference needs several times as many, and they are asked side by side


LossOn = Literal["all", "last"] | int


def supervised(loss_on: LossOn) -> slice | int:
    """Index, along time, of the outputs that such a loss sees."""
    if isinstance(loss_on, int):
        return loss_on
    return slice(None) if loss_on == "all" else -1


@dataclass(frozen=True)
class Problem:
    """One question put to every backend: the gradients of this loss of this model, at these sizes.

    Args:
        model: a name of the model tables.
        T, B, I, H, O: time steps, batch, inputs, hidden units, outputs; each 1 or more.
        loss: "mse", 0.5 * sum((out - y)^2), or "softmax_xent", summed cross-entropy with integer targets.
        loss_on: "all" steps, the "last" only, or the one step of that number.
        dtype: working dtype of the backends; "longdouble" is for holding float64 against.
        bias: without, all biases are zero and their gradients are not asked for.
        weight_scale: weights are uniform in +-weight_scale / sqrt(H), torch's own default at 1.
        seed: the same Problem gives the same bytes on every machine.
    Raises:
        BadInput: an unknown model, loss or dtype, or a size below 1, a negative seed; more numbers than are taken.
    """

    model: str = "rnn"
    T: int = 7
    B: int = 3
    I: int = 4  # noqa: E741  # the field's symbol
    H: int = 5
    O: int = 2  # noqa: E741  # the field's symbol
    loss: str = "mse"
    loss_on: LossOn = "all"
    dtype: str = "float64"
    bias: bool = True
    weight_scale: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        find(self.model)
        for option, value, known in (
            ("loss", self.loss, LOSSES),
            ("dtype", self.dtype, DTYPES),
        ):
            if value not in known:
                raise BadInput(f"unknown {option} {value!r}; expected {listed(known)}")
        for letter, size in self.sizes.items():
            if not 1 <= size <= LARGEST:
                raise BadInput(f"size {letter} = {size}; every size is 1 or more, and none above {LARGEST:,}")
        if (count := self.numbers) > LARGEST:
            raise BadInput(
                f"{self.describe()} is {count:.1e} numbers with its gradients, {count * 8 / 2**30:.3g} GiB in float64; "
                f"no more than {LARGEST:,} are taken: make the problem smaller (-T, -B, -I, -H, -O)"
            )
        if self.loss_on not in ("all", "last") and not (type(self.loss_on) is int and 0 <= self.loss_on < self.T):
            raise BadInput(f"unknown loss_on {self.loss_on!r}; expected all or last, or a step below T = {self.T}")
        if self.seed < 0:
            raise BadInput(f"seed = {self.seed}; a seed is 0 or more")
        if not 0 < self.weight_scale < float("inf"):  # not NaN either
            raise BadInput(f"weight_scale = {self.weight_scale}; it is a positive number")

    @property
    def spec(self) -> Model:
        return find(self.model)

    @property
    def sizes(self) -> dict[str, int]:
        return {"T": self.T, "B": self.B, "I": self.I, "H": self.H, "O": self.O}

    @property
    def numbers(self) -> int:
        """How many there are in all that is compared: the tensors' gradients, the outputs, the adjoints."""
        return sum(spec.count(self.sizes) for spec in self.spec.quantities)

    @property
    def supervised(self) -> slice | int:
        """Index of the outputs that the loss sees: `out[problem.supervised]` has the shape of y."""
        return supervised(self.loss_on)

    def long_enough(self, T: int) -> int:
        """T, or as many steps more as it takes for the step that the loss is on to be there."""
        return max(T, self.loss_on + 1) if isinstance(self.loss_on, int) else T

    def of_sizes(self, sizes: Mapping[str, int], batched: bool = True) -> "Problem":
        """The same of other sizes, with as many steps as the loss needs, and a batch of one if not `batched`."""
        fitting = sizes if batched else {**sizes, "B": 1}
        return replace(self, **{**fitting, "T": self.long_enough(fitting.get("T", self.T))})

    @property
    def asked(self) -> tuple[TensorSpec, ...]:
        """The tensors whose gradients are asked for."""
        return tuple(spec for spec in self.spec.tensors if self.bias or spec.kind != "bias")

    def shape(self, name: str) -> tuple[int, ...]:
        return self.spec.tensor(name).shape(self.sizes)

    def describe(self) -> str:
        """'lstm float64 T=7 B=3 I=4 H=5 O=2 mse': the problem in a line."""
        sizes = " ".join(f"{letter}={size}" for letter, size in self.sizes.items())
        where = {"all": "", "last": " on the last step"}.get(str(self.loss_on), f" on step {self.loss_on}")
        return f"{self.model} {self.dtype} {sizes} {self.loss}{where}"


@dataclass(frozen=True)
class Tensors:
    """The weight set and batch, in the canonical layout.

    Args:
        params: by name, as the model table lists them; biases are always there, zero when the problem has none.
        x: (T, B, I).
        y: targets; (T, B, O), or integers (T, B) for softmax_xent; without T when the loss is on one step only.
        states: h0, and c0 where the model has one, (B, H).
    """

    params: Mapping[str, Array]
    x: Array
    y: Array
    states: Mapping[str, Array]

    def map(self, change: Callable[[str, Array], Array]) -> Self:
        """The same with `change(name, array)` in the place of every array."""
        return replace(
            self,
            params={name: change(name, value) for name, value in self.params.items()},
            x=change("x", self.x),
            y=change("y", self.y),
            states={name: change(name, value) for name, value in self.states.items()},
        )

    def cast(self, dtype: str) -> Self:
        """The same in another dtype; integer targets stay integers."""
        return self.map(lambda _, value: value if value.dtype.kind == "i" else value.astype(dtype))


def targets(problem: Problem) -> TensorSpec:
    """The spec of y: like the outputs, without time where only one step counts, without classes where integer."""
    axes = problem.spec.tensor("outputs").axes
    axes = axes if problem.loss_on == "all" else axes[1:]
    return TensorSpec("y", axes if problem.loss == "mse" else axes[:-1], "output")


def make_tensors(problem: Problem) -> Tensors:
    """The weights, batch and initial states of a problem: uniform and random, h0 and c0 too, since zeros hide faults.

    Every tensor has its own stream, seeded by the problem's seed and the tensor's name, so that a tensor added to a
    model changes no other.
    """
    spec, scale = problem.spec, problem.weight_scale / np.sqrt(problem.H)
    params = {p.name: scale * _uniform(problem, p.name, problem.shape(p.name)) for p in spec.parameters}
    if not problem.bias:
        params = {
            p.name: np.zeros_like(params[p.name]) if p.kind == "bias" else params[p.name] for p in spec.parameters
        }
    tensors = Tensors(
        params=params,
        x=_uniform(problem, "x", problem.shape("x")),
        y=_targets(problem),
        states={state.name: _uniform(problem, state.name, problem.shape(state.name)) for state in spec.states},
    )
    return tensors.cast(problem.dtype)


def _targets(problem: Problem) -> Array:
    shape = targets(problem).shape(problem.sizes)
    if problem.loss == "mse":
        return _uniform(problem, "y", shape)
    return (_bits(problem, "y", int(np.prod(shape))) % np.uint64(problem.O)).astype(np.int64).reshape(shape)


def _uniform(problem: Problem, name: str, shape: tuple[int, ...]) -> Array:
    """Uniform in [-1, 1), exact in float64."""
    bits = _bits(problem, name, int(np.prod(shape, dtype=int)))
    return ((bits >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0).reshape(shape)


def _bits(problem: Problem, name: str, count: int) -> Array:
    """`count` random 64-bit words: the raw stream, since NumPy promises only that to stay the same between versions."""
    return np.random.PCG64([problem.seed, crc32(name.encode())]).random_raw(count)
