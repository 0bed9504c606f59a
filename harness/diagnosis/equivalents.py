"""Equivalents of a problem: hidden units, batch elements and inputs permuted, weights with them.

The same mathematics with other roundings, those of a type's own arithmetic: closer to what that type comes to in a
candidate than rounding at random, which allows for every candidate, and so able to tell a type from the next.
"""

from collections.abc import Mapping

import numpy as np

from ..problem import Problem, targets

Array = np.ndarray


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
