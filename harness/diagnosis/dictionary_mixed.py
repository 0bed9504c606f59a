"""An entry of the fault dictionary with a relation on top of it: two faults at once, or one in a program that makes
some gradient apart from the rest, as that of h0 behind the loop.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..finding import Finding
from . import dictionary_text, relations
from .relations import Course

if TYPE_CHECKING:
    from .dictionary import Search
    from .mutants import Mutant

LEADERS = 16  # entries that are tried, those that explain most first


def mixed(search: "Search") -> list[Finding]:
    """The finding of an edit that explains some gradients and breaks none, where one relation to what it gives explains
    all the others."""
    if any(case.odd for case in search.elsewhere):
        return []
    for mutant in _leaders(search):
        if (course := _course(search, mutant)) and (made := relations.on_top(search.inquiry, course)):
            return [replace(made, means="fault dictionary", lines=dictionary_text.lines(*mutant))]
    return []


def _leaders(search: "Search") -> Iterator["Mutant"]:
    """Those that explain most."""
    able = np.flatnonzero(search.harmless & (search.matched > 0)).tolist()
    order = sorted(able, key=lambda k: -search.matched[k])
    yield from ((search.book.groups[k][0],) for k in order[:LEADERS])


def _course(search: "Search", mutant: "Mutant") -> Course | None:
    """The pass of a mutant; None where it goes wrong on some case."""
    from .dictionary import in_dtype

    cases = search.elsewhere
    gave = search.pool.whole(mutant, [in_dtype((case.problem, case.tensors), "float64") for case in cases])
    if gave is None:
        return None
    bent = {id(case): replace(case, truth=truth) for case, truth in zip(cases, gave, strict=True)}
    hint = "look for the place in your code that does the same step"
    return Course(dictionary_text.what(mutant), hint, lambda case, _: bent[id(case)])
