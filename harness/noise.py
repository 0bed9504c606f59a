"""Noise: the rounding error to expect of each gradient, measured on the problem itself, never guessed.

The reference is run with the result of every operation rounded at random (`rounding.py`), several times over. Noise is
the largest error of these runs, floored at the working dtype's unit roundoff times the gradient's scale.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np

from .arrays import roundoff, smallest_normal
from .gradients import Gradients
from .problem import Problem, Tensors, make_tensors
from .rounding import Rounding

Array = np.ndarray
Reference = Callable[[Problem, Tensors], Gradients]

THRESHOLD = 32.0  # in units of noise; README, "How the threshold was measured", has the sweep behind it
DRAWS = 8  # the largest of a few errors is seldom small by chance
FEWEST = 4  # where the problem is large, and a draw costs time
ROOM = 2**15  # numbers in the largest array of one run: as many draws at a time
RESOLVED = 8.0  # unit roundoffs of float64, which float64 itself can be moved by


@dataclass(frozen=True)
class Noise:
    """The expected rounding error by quantity, as a max-norm, and where it comes from.

    `source`: "measured" on the problem, or "repeats" of the same computation. `zero`: what is zero whatever the weights
    are, as all gradients of cross-entropy with a single class: zeros are right there, and not blind.
    """

    values: Mapping[str, float]
    source: str = "measured"
    zero: frozenset[str] = frozenset()

    def at_least(self, other: Mapping[str, float]) -> "Noise":
        """The same, raised to the uncertainty that an approximate oracle reports of itself."""
        return replace(self, values={name: max(value, other.get(name, 0.0)) for name, value in self.values.items()})


def measure_noise(problem: Problem, tensors: Tensors, reference: Reference) -> Noise:
    """Noise of every quantity of a problem in its working dtype.

    Args:
        reference: gradients in the dtype of the tensors it is given; `Rounded` must work.
    """
    dtype = np.dtype(problem.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # of a problem that overflows the noise is not finite either
        plain = reference(problem, tensors).quantities
        errors = rounding_errors(problem, tensors, reference, roundoff(dtype))
        zero = _always_zero(problem, plain, reference)
    least = smallest_normal(dtype)
    return Noise({n: max(e, least) if np.isfinite(plain[n]).all() else np.inf for n, e in errors.items()}, zero=zero)


def _always_zero(problem: Problem, found: Mapping[str, Array], reference: Reference) -> frozenset[str]:
    """What is exactly zero with other, smaller weights as well, where nothing saturates."""
    zero = frozenset(name for name, value in found.items() if not value.any())
    if not zero:
        return zero
    other = replace(problem, seed=problem.seed + 1, weight_scale=min(problem.weight_scale, 1.0))
    again = reference(other, make_tensors(other)).quantities
    return frozenset(name for name in zero if not again[name].any())


def rounding_errors(problem: Problem, tensors: Tensors, reference: Reference, unit: float) -> dict[str, float]:
    """The error to expect of every quantity where each operation rounds by up to `unit`, as a max-norm.

    Never less than one rounding of the quantity itself. Errors are in proportion to the unit roundoff: one that float64
    does not resolve is taken larger, and the errors as much smaller.
    """
    fine, tensors = replace(problem, dtype="float64"), tensors.cast("float64")
    exact = reference(fine, tensors).quantities
    errors = {name: unit * float(np.abs(value).max()) for name, value in exact.items()}
    larger = max(1.0, RESOLVED * roundoff(np.dtype(np.float64)) / unit)
    for k, draws in enumerate(_draws(problem)):
        rounding = Rounding(draws, larger * unit, [problem.seed, k])
        given = tensors.map(partial(_rounded, rounding))
        for name, found in reference(fine, given).quantities.items():
            errors[name] = max(errors[name], float(np.abs(np.asarray(found) - exact[name]).max()) / larger)
    return errors


def _rounded(rounding: Rounding, _: str, value: Array) -> Array:
    return value if value.dtype.kind == "i" else cast(Array, rounding.exact(value))  # it does as an array does


def _draws(problem: Problem) -> list[int]:
    """How many draws go into each run."""
    largest = max(spec.count(problem.sizes) for spec in problem.spec.quantities)
    at_a_time = min(DRAWS, max(1, ROOM // largest))
    return [DRAWS] if at_a_time == DRAWS else [at_a_time] * -(-FEWEST // at_a_time)
