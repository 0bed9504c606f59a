"""Questions: problems with their answers, worked out beforehand, so that to judge a mutant takes microseconds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .layout import Layout, native_gradients
from .noise import THRESHOLD, Reference, measure_noise
from .problem import Problem, Tensors, make_tensors

Array = np.ndarray

# Every size differs from the others, so that a product of the wrong operands raises instead of being judged.
TINY = {"T": 3, "B": 2, "I": 3, "H": 5, "O": 6}
SHORTER = (1, 2)  # time steps: of a slow candidate most mutants are seen to be wrong on fewer
# Shorter ones tell faults apart that the long one mixes: with a single step nothing flows back in time. The other
# sizes differ too, so that no constant stands for one of them.
LADDER = ({"T": 1, "B": 3, "I": 5, "H": 4, "O": 2}, {"T": 2, "B": 5, "I": 2, "H": 3, "O": 4})
FURTHER = (  # of a patch: other shapes, scales, and a single step
    ({"T": 7, "B": 3, "I": 4, "H": 5, "O": 2}, 1.0),
    ({"T": 1, "B": 5, "I": 2, "H": 3, "O": 4}, 1.0),
    ({"T": 5, "B": 7, "I": 3, "H": 11, "O": 2}, 2.0),
    ({"T": 11, "B": 2, "I": 7, "H": 3, "O": 5}, 0.3),
    ({"T": 2, "B": 1, "I": 1, "H": 2, "O": 1}, 1.0),
    ({"T": 3, "B": 4, "I": 6, "H": 1, "O": 3}, 1.5),
    ({"T": 6, "B": 6, "I": 6, "H": 6, "O": 6}, 0.7),
)


Keeping = Callable[[Problem, Mapping[str, int]], Mapping[str, int]]
"""What further problems keep of a problem's sizes: from it and the sizes that one would have to those that it has."""


def nothing(problem: Problem, sizes: Mapping[str, int]) -> Mapping[str, int]:
    return sizes


def ones(problem: Problem, sizes: Mapping[str, int]) -> Mapping[str, int]:
    """A batch of one, a single output: what is 1 stays 1."""
    return {name: 1 if size == 1 else sizes[name] for name, size in problem.sizes.items()}


def equals(problem: Problem, sizes: Mapping[str, int]) -> Mapping[str, int]:
    """As many outputs as inputs: what is the same stays the same, and what is 1 stays 1."""
    first: dict[int, str] = {}
    for name, size in problem.sizes.items():
        first.setdefault(size, name)
    kept = ones(problem, sizes)
    return {name: kept[first[size]] for name, size in problem.sizes.items()}


def all_but_steps(problem: Problem, sizes: Mapping[str, int]) -> Mapping[str, int]:
    return {**problem.sizes, "T": sizes["T"]}


def everything(problem: Problem, sizes: Mapping[str, int]) -> Mapping[str, int]:
    return problem.sizes


# What the user has fixed stays fixed, if his program answers to nothing else: the first is taken with which it does.
KEEPINGS: tuple[Keeping, ...] = (nothing, ones, equals, all_but_steps, everything)


@dataclass(frozen=True)
class Question:
    """A problem and the right answer, in the candidate's layout.

    Args:
        truth: the gradients proper by native name; the loss, outputs and adjoints are not what a repair is judged by.
        tolerance: by native name, the largest difference that matches: `threshold` times the noise.
    """

    problem: Problem
    tensors: Tensors
    truth: Mapping[str, Array]
    tolerance: Mapping[str, float]
    threshold: float = THRESHOLD


def pose(problem: Problem, layout: Layout, reference: Reference, threshold: float = THRESHOLD) -> Question:
    """The question of a problem."""
    tensors = make_tensors(problem)
    noise = measure_noise(problem, tensors, reference)
    proper = {spec.name for spec in problem.asked}
    places = {name: place for name, place in layout.placements(problem).items() if place.spec.name in proper}
    truth = native_gradients(layout, problem, reference(problem, tensors).quantities)
    return Question(
        problem,
        tensors,
        {name: truth[name].astype(np.float64) for name in places},
        {name: threshold * noise.values[place.spec.name] for name, place in places.items()},
        threshold,
    )


def tiny(problem: Problem, layout: Layout, keep: Keeping = nothing) -> Problem:
    """The problem that mutants are screened on."""
    return _resized(problem, layout, keep, TINY, 1)


def shorter(problem: Problem) -> tuple[Problem, ...]:
    """The same with fewer steps: nearly all arrays keep their shapes, for which a framework may have compiled."""
    return tuple(problem.of_sizes({"T": steps}) for steps in SHORTER)


def ladder(problem: Problem, layout: Layout, keep: Keeping = nothing) -> tuple[Problem, ...]:
    """Shorter problems, by which to see that a half repair is one."""
    return tuple(_resized(problem, layout, keep, sizes, 10 + k) for k, sizes in enumerate(LADDER))


def further(problem: Problem, layout: Layout, keep: Keeping = nothing) -> tuple[Problem, ...]:
    """Problems of other shapes, scales and seeds, that no patch is chosen on.

    The larger scales are no less than those times the usual one: tanh(a) is a where weights are next to nothing.
    """
    usual, own = 1.0, problem.weight_scale
    return tuple(
        replace(
            _resized(problem, layout, keep, sizes, 100 + k), weight_scale=max(own, usual if scale > 1 else 0) * scale
        )
        for k, (sizes, scale) in enumerate(FURTHER)
    )


def _resized(problem: Problem, layout: Layout, keep: Keeping, sizes: Mapping[str, int], seed: int) -> Problem:
    fitting = keep(problem, sizes if layout.batched else {**sizes, "B": 1})
    return replace(problem.of_sizes(fitting), seed=problem.seed + seed)
