"""Whole passes that begin somewhere with an adjoint which belongs elsewhere: left over, or not handed on."""

from collections.abc import Callable, Iterator, Sequence
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
        yield from (LEFT_OVER, LEFT_BEHIND)
    if case.problem.loss_on == "last":
        for k in range(1, min(case.problem.T, LONGEST + 1)):
            yield _unhanded(k, "counted from step 0", lambda T, k=k: [*range(0, T, k), T])
            if k > 1:
                yield _unhanded(k, "counted from the last step", lambda T, k=k: [0, *range(T, 0, -k)[::-1]])


def _leaking(which: str, order: slice) -> Course:
    """One sequence's backward pass after the other, each with the adjoint at its end that the one before left."""

    def taken(case: Case, reference: Reference) -> Case:
        (state,) = (state.name for state in case.problem.spec.states)
        T, first = case.problem.T, case.truth.named[state]
        at_end, elements = np.zeros_like(first), list(range(case.problem.B))[order]
        for done, at in pairwise(elements):
            at_end[at] = (first + entering(case, reference, at_end, 0, T).named[state])[done]
        more = entering(case, reference, at_end, 0, T)
        named = {name: case.truth.named[name] + array for name, array in more.named.items()}
        return otherwise(
            case, named, {name: case.truth.adjoints[name] + array for name, array in more.adjoints.items()}
        )

    return Course(
        f"the adjoint leaks from one batch element to the next: each sequence begins its backward pass with what was "
        f"left over from the one {which} it",
        "dh is not reset to zero between the sequences; set it inside the loop over the batch",
        taken,
    )


def _unhanded(k: int, where: str, bounds: Callable[[int], Sequence[int]]) -> Course:
    """Every chunk begins with the adjoint that the last one begins with; `bounds`, from T: where chunks end."""

    def taken(case: Case, reference: Reference) -> Case:
        problem, at = case.problem, bounds(case.problem.T)
        (state,) = (state.name for state in problem.spec.states)
        seen = case.truth.adjoints["adjoint_h"][-1]
        parts = [entering(case, reference, seen, a, b) for a, b in pairwise(at)]
        own = ("x", state)
        named = {name: np.sum([part.named[name] for part in parts], 0) for name in parts[0].named if name not in own}
        named |= {"x": np.concatenate([part.named["x"] for part in parts]), state: parts[0].named[state]}
        adjoints = {n: np.concatenate([part.adjoints[n] for part in parts]) for n in parts[0].adjoints}
        return otherwise(case, named, adjoints)

    said = f"every chunk of {k} steps" if k > 1 else "every step"
    return Course(
        f"{said} starts from the adjoint of the last step, where what the {'chunk' if k > 1 else 'step'} behind it "
        f"hands back is meant{f' (chunks are {where})' if k > 1 else ''}",
        "the adjoint that comes back is dropped: assign it to what is handed to the next turn of the loop",
        taken,
    )


LEFT_OVER = _leaking("before", slice(None))
LEFT_BEHIND = _leaking("after", slice(None, None, -1))
