"""Whole passes in which a step hands back something else than it should: without the share of a gate, through the wrong
one, with a term too many.

What is handed wrongly is added to the own loss of the step before. Step by step, from the last one down, the reference
then says what the adjoints become; so nothing is known of the cell but its recurrent weight.
"""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from ...errors import listed
from ..case import Case, Reference
from ..terms import factors, pushed, summed
from ._relation import Array, Course, otherwise
from .carried import onto_x, own

LONGEST = 24  # steps; each takes a run of the reference for each course
Extra = Callable[[Array, Array, Array], Array]
"""What is handed back beyond what should be, (B, H): from the blocks of a step's adjoint, (gates, B, H), those of the
weight, (gates, H, H), and dL/dh_t."""


def courses(case: Case) -> Iterator[Course]:
    if not 1 < case.problem.T <= LONGEST:
        return
    yield _handing(
        "the adjoint of a step is kept, beside what the recurrent weight carries back: a path straight past the cell",
        "look for += where = is meant in what is handed to the step before",
        lambda da, W, dh: dh,
    )
    gates = case.problem.spec.gates
    if not gates:
        return
    yield _handing(
        "the adjoint is carried back through the recurrent weight of each gate, not transposed",
        "look for a product with a gate's block of W_hh that lacks .T, or for its indices in an einsum",
        lambda da, W, dh: _product(da, W.swapaxes(1, 2)) - _product(da, W),
    )
    for count in range(1, len(gates)):
        for some in combinations(range(len(gates)), count):
            yield _lacking(gates, list(some))
    for j, k in combinations(range(len(gates)), 2):
        yield from _swapped(gates, j, k)


def _lacking(gates: tuple[str, ...], some: list[int]) -> Course:
    """The pass in which the recurrent weights of these gates carry nothing back."""
    rest = [gate for k, gate in enumerate(gates) if k not in some]
    named = listed([gates[k] for k in some], "and")
    what = f"lacks the share{'s' * (len(some) > 1)} of gate{'s' * (len(some) > 1)} {named}"
    if len(some) > 1 and len(rest) == 1:
        what = f"is the share of gate {rest[0]} alone"
    return _handing(
        f"what the recurrent weight carries back {what}",
        "look for a sum over the gates that leaves something out, or for = where += is meant",
        lambda da, W, dh: -_product(da[some], W[some]),
    )


def _swapped(gates: tuple[str, ...], j: int, k: int) -> Iterator[Course]:
    order = list(range(len(gates)))
    order[j], order[k] = k, j
    for where, also in (("", order), (" where the recurrent weight carries them back, and there alone", None)):
        yield _handing(
            f"the adjoints of gates {gates[j]} and {gates[k]} are exchanged{where}",
            "look for the order in which they are stacked, or for a key or slice that is mistaken for another",
            lambda da, W, dh: _product(da[order], W) - _product(da, W),
            also,
        )


def _handing(what: str, hint: str, extra: Extra, order: list[int] | None = None) -> Course:
    """The pass with something more handed back; and, if so, with its adjoints in another order of the gates."""

    def taken(case: Case, reference: Reference) -> Case:
        spec, pushes = case.problem.spec, own(case)
        name, share = next((name, adjoint) for name, (left, adjoint) in spec.factors.items() if left == "h_prev")
        count = max(1, len(spec.gates))
        W = np.stack(np.split(case.tensors.params[name], count, -1))
        seen, more = case.truth, np.zeros_like(pushes[0])
        for t in reversed(range(len(pushes))):
            seen = pushed(case, reference, pushes)
            more = extra(np.stack(np.split(seen.adjoints[share][t], count, -1)), W, seen.adjoints["adjoint_h"][t])
            if t:
                pushes[t - 1] += more
        first = spec.states[0].name
        bent = otherwise(case, {**seen.named, first: seen.named[first] + more}, seen.adjoints)
        return _reordered(bent, order) if order else bent

    return Course(what, hint, taken)


def _reordered(case: Case, order: list[int]) -> Case:
    """All that is made of the adjoints of gates, with these in another order."""
    spec, adjoints = case.problem.spec, dict(case.truth.adjoints)
    for one in spec.preactivations:
        blocks = np.split(adjoints[one.name], len(order), -1)
        adjoints[one.name] = np.concatenate([blocks[k] for k in order], -1)
    bent = otherwise(case, {}, adjoints)
    weights = [name for name, (_, of) in spec.factors.items() if of != "adjoint_out"]
    named = {n: summed(*pair, weight=spec.tensor(n).kind == "weight") for n in weights if (pair := factors(bent, n))}
    return otherwise(
        bent, {**named, "x": onto_x(bent, next(adjoints[of] for left, of in spec.factors.values() if left == "x"))}, {}
    )


def _product(da: Array, W: Array) -> Array:
    """What blocks of a weight carry back, (B, H)."""
    return np.einsum("gbk,ghk->bh", da, W)
