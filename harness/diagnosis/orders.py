"""Conventions of order: gates side by side unit by unit, the sequence from its end, a step left out."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..models import TensorSpec
from ..problem import Problem, Tensors
from .case import Case, Question
from .convention import Convention

Array = np.ndarray


def gates_unit_by_unit(case: Case) -> Iterator[Convention]:
    """The gates of one unit as neighbours, where a block of all units for each gate is meant."""
    gates = case.problem.spec.gates
    if gates:
        yield Convention(
            "the gates stand side by side, unit by unit",
            f"Your code reads the gates {', '.join(gates)} of one unit as neighbours, unit after unit, and is given a "
            "block of all units for each gate: reshape to (gates, H), not to (H, gates).",
            lambda p, t: (p, replace(t, params={n: _dealt(p.spec.tensor(n), a, True) for n, a in t.params.items()})),
            lambda p, n, a: _dealt(p.spec.tensor(n), a, False),
        )


def _dealt(spec: TensorSpec, array: Array, collect: bool) -> Array:
    """Along axes of gates: from unit by unit to blocks of gates, or back."""
    for k, axis in enumerate(spec.axes):
        if axis.gates:
            pair = (-1, len(axis.gates)) if collect else (len(axis.gates), -1)
            split = array.reshape(*array.shape[:k], *pair, *array.shape[k + 1 :])
            array = split.swapaxes(k, k + 1).reshape(array.shape)
    return array


def sequence_from_its_end(case: Case) -> Iterator[Convention]:
    """Inputs in the other order, with their targets or without."""
    every = case.problem.loss_on == "all"
    for also in (True, False) if every and case.problem.T > 1 else (False,):
        yield Convention(
            f"the sequence is read from its end{'' if also or not every else ', its targets are not'}",
            "Your code runs over x from the last step to the first, and its gradients are right for that order. Look "
            "for [::-1], reversed() or reverse=True in the forward pass.",
            lambda p, t, also=also: (p, replace(t, x=t.x[::-1], y=t.y[::-1] if also else t.y)),
            lambda p, n, a, also=also: a[::-1] if n == "x" or (also and n == "outputs") else a,
        )


def step_left_out(case: Case) -> Iterator[Convention]:
    """The first or the last step not taken at all, forwards and backwards."""
    for which, kept in (("last", slice(None, -1)), ("first", slice(1, None))) if case.problem.T > 1 else ():
        yield Convention(
            f"the {which} timestep is left out, forwards and backwards alike",
            f"Your code runs over all steps but the {which}, and is right about those: look for a range, a slice or a "
            f"condition that {'ends one step early' if which == 'last' else 'begins one step late'}.",
            lambda p, t, kept=kept: _shorter(p, t, kept),
            lambda p, n, a, last=which == "last": _padded(n, a, last),
        )


def _shorter(problem: Problem, tensors: Tensors, kept: slice) -> Question | None:
    if problem.T == 1 or problem.long_enough(problem.T - 1) == problem.T:
        return None
    y = tensors.y[kept] if problem.loss_on == "all" else tensors.y
    return replace(problem, T=problem.T - 1), replace(tensors, x=tensors.x[kept], y=y)


def _padded(name: str, array: Array, last: bool) -> Array:
    """The gradient of x with zeros for the step that is left out."""
    if name != "x":
        return array
    nothing = np.zeros_like(array[:1])
    return np.concatenate([array, nothing] if last else [nothing, array])


ROWS = (gates_unit_by_unit, sequence_from_its_end, step_left_out)
