"""Inputs that are one-hot in time, which turn the gradient of the input matrix into a record of the backward pass.

dW_xh sums x_t outer da_t over time. Where x_t is the t-th unit vector, and the batch is one element, row t of dW_xh is
therefore da_t itself, the adjoint of the pre-activation of timestep t: any candidate shows them, asked or not.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ..errors import listed
from ..noise import THRESHOLD
from ..problem import Problem, make_tensors
from .case import Case, Question

Array = np.ndarray
LARGEST = 32  # hidden units and outputs of a decoding question: a fault needs no more, and each question costs time


def input_weight(problem: Problem) -> str | None:
    """The weight that the input meets, W_xh; its rows are what is decoded."""
    return next((name for name, (left, _) in problem.spec.factors.items() if left == "x"), None)


def decoding(problem: Problem, T: int, B: int = 1) -> Question:
    """The same model and loss on T one-hot inputs. With more than one batch element, rows are summed over them."""
    asked = replace(
        problem,
        T=T,
        B=B,
        I=T,
        H=min(problem.H, LARGEST),
        O=min(problem.O, LARGEST),
        loss_on="all" if problem.loss_on == "all" else "last",
    )
    tensors = make_tensors(asked)
    x = np.broadcast_to(np.eye(T)[:, None, :], (T, B, T)).astype(asked.dtype)
    return asked, replace(tensors, x=x)


def rows(case: Case) -> Array | None:
    """The candidate's adjoint of every timestep, (T, K), from the answer to a decoding question; None where it gave
    none that can be read."""
    given = case.given.get(input_weight(case.problem) or "")
    return given if given is not None and np.isfinite(given).all() else None


def wrong_cells(case: Case, name: str, given: Array) -> Array:
    """Where an array of the candidate is off by more than the noise; entries that are no number are."""
    off = np.abs(given - case.expected(name))
    return ~(off <= THRESHOLD * case.noise.values[name])


def blocks(case: Case, array: Array) -> dict[str, Array]:
    """The last axis, cut into its gate blocks by name; {"": array} where the model has no gates."""
    gates = case.problem.spec.gates
    return dict(zip(gates, np.split(array, len(gates), -1), strict=True)) if gates else {"": array}


def said(steps: Iterable[int], T: int, word: str = "timestep") -> str:
    """Timesteps in words: 'timestep 4', 'timesteps 0 to 3', 'timesteps 1, 4 and 6', 'every timestep'."""
    ordered = sorted(steps)
    if len(ordered) == 1:
        return f"{word} {ordered[0]}"
    if len(ordered) == T:
        return f"every {word}"
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{word}s {ordered[0]} to {ordered[-1]}"
    return f"{word}s {listed(ordered, 'and')}"
