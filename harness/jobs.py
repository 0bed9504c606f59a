"""What workers are asked to do: functions that take and return plain nouns, so that they can cross a pipe."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np

from ..backends import discover
from .errors import BackendFailed
from .gradients import Gradients
from .noise import Noise, measure_noise
from .problem import Problem, Tensors

Solved = tuple[Gradients, float, str]
"""What a backend gives: its gradients, the seconds they took, and its precision setting."""


def solve(backend: str, problem: Problem, tensors: Tensors) -> Solved:
    """A backend's answer to one problem.

    Raises:
        BackendFailed: it returned something else than the contract says.
    """
    chosen = discover()[backend]
    start = perf_counter()
    gradients = chosen.gradients(problem, tensors)
    seconds = perf_counter() - start
    if fault := _fault(gradients, problem):
        raise BackendFailed(f"{backend} returned {fault}")
    return gradients, seconds, str(chosen.precision())


def _fault(found: Any, problem: Problem) -> str:
    """What is wrong with the form of a backend's answer; "" where nothing is. Shapes are the comparison's to judge."""
    if not isinstance(found, Gradients):
        return f"what is of type {type(found).__name__}; expected Gradients"
    parts = (found.named, found.adjoints, found.uncertainty, found.states)
    if not all(isinstance(part, Mapping) for part in parts):
        return "Gradients whose parts are no mappings from name to array"
    for name, array in found.quantities.items():
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            return f"{name!r} of type {type(array).__name__}; expected a NumPy array of numbers"
    if not any(spec.name in found.named for spec in problem.asked):
        return "none of the gradients that were asked for"
    return ""


def noise(backend: str, problem: Problem, tensors: Tensors) -> Noise:
    """The noise of a problem, measured with the reference backend of that name."""
    return measure_noise(problem, tensors, discover()[backend].gradients)
