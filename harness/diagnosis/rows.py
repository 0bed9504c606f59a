"""A case as one row of numbers, so that it can be held against thousands of mutants' rows at once."""

import numpy as np

from ..arrays import roundoff
from .case import Case
from .catalogue import worst
from .mutants import segments

Array = np.ndarray


def residuals(case: Case, table: Array) -> Array:
    """`Case.residual` of many predictions at once.

    Args:
        table: predictions in rows, (n, width), NaN where there is none.
    Returns:
        (n, names), one column for each quantity of `segments`; zero where the candidate returned none.
    """
    problem, parts, row = case.problem, segments(case.problem), given(case)
    noise = np.array([case.noise.values[s.name] for s in parts])
    truth = worst(problem, np.abs(expected(case)))
    here = np.array([s.name in case.given for s in parts])
    grown = np.maximum(1.0, worst(problem, np.abs(table)) / np.where(truth > 0, truth, 1.0))
    floor = roundoff(np.dtype(problem.dtype)) * worst(problem, np.abs(row))
    with np.errstate(invalid="ignore"):  # a candidate may return infinities
        apart = worst(problem, np.abs(table - row)) / np.maximum(noise * grown, floor)
    return np.where(here, np.where(np.isfinite(apart), apart, np.inf), 0.0)


def expected(case: Case) -> Array:
    """What the reference gives, as a row (1, width)."""
    return np.hstack([np.ravel(case.expected(s.name)) for s in segments(case.problem)]).astype(float)[None]


def given(case: Case) -> Array:
    """What the candidate gives, as a row (1, width); zero where it returned nothing."""
    parts = segments(case.problem)
    return np.hstack([np.ravel(case.given.get(s.name, np.zeros(s.shape))) for s in parts]).astype(float)[None]


def columns(case: Case) -> list[str]:
    """The quantity of each number of a row."""
    return [s.name for s in segments(case.problem) for _ in range(s.place.stop - s.place.start)]


def units(case: Case) -> Array:
    """The noise of each number of a row: that of its quantity, grown where the candidate's numbers are larger."""
    sizes = np.maximum(np.abs(given(case)), np.abs(expected(case)))
    largest = dict(zip((s.name for s in segments(case.problem)), worst(case.problem, sizes)[0].tolist(), strict=True))
    floor = roundoff(np.dtype(case.problem.dtype))
    return np.array([max(case.noise.values[name], floor * largest[name]) for name in columns(case)])
