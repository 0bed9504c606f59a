"""Right candidates: the four networks by hand in three styles, which agree in the mathematics and in no rounding.

Each style is written in the layout that its school uses, adds up in its own order, and has its own formulas for what
can be had in several ways: the slopes, the sigmoid, the softmax, the loss. None shares a line with the reference.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gradparity.harness.layout import Layout, canonical_gradients, native_tensors
from gradparity.harness.problem import Problem, Tensors

from ._shared import Named
from .columns import columns
from .rows import rows
from .tape import tape


@dataclass(frozen=True)
class Right:
    """A right candidate: the layout it is written in, and a function of the problem and its tensors in that layout."""

    layout: Layout
    gradients: Callable[[Problem, Tensors], Named]

    def __call__(self, problem: Problem, tensors: Tensors) -> Named:
        """Its gradients, loss and outputs, in the canonical layout and the working dtype."""
        native = self.gradients(problem, native_tensors(self.layout, problem, tensors))
        return canonical_gradients(self.layout, problem, native)


RIGHT = {
    "rows": Right(Layout("row"), rows),
    "columns": Right(Layout("column"), columns),
    "tape": Right(Layout("torch"), tape),
}
