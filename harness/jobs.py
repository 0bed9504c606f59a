"""What workers are asked to do: functions that take and return plain nouns, so that they can cross a pipe."""

from time import perf_counter

from ..backends import discover
from .gradients import Gradients
from .noise import Noise, measure_noise
from .problem import Problem, Tensors

Solved = tuple[Gradients, float, str]
"""What a backend gives: its gradients, the seconds they took, and its precision setting."""


def solve(backend: str, problem: Problem, tensors: Tensors) -> Solved:
    """A backend's answer to one problem."""
    chosen = discover()[backend]
    start = perf_counter()
    gradients = chosen.gradients(problem, tensors)
    return gradients, perf_counter() - start, chosen.precision()


def noise(backend: str, problem: Problem, tensors: Tensors) -> Noise:
    """The noise of a problem, measured with the reference backend of that name."""
    return measure_noise(problem, tensors, discover()[backend].gradients)
