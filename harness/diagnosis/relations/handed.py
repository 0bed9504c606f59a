"""Whole passes that begin somewhere with an adjoint which belongs elsewhere: left over, or not handed on."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..case import Case, Reference
from ..terms import entering
from ._relation import Course, otherwise

MOST = 64  # batch elements; each takes a run of the reference
LONGEST = 10  # steps of a chunk


def courses(case: Case) -> Iterator[Course]:
    """Where the hidden state is all that a step hands back: the adjoint of a second one cannot be set from outside."""
    if len(case.problem.spec.states) > 1:
        return
    if 1 < case.problem.B <= MOST:
        yield LEFT_OVER
    if case.problem.loss_on == "last":
        yield from (_unhanded(k) for k in range(1, min(case.problem.T, LONGEST + 1)))


def _leaking(case: Case, reference: Reference) -> Case:
    """One sequence's backward pass after the other, each with the adjoint at its end that the one before left."""
    (state,) = (state.name for state in case.problem.spec.states)
    T, first = case.problem.T, case.truth.named[state]
    at_end = np.zeros_like(first)
    for done, at in pairwise(range(case.problem.B)):
        at_end[at] = (first + entering(case, reference, at_end, 0, T).named[state])[done]
    more = entering(case, reference, at_end, 0, T)
    named = {name: case.truth.named[name] + array for name, array in more.named.items()}
    return otherwise(case, named, {name: case.truth.adjoints[name] + array for name, array in more.adjoints.items()})


def _unhanded(k: int) -> Course:
    """Every chunk of k steps begins with the adjoint that the last one begins with."""

    def taken(case: Case, reference: Reference) -> Case:
        T, seen = case.problem.T, case.truth.adjoints["adjoint_h"][-1]
        (state,) = (state.name for state in case.problem.spec.states)
        parts = [entering(case, reference, seen, a, b) for a, b in pairwise([*range(0, T, k), T])]
        own = {"x": np.concatenate([part.named["x"] for part in parts]), state: parts[0].named[state]}
        named = {name: np.sum([part.named[name] for part in parts], 0) for name in parts[0].named if name not in own}
        adjoints = {n: np.concatenate([part.adjoints[n] for part in parts]) for n in parts[0].adjoints}
        return otherwise(case, {**named, **own}, adjoints)

    piece = "chunk" if k > 1 else "step"
    return Course(
        f"every {f'chunk of {k} steps' if k > 1 else piece} starts from the adjoint of the last step, where what the "
        f"{piece} behind it hands back is meant",
        "the adjoint that comes back is dropped: assign it to what is handed to the next turn of the loop",
        taken,
    )


LEFT_OVER = Course(
    "the adjoint leaks from one batch element to the next: each sequence begins its backward pass with what was left "
    "over from the one before it",
    "dh is not reset to zero between the sequences; set it inside the loop over the batch",
    _leaking,
)
