"""How to speak of the gradients of a problem: indices and axes in the words of the model table."""

from math import prod

from .compare import Reading
from .heatmap import Label
from .layout import Layout, Placement
from .models import Sizes
from .problem import Problem


def readings(problem: Problem, layout: Layout) -> dict[str, Reading]:
    """By native name, how an index and a heatmap's rows and columns are said."""
    return {name: _reading(place, problem.sizes) for name, place in layout.placements(problem).items()}


def _reading(place: Placement, sizes: Sizes) -> Reading:
    axes = place.axes
    if not axes:
        return Reading(row=lambda _: "", column=lambda _: "", words=lambda _: "")
    lead, last = axes[: len(axes) - 1], axes[-1]
    if place.column:  # a last axis of one: the tensor's only real axis labels the rows
        lead, last = axes, None
    lengths = [axis.length(sizes) for axis in lead]

    def row(flat: int) -> str:
        said = []
        for k, axis in enumerate(lead):
            said.append(axis.place(flat // prod(lengths[k + 1 :]) % lengths[k], sizes))
        return ", ".join(said)

    column: Label = (lambda k: last.place(k, sizes)) if last else (lambda _: "")
    return Reading(words=lambda index: place.words(index, sizes), row=row, column=column)
