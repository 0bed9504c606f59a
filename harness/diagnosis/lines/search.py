"""The search for suspects in one version of the user's source; it runs where the user's code runs.

All it needs is a way to run the program, its source and the right gradients: no model is known here.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf

import numpy as np

from ...edits import apply
from ...edits.edit import plainness
from .gaps import gapped
from .running import Slot
from .solutions import bent, solutions
from .solving import Solution
from .structure import restructured
from .subject import Budget, Holds, Judge, Located, Subject
from .suspects import told

Array = np.ndarray
FAULTS = 3  # that are looked for one behind the other
PLAIN = 4  # words and signs: of a cure that changes more it is asked whether there is a plainer one elsewhere
GAPS = 4  # places where a statement may be missing that one is sought for


def locate(
    subject: Subject, again: Subject | None, prepare: Callable[[str], "Subject | None"], holds: Holds, budget: Budget
) -> Located:
    """The suspects of a source; behind a fault that is cured the next one is looked for.

    Args:
        again: the same on a problem of other sizes, on which what was solved must be solved once more.
        prepare: another version of the source on the same problem; None where it does not run there.
        budget: when it is spent no further tap is begun.
    """
    found = one_fault(subject, Judge(again, holds, budget))
    for _ in range(FAULTS - 1):
        first = next((k for k, one in enumerate(found.suspects) if one.cure), None)
        if first is None or any(one.whole for one in found.suspects):
            break
        mended = apply(subject.source, found.cures[first][0])
        after = prepare(mended) if mended.count("\n") == subject.source.count("\n") else None
        rest = one_fault(after, Judge(None, holds, budget)) if after else Located()
        if after is None or not any(one.whole for one in rest.suspects):
            break
        found = Located(
            (found.suspects[first], *rest.suspects), (found.cures[first], *rest.cures), rest.cleared, rest.left
        )
        subject = after
    return found


def one_fault(subject: Subject, judge: Judge) -> Located:
    """The suspects of a single fault, or where there is none those of a part of it.

    What cures all goes before what cures a part: of values to which the gradients answer in proportion, then of others,
    of edits of what has no value, and of statements that are missing.
    """
    found = told(subject, *solutions(subject, judge), judge)
    if not _words(subject, found) <= PLAIN:
        found = curved(subject, judge, found)
    for stage in (restructured, completed):
        if _words(subject, found) < inf:
            break
        further = stage(subject, judge, found)
        if any(one.whole for one in further.suspects) or not any(one.cure for one in found.suspects):
            found = further
    return found


def _words(subject: Subject, found: Located) -> float:
    """How many words and signs the plainest edit changes that cures all."""
    words = (plainness(subject.source, cures[0])[0] for one, cures in found.pairs if one.whole and cures)
    return min(words, default=inf)


def curved(subject: Subject, judge: Judge, found: Located) -> Located:
    """With what is cured in the forward pass, if there is something; without evidence before, with what could be."""
    solved = told(subject, bent(subject, judge), 0, judge)
    evident = any(one.whole and one.evidence for one in found.suspects)
    if _words(subject, solved) >= _words(subject, found) and (evident or _words(subject, found) < inf):
        return found
    return found.behind(pair for pair in solved.pairs if pair[0].cure or not evident)


def completed(subject: Subject, judge: Judge, found: Located) -> Located:
    """With what is mended by a statement that is put in, if there is one."""
    code, gaps = gapped(subject.source, str(subject.runner.path))
    runner, seen = replace(subject.runner, code=code), dict[Slot, Array]()
    if runner.run(seen=seen) is None:
        return found
    between = replace(subject, runner=runner, taps=gaps, seen=seen)
    solved, _ = solutions(between, replace(judge, again=None))

    def unsure(number: int) -> tuple[int, int]:
        one: Solution = solved[number]
        return -len(one.cures), one.rank - one.reach

    missing = told(between, {n: solved[n] for n in sorted(solved, key=unsure)[:GAPS]}, 0, judge)
    return found.behind(pair for pair in missing.pairs if pair[0].cure)
