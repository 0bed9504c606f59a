"""What a gradient is a sum of: its term of every timestep and batch element, and of every step's loss.

The gradient of a weight is sum over t, b of outer(left[t, b], adjoint[t, b]); model.factors names the two. Backward is
linear in dL/dout, so that every adjoint is also a sum over the steps whose loss it comes from.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from ..gradients import Gradients
from .case import Case, Reference

Array = np.ndarray
Credits = Mapping[int, Gradients]


def left(case: Case, which: str) -> Array:
    """A left factor, (T, B, K): x, h_prev (the state a step starts from), h (the one it makes), or "1" for biases."""
    if which == "x":
        return case.tensors.x
    h = case.truth.states["h"]
    return {"h_prev": h[:-1], "h": h[1:], "1": np.ones_like(h[1:, :, :1])}[which]


def factors(case: Case, name: str) -> tuple[Array, Array] | None:
    """The two factors of a gradient, (T, B, K) and (T, B, N); None where it is no such sum, as that of x."""
    if name not in case.problem.spec.factors:
        return None
    which, adjoint = case.problem.spec.factors[name]
    return left(case, which), case.truth.adjoints[adjoint]


def summed(first: Array, adjoint: Array, *, weight: bool = True) -> Array:
    """Sum over time and batch of the outer products, (K, N); (N,) for a bias, whose left factor is 1."""
    product = first.reshape(-1, first.shape[-1]).T @ adjoint.reshape(-1, adjoint.shape[-1])
    return product if weight else product[0]


def terms(case: Case, name: str) -> Array:
    """The term of every timestep and batch element, (T, B, *shape).

    The gradient of x has a time and a batch axis of its own: term [t, b] has the rest zero.
    Raises KeyError for the initial states, which are no sum over time.
    """
    pair = factors(case, name)
    if pair is not None:
        outer = pair[0][..., :, None] * pair[1][..., None, :]
        return outer if case.problem.spec.tensor(name).kind == "weight" else outer[:, :, 0]
    if name != "x":
        raise KeyError(name)
    x, (T, B) = case.truth.named["x"], case.tensors.x.shape[:2]
    apart = np.zeros((T, B, *x.shape), x.dtype)
    for t, b in np.ndindex(T, B):
        apart[t, b, t, b] = x[t, b]
    return apart


def credits_of(case: Case, reference: Reference) -> Credits:
    """By step s, the gradients and adjoints of step s's loss alone; their sum is the truth. T runs of the reference."""
    problem, tensors = case.problem, case.tensors
    if problem.loss_on == "all":
        return {s: reference(replace(problem, loss_on=s), replace(tensors, y=tensors.y[s])) for s in range(problem.T)}
    return {problem.T - 1 if problem.loss_on == "last" else problem.loss_on: case.truth}


def reached(case: Case, credits: Credits, mask: Array, outputs: Array) -> Case:
    """The case with another truth: what the gradients would be if errors flowed where the mask lets them.

    Args:
        mask: (T, T); whether step s's loss reaches step t's adjoint, at [t, s]. The initial states take step 0's row,
            since it is from step 0 that they are reached.
        outputs: (T,); whether step s's loss reaches the output layer.
    """
    spec, truth = case.problem.spec, case.truth
    rows = {s: mask[:, s, None, None] for s in credits}
    adjoints = {
        name: sum((credits[s].adjoints[name] * rows[s] for s in credits), np.zeros_like(array))
        for name, array in truth.adjoints.items()
    }
    adjoints["adjoint_out"] = truth.adjoints["adjoint_out"] * outputs[:, None, None]
    named = {
        "x": sum((credits[s].named["x"] * rows[s] for s in credits), np.zeros_like(truth.named["x"])),
        **{state.name: sum(credits[s].named[state.name] * mask[0, s] for s in credits) for state in spec.states},
        **{
            name: summed(left(case, which), adjoints[adjoint], weight=which != "1")
            for name, (which, adjoint) in spec.factors.items()
        },
    }
    return replace(case, truth=replace(truth, named=named, adjoints=adjoints))


def pushed(case: Case, reference: Reference, pushes: Array) -> Gradients:
    """What flows back when every state that a step makes is given this adjoint, (T, B, H), as by its step's own loss:
    the gradients and adjoints behind the hidden state, all of them linear in it."""
    return _behind(case, reference, "all", case.tensors.x, case.tensors.states, case.truth.states["h"][1:] - pushes)


def entering(case: Case, reference: Reference, adjoint: Array, start: int, stop: int) -> Gradients:
    """The same through the steps from `start` up to `stop`, where the last state alone is given one, (B, H).

    For models whose only state is the hidden one: it is what the first of these steps starts from.
    """
    (state,), h = case.problem.spec.states, case.truth.states["h"]
    return _behind(case, reference, "last", case.tensors.x[start:stop], {state.name: h[start]}, h[stop] - adjoint)


def _behind(
    case: Case, reference: Reference, loss_on: Literal["all", "last"], x: Array, states: Mapping[str, Array], y: Array
) -> Gradients:
    """The reference with the identity for an output layer: dL/dh is then the distance of a state from its target."""
    problem, spec = case.problem, case.problem.spec
    outer = [name for name, (_, of) in spec.factors.items() if of == "adjoint_out"]
    identity = {n: np.eye(problem.H) if spec.tensor(n).kind == "weight" else np.zeros(problem.H) for n in outer}
    tensors = replace(case.tensors, params={**case.tensors.params, **identity}, x=x, y=y, states=states)
    found = reference(replace(problem, T=len(x), O=problem.H, loss="mse", loss_on=loss_on), tensors)
    return replace(
        found,
        named={name: array for name, array in found.named.items() if name not in outer},
        adjoints={name: array for name, array in found.adjoints.items() if name != "adjoint_out"},
    )
