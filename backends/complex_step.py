"""The complex step: every gradient to the last digits, without AD and without subtracting.

For a loss that is analytic in a parameter, L(p + ih) = L(p) + ih L'(p) - h^2 L''(p) / 2 - ..., so that
L'(p) = Im L(p + ih) / h with an error of order h^2. Nothing is subtracted, so h can be far below roundoff: at 2^-200
the error is below anything a float64 holds, division by h is exact, and a gradient may still vanish to 1e-240 before
its imaginary part does. rnn_relu is not analytic and is not asked; finite_difference has it.

The arithmetic is complex128 and the results are float64, for float32 problems too: the oracle takes the float32 numbers
as they are and is more exact than the precision it judges.

Sources: Lyness and Moler (1967), Numerical differentiation of analytic functions; Squire and Trapp (1998), Using
complex variables to estimate derivatives of real functions.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from ._contract import Backend

if TYPE_CHECKING:
    from ..harness.gradients import Gradients
    from ..harness.problem import Problem, Tensors
    from ._oracle_forward import Array, Moved, Step

STEP = 2.0**-200
MULTIPLY_NS, UNIT_NS = 1.0, 60.0  # of one complex multiply-add and of one gate of one unit, measured


def gradients(problem: "Problem", tensors: "Tensors") -> "Gradients":
    """Every gradient that the problem asks for, and the adjoints, in float64."""
    return stepped(problem, tensors)


def stepped(
    problem: "Problem", tensors: "Tensors", step: "Step | None" = None, names: Collection[str] = ()
) -> "Gradients":
    """The gradients, or of these names alone, of a network of another step than the model's own, where one is given."""
    from ..harness.gradients import Gradients
    from ._oracle_forward import forward, leaves, sweep

    w = leaves(problem, tensors, np.complex128)
    with np.errstate(all="ignore"):  # underflow of Im is meant; a gradient that is not finite shows by itself
        base = forward(problem, w, tensors.y, step)
        named = {name: found for name, (found,) in sweep(problem, w, tensors.y, slope, step, names).items()}
    adjoints = {spec.name: named.pop(spec.name) for spec in problem.spec.adjoints if spec.name in named}
    return Gradients(np.real(base.losses).sum(), np.real(base.outputs[0]), named, adjoints=adjoints)


def slope(moved: "Moved") -> tuple["Array"]:
    """dL/dp = Im L(p + ih) / h of n coordinates: (n,)."""
    return (np.imag(moved(1j * STEP)).sum(-1) / STEP,)


def refuses(problem: "Problem") -> str:
    from ._oracle_forward import too_large

    return too_large(problem, 1, MULTIPLY_NS, UNIT_NS)


BACKEND = Backend(
    name="complex_step",
    title="complex step on its own forward pass: an oracle to machine precision",
    gradients=gradients,
    models=("rnn", "lstm", "gru"),
    refuses=refuses,
    oracle=True,
    adjoints=True,
    rank=30,
)
