"""Layouts: invertible maps between the canonical layout and the one that a framework or a user's code has.

A Convention is a row of a table; the placement of every tensor (axis order, gate order, split or doubled biases, names)
follows from it and the model table, and one function inverts them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .errors import BadInput, listed
from .models import BATCH, TIME, Axis, Kind, Model, Sizes, TensorSpec
from .problem import Problem, Tensors, targets

Array = np.ndarray


@dataclass(frozen=True)
class Convention:
    """How one school writes its tensors.

    `swaps`: kinds of tensor whose last two axes are exchanged against the canonical layout. `column_biases`: biases are
    (H, 1). `torch_names`: parameters are called as in torch.nn, and doubled where torch.nn doubles them.
    """

    name: str
    title: str
    swaps: frozenset[Kind] = frozenset()
    column_biases: bool = False
    torch_names: bool = False


CONVENTIONS = {
    convention.name: convention
    for convention in (
        Convention("row", "row vectors, h @ W: W_xh (I, H), x (T, B, I)"),
        Convention(
            "column",
            "column vectors, W @ h: W_xh (H, I), x (T, I, B), b (H, 1)",
            swaps=frozenset({"weight", "input", "state", "output", "adjoint"}),
            column_biases=True,
        ),
        Convention(
            "torch",
            "torch.nn: weight_ih_l0 (H, I), x (T, B, I), two biases",
            swaps=frozenset({"weight"}),
            torch_names=True,
        ),
    )
}


@dataclass(frozen=True)
class Placement:
    """Where one canonical tensor stands in a native layout.

    `order[k]` is the canonical axis that native axis k is; `gates` the native order of the gate blocks; without
    `batched` the batch axis, of length 1, is left out; `column` adds a last axis of length 1. Of a doubled bias each
    copy holds `share` of the value, and each has the whole gradient.
    """

    spec: TensorSpec
    name: str
    order: tuple[int, ...]
    gates: tuple[str, ...] = ()
    batched: bool = True
    column: bool = False
    share: float = 1.0

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The native axes, without the column's."""
        axes = (self.spec.axes[k] for k in self.order)
        return tuple(replace(axis, gates=self.gates) if axis.gates else axis for axis in axes if self._kept(axis))

    def shape(self, sizes: Sizes) -> tuple[int, ...]:
        return tuple(axis.length(sizes) for axis in self.axes) + (1,) * self.column

    def native(self, canonical: Array) -> Array:
        """The gradient, or whole value, in its native place."""
        for k, axis in enumerate(self.spec.axes):
            canonical = _regate(canonical, k, axis.gates, self.gates)
        moved = canonical.transpose(self.order)
        moved = moved.reshape(
            [n for n, k in zip(moved.shape, self.order, strict=True) if self._kept(self.spec.axes[k])]
        )
        return np.asarray(moved[..., None] if self.column else moved, order="C")

    def canonical(self, native: Array) -> Array:
        """The inverse of `native`."""
        native = native[..., 0] if self.column else native
        lengths = iter(native.shape)
        native = native.reshape([next(lengths) if self._kept(self.spec.axes[k]) else 1 for k in self.order])
        moved = native.transpose(np.argsort(self.order))
        for k, axis in enumerate(self.spec.axes):
            moved = _regate(moved, k, self.gates, axis.gates) if axis.gates else moved
        return np.asarray(moved, order="C")

    def words(self, index: tuple[int, ...], sizes: Sizes) -> str:
        """A native index in words: 'input 2 -> gate f hidden 0' for a weight, 'time 3, batch 1, input 2' else."""
        kept = [k for k in self.order if self._kept(self.spec.axes[k])]
        said = {k: axis.place(i, sizes) for k, axis, i in zip(kept, self.axes, index, strict=False)}
        between = " -> " if self.spec.kind == "weight" else ", "
        return between.join(said[k] for k in sorted(said))  # in canonical order, whatever the native one

    def _kept(self, axis: Axis) -> bool:
        return self.batched or axis != BATCH


def _regate(array: Array, axis: int, old: tuple[str, ...], new: tuple[str, ...]) -> Array:
    """The gate blocks along an axis, brought from one order to another."""
    if not old or old == new:
        return array
    parts = dict(zip(old, np.split(array, len(old), axis=axis), strict=True))
    return np.concatenate([parts[gate] for gate in new], axis=axis)


@dataclass(frozen=True)
class Layout:
    """A native layout: a convention, the order of gate blocks (the model's own when empty), batched or not."""

    convention: str = "row"
    gates: tuple[str, ...] = ()
    batched: bool = True

    def __post_init__(self) -> None:
        if self.convention not in CONVENTIONS:
            raise BadInput(f"unknown layout {self.convention!r}; expected {listed(CONVENTIONS)}")

    def place(self, spec: TensorSpec, model: Model) -> tuple[Placement, ...]:
        """Where a tensor of the model stands: one placement, or two where torch doubles a bias."""
        school = CONVENTIONS[self.convention]
        gates = self.gates or model.gates
        if sorted(gates) != sorted(model.gates):
            raise BadInput(
                f"--gates {''.join(gates)} does not fit {model.name}, whose gates are {''.join(model.gates) or 'none'}"
            )
        whole = tuple(range(len(spec.axes)))
        swap = spec.kind in school.swaps and sum(axis != TIME for axis in spec.axes) == 2
        order = (*whole[:-2], whole[-1], whole[-2]) if swap else whole
        names = spec.torch if school.torch_names and spec.torch else (spec.name,)
        column = school.column_biases and spec.kind == "bias" and self.batched
        return tuple(Placement(spec, name, order, gates, self.batched, column, share=1 / len(names)) for name in names)

    def placements(self, problem: Problem) -> dict[str, Placement]:
        """By native name: everything of a problem that can be compared, in reading order."""
        asked = {spec.name for spec in problem.asked}
        skipped = {spec.name for spec in problem.spec.tensors} - asked
        found = [place for spec in problem.spec.quantities for place in self.place(spec, problem.spec)]
        return {place.name: place for place in found if place.spec.name not in skipped}


def native_tensors(layout: Layout, problem: Problem, tensors: Tensors) -> Tensors:
    """The weights and batch in a native layout; biases that the problem does not have are left out."""
    spec = problem.spec
    values = {**tensors.params, **tensors.states, "x": tensors.x}

    def placed(specs: tuple[TensorSpec, ...]) -> dict[str, Array]:
        places = [place for one in specs for place in layout.place(one, spec)]
        return {p.name: p.native(values[p.spec.name]) * values[p.spec.name].dtype.type(p.share) for p in places}

    (y,) = layout.place(targets(problem), spec)
    (x,) = layout.place(spec.tensor("x"), spec)
    return Tensors(
        params=placed(tuple(p for p in spec.parameters if p in problem.asked)),
        x=x.native(tensors.x),
        y=y.native(tensors.y),
        states=placed(spec.states),
    )


def native_gradients(layout: Layout, problem: Problem, quantities: Mapping[str, Array]) -> dict[str, Array]:
    """Gradients in the native layout, under the native names; a doubled bias has its gradient twice."""
    places = layout.placements(problem)
    return {name: p.native(quantities[p.spec.name]) for name, p in places.items() if p.spec.name in quantities}


def canonical_gradients(layout: Layout, problem: Problem, native: Mapping[str, Array]) -> dict[str, Array]:
    """The inverse of `native_gradients`; of a doubled bias the first copy is taken."""
    places = reversed(layout.placements(problem).items())
    return {place.spec.name: place.canonical(native[name]) for name, place in places if name in native}
