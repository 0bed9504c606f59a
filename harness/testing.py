"""What a user's test suite imports: problems to parametrise over, and the check behind the fixture `gradparity_check`.

from gradparity.harness.testing import parametrize_problems

@parametrize_problems(models=("lstm",))
def test_my_lstm(gradparity_check, problem):
    gradparity_check(my_gradients, problem)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from inspect import signature
from itertools import product
from time import perf_counter
from typing import Any

import pytest

from .candidate import call, call_on, code_of, letters
from .check import candidate_panel
from .explain import explain
from .gradients import Maker
from .hints import paired
from .layout import Layout
from .models import models as all_models
from .noise import THRESHOLD
from .problem import LOSSES, Problem, make_tensors
from .result import Panel
from .run import Pool, choose

# Awkward on purpose: every size different, one step, one element, one unit, a long sequence.
SHAPES: tuple[Mapping[str, int], ...] = (
    {"T": 7, "B": 3, "I": 4, "H": 5, "O": 2},
    {"T": 1, "B": 2, "I": 3, "H": 4, "O": 5},
    {"T": 5, "B": 1, "I": 1, "H": 3, "O": 1},
    {"T": 23, "B": 2, "I": 2, "H": 6, "O": 3},
)
# Quick, and independent of each other and of any framework: an oracle that needs no AD beside the derived gradients.
REFERENCES = ("numpy", "complex_step", "finite_difference")


def scenarios(
    models: Iterable[str] = (),
    dtypes: Iterable[str] = ("float64", "float32"),
    losses: Iterable[str] = LOSSES,
    shapes: Iterable[Mapping[str, int]] = SHAPES,
    **fixed: Any,
) -> list[Problem]:
    """The product of models (all, unless named), dtypes, losses and shapes; `fixed` are other fields of Problem."""
    table = product(list(models) or all_models(), shapes, losses, dtypes)
    return [Problem(model=m, dtype=d, loss=loss, **{**shape, **fixed}) for m, shape, loss, d in table]


def parametrize_problems(*args: Any, **options: Any) -> pytest.MarkDecorator:
    """A mark that runs a test once for each of the `scenarios` of these options; the test asks for `problem`."""
    return pytest.mark.parametrize("problem", scenarios(*args, **options), ids=identify)


def identify(problem: Problem) -> str:
    """'lstm-float64-T7-B3-I4-H5-O2-mse': what pytest calls a problem."""
    return problem.describe().replace(" ", "-").replace("=", "")


def check_candidate(
    candidate: Callable[..., Any],
    problem: Problem,
    pool: Pool,
    *,
    layout: str = "row",
    gates: Sequence[str] = (),
    batched: bool = True,
    backends: Sequence[str] = REFERENCES,
    threshold: float = THRESHOLD,
    why: bool = True,
) -> Panel:
    """A candidate of this process beside the references in their workers; with `why`, its diagnosis where it differs.

    Raises:
        BadInput: the candidate raises, returns no mapping, or its names cannot be matched.
    """
    native, tensors = Layout(layout, tuple(gates), batched), make_tensors(problem)
    (asked,) = pool.ask([(problem, tensors)], choose(backends))
    start = perf_counter()
    given = call(candidate, problem, native, tensors)
    name = getattr(candidate, "__name__", "candidate")
    maker = Maker(name, dtype=problem.dtype, seconds=perf_counter() - start)
    found = candidate_panel(given, maker, asked, native, threshold, letters(candidate, problem, native))
    found = replace(found, notes=(*found.notes, *paired(signature(candidate).parameters, problem)))
    if not why:
        return found
    asks = partial(call_on, candidate, native)
    return explain(found, given, asked, native, asks, _file(candidate), threshold)


def _file(candidate: Callable[..., Any]) -> str:
    """FILE:FUNCTION of a function that can be imported; "" of one made inside another."""
    name, file = getattr(candidate, "__qualname__", "<"), code_of(candidate)
    return f"{file}:{name}" if file and "<" not in name else ""
