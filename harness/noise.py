"""Noise: the rounding error to expect of each gradient, measured on the problem itself, never guessed.

The reference is run in the working dtype on the problem and on equivalents of it, in which hidden units, batch elements
and inputs are permuted, weights with them: the same mathematics with other roundings. Noise is the largest error of any
of these runs against a reference in a wider type, floored at the working dtype's unit roundoff times the gradient's
scale. The spread among permutations alone will not do: where sizes are tiny there is next to none. Nor will the way
in which the reference adds up: every run has its long sums in another order too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .arrays import roundoff, smallest_normal
from .doubled import doubled
from .gradients import Gradients
from .problem import Problem, Tensors, targets
from .sums import running_sums

Array = np.ndarray
Reference = Callable[[Problem, Tensors], Gradients]

THRESHOLD = 32.0  # in units of noise; README, "How the threshold was measured", has the sweep behind it
WIDER = {"float32": "float64", "float64": "longdouble"}
LONG = np.finfo(np.longdouble).eps < np.finfo(np.float64).eps  # not with Microsoft's compiler, nor on Apple silicon


@dataclass(frozen=True)
class Noise:
    """The expected rounding error by quantity, as a max-norm, and where it comes from.

    `source`: "measured" on the problem, or "repeats" of the same computation.
    """

    values: Mapping[str, float]
    source: str = "measured"

    def at_least(self, other: Mapping[str, float]) -> "Noise":
        """The same, raised to the uncertainty that an approximate oracle reports of itself."""
        return replace(self, values={name: max(value, other.get(name, 0.0)) for name, value in self.values.items()})


def measure_noise(problem: Problem, tensors: Tensors, reference: Reference, draws: int = 4) -> Noise:
    """Noise of every quantity of a problem, from `draws` permuted equivalents.

    Args:
        reference: gradients in the dtype of the tensors it is given; "longdouble" and `Doubled` must work.
        draws: permuted equivalents; 4 left no gradient of a correct backend above a third of the threshold.
    """
    exact = _exact(problem, tensors, reference)
    runs = _run(problem, tensors, reference)
    for draw in range(draws):
        order = permutations(problem, draw)
        permuted = tensors.map(lambda name, value, o=order: permute(problem, name, value, o))
        back = {size: np.argsort(p) for size, p in order.items()}
        runs += [
            {name: permute(problem, name, value, back) for name, value in run.items()}
            for run in _run(problem, permuted, reference)
        ]
    return Noise({name: _error(problem, name, value, runs) for name, value in exact.items()})


def _exact(problem: Problem, tensors: Tensors, reference: Reference) -> dict[str, Array]:
    """What the reference finds in a wider type: double-double where long double is no wider than double."""
    wider = WIDER[problem.dtype]
    wide = tensors.cast(wider)
    if wider != "longdouble" or LONG:
        return reference(replace(problem, dtype=wider), wide).quantities
    wide = wide.map(lambda _, value: value if value.dtype.kind == "i" else doubled(value))
    return {n: doubled(v) for n, v in reference(replace(problem, dtype=wider), wide).quantities.items()}


def _run(problem: Problem, tensors: Tensors, reference: Reference) -> list[dict[str, Array]]:
    """What the reference finds, and those of its quantities that are long sums once more, as running sums."""
    found = reference(problem, tensors)
    return [found.quantities, running_sums(problem, tensors, found)]


def _error(problem: Problem, name: str, exact: Array, runs: list[dict[str, Array]]) -> float:
    dtype = np.dtype(problem.dtype)
    floor = max(roundoff(dtype) * float(np.abs(exact).max()), smallest_normal(dtype))
    with np.errstate(invalid="ignore"):  # a problem that overflows: its noise is not finite either
        return float(np.max([floor, *(np.abs(run[name] - exact).max() for run in runs if name in run)]))


def permutations(problem: Problem, draw: int) -> dict[str, Array]:
    """One permutation for each size along which the model is symmetric; seeded, so that a verdict repeats."""
    random = np.random.default_rng([problem.seed, draw])
    return {size: random.permutation(problem.sizes[size]) for size in problem.spec.symmetries}


def permute(problem: Problem, name: str, value: Array, order: Mapping[str, Array]) -> Array:
    """A tensor with its units taken in another order along every axis; gate blocks keep their places."""
    spec = targets(problem) if name == "y" else problem.spec.tensor(name)
    for k, axis in enumerate(spec.axes):
        if axis.size in order:
            units = order[axis.size]
            blocks = np.arange(max(1, len(axis.gates)))[:, None] * len(units)
            value = value.take((blocks + units).ravel(), axis=k)
    return value
