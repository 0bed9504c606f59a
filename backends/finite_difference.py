"""Central differences in long double, extrapolated to step zero, with an honest account of their own error.

D(h) = (L(p + h) - L(p - h)) / 2h is L'(p) plus powers of h^2. Richardson's deferred approach to the limit removes them
one by one from D(h), D(h/2), D(h/4) and D(h/8); of the estimates in that triangle the one that differs least from its
neighbours is taken, and that difference is its error, after Ridders. A problem too curved for the first step, such as a
chaotic network over many time steps, gets smaller ones. What is reported as `uncertainty` is the largest error of each
gradient, with a margin, the rounding of the losses and that of the result to float64. Where long double is wider than
double it is about 1e-14 of the gradient; where it is not, about 1e-11.

Kinks. A rectified network is smooth within the region of parameters in which the same units are open, and its gradient
at a point is that of the piece which the point lies in. A step that crossed a kink would measure a mixture of two
pieces. Hence every perturbed pass keeps the units open that are open at the point itself: where no unit changes sides,
that is the network as it is, to the bit; where one would, it is the same piece, continued, and no step need be shrunk
nor a one-sided difference taken. A pre-activation of exactly zero, where no derivative exists, counts as closed, which
is the convention of the model table.

Sources: Richardson (1911), The approximate arithmetical solution by finite differences; Ridders (1982), Accurate
computation of F'(x) and F'(x) F''(x).
"""

from typing import TYPE_CHECKING

import numpy as np

from ._contract import Backend

if TYPE_CHECKING:
    from ..harness.gradients import Gradients
    from ..harness.problem import Problem, Tensors
    from ._oracle_forward import Array, Moved

STEPS = (2.0**-7, 2.0**-13, 2.0**-19, 2.0**-25)  # first steps, tried in turn; powers of two, so that p + h is exact
HALVINGS = 4  # central differences in a triangle
GOOD = 2.0**23  # roundoffs of the gradient that are no reason to try smaller steps: 1e-12 where long double has 80 bits
MARGIN = 4.0  # the least of several errors flatters
ROUNDING = 8.0  # roundoffs that a loss, or a loss of 1 where it is smaller, may be wrong by
MULTIPLY_NS, UNIT_NS = 5.0, 100.0  # of one long double multiply-add and of one gate of one unit, measured


def gradients(problem: "Problem", tensors: "Tensors") -> "Gradients":
    """Every gradient that the problem asks for, and the adjoints, in float64, each with its uncertainty."""
    from ..harness.gradients import Gradients
    from ._oracle_forward import forward, leaves, sweep

    w = leaves(problem, tensors, np.longdouble)
    with np.errstate(all="ignore"):  # a gradient that is not finite shows by itself
        base = forward(problem, w, tensors.y)
        if problem.spec.kinked:
            w["active"] = base.h > 0
        found = sweep(problem, w, tensors.y, slope)
        named = {name: value.astype(np.float64) for name, (value, _) in found.items()}
        uncertainty = {name: total_error(named[name], error) for name, (_, error) in found.items()}
    adjoint = named.pop("adjoint_h")
    return Gradients(
        loss=base.losses.sum().astype(np.float64),
        outputs=base.outputs[0].astype(np.float64),
        named=named,
        adjoints={"adjoint_h": adjoint},
        uncertainty=uncertainty,
    )


def total_error(value: "Array", error: "Array") -> float:
    """Max-norm of the error of a gradient, that of its rounding to float64 included."""
    return float(error.max()) + float(np.abs(value).max()) * 2.0**-53


def slope(moved: "Moved") -> tuple["Array", "Array"]:
    """dL/dp of n coordinates and their errors, (n,) each, from as many first steps as it takes."""
    value, error, floor = extrapolate(moved, STEPS[0])
    for step in STEPS[1:]:
        good = GOOD * roundoff() * np.abs(value).max()
        if (error <= np.maximum(good, floor / step)).all():  # good enough, or no smaller step could do better
            break
        again, its_error, _ = extrapolate(moved, step)
        better = its_error < error
        value, error = np.where(better, again, value), np.where(better, its_error, error)
    return value, error


def extrapolate(moved: "Moved", step: float) -> tuple["Array", "Array", "Array"]:
    """The limit of central differences, its error, and the rounding error of the losses: (n,) each.

    Row k of the triangle starts with D(h), h = step / 2^k; its entry j, free of the powers of h^2 up to j, is
    E = row[j-1] + (row[j-1] - above[j-1]) / (4^j - 1).
    """
    value, error, floor, above = np.array(0), np.array(np.inf), np.array(0), []
    for k in range(HALVINGS):
        h = np.longdouble(step) / 2**k
        up, down = moved(h), moved(-h)
        floor = ROUNDING * roundoff() * np.sqrt(((2 + np.abs(up) + np.abs(down)) ** 2).sum(-1))
        row = [(up - down).sum(-1) / (2 * h)]
        for j, old in enumerate(above, 1):
            new = row[-1] + (row[-1] - old) / (4**j - 1)
            its_error = MARGIN * np.maximum(np.abs(new - row[-1]), np.abs(new - old)) + floor / h
            better = its_error < error
            value, error = np.where(better, new, value), np.where(better, its_error, error)
            row.append(new)
        above = row
    return value, error, floor


def roundoff() -> np.longdouble:
    """Unit roundoff of long double: 2^-64 on x86, 2^-113 where it has 128 bits, 2^-53 where it is double."""
    return np.finfo(np.longdouble).eps / 2


def refuses(problem: "Problem") -> str:
    from ._oracle_forward import too_large

    return too_large(problem, 2 * HALVINGS, MULTIPLY_NS, UNIT_NS)


BACKEND = Backend(
    name="finite_difference",
    title="extrapolated central differences in long double: an oracle that needs nothing but the loss",
    gradients=gradients,
    models=("rnn", "rnn_relu", "lstm", "gru"),
    refuses=refuses,
    oracle=True,
    adjoints=True,
    rank=31,
)
