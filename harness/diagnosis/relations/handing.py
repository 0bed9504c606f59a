"""Whole passes in which a step hands back something else than it should: what it has itself too, or without the share
of a gate.

What is handed wrongly is added to the own loss of the step before. Step by step, from the last one down, the reference
then says what the adjoints become; so nothing is known of the cell but its recurrent weight.
"""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from ..case import Case, Reference
from ..decoding import counted_out
from ..terms import pushed
from ._relation import Array, Course, otherwise
from .pairing import own_loss

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
    for count in range(1, len(gates)):
        for some in combinations(range(len(gates)), count):
            yield _lacking(gates, list(some))


def _lacking(gates: tuple[str, ...], some: list[int]) -> Course:
    """The pass in which the recurrent weights of these gates carry nothing back."""
    rest = [gate for k, gate in enumerate(gates) if k not in some]
    kept, lost = (counted_out("gate", of) for of in (rest, [gates[k] for k in some]))
    return _handing(
        f"the recurrent weight carries back the share of {kept} alone, and nothing of {lost}",
        "look for a sum over the gates that leaves something out, or for = where += is meant",
        lambda da, W, dh: -np.einsum("gbk,ghk->bh", da[some], W[some]),
    )


def _handing(what: str, hint: str, extra: Extra) -> Course:
    """The pass with something more handed back."""

    def taken(case: Case, reference: Reference) -> Case:
        spec, pushes = case.problem.spec, own_loss(case)
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
        return otherwise(case, {**seen.named, first: seen.named[first] + more}, seen.adjoints)

    return Course(what, hint, taken)
