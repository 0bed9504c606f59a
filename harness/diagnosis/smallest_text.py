"""The smallest failing case in words: its tensors as Python, the entry that is wrong, and a ready pytest file."""

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np

from ..arrays import roundoff
from ..finding import SmallestCase
from ..layout import Layout, native_tensors
from ..problem import Problem
from .case import Case

Array = np.ndarray

TEST = '''"""The smallest case on which {who} is wrong: {shown}{at} was {value!r}, where {right!r} is right.

{asked}. Written by gradparity; it passes once the code is right.
"""

from numpy import array

from gradparity.harness.diagnosis.replay import gradient
from gradparity.harness.layout import Layout
from gradparity.harness.problem import Problem, Tensors

FILE, FUNCTION = {file!r}, {function!r}
LAYOUT = {layout}
PROBLEM = {problem}
NAMED_ON = {named_on}
TENSORS = Tensors(  # row vectors, time first, as the equations of the model have them
    params={{
{params}
    }},
    x={x},
    y={y},
    states={{
{states}
    }},
).cast(PROBLEM.dtype)


def test_{identifier}():
    got = gradient(FILE, FUNCTION, {shown!r}, PROBLEM, TENSORS, LAYOUT, NAMED_ON)
    right, noise = {right!r}, {noise!r}  # noise: the rounding error to expect, measured
    assert abs(got{index} - right) <= {threshold:g} * noise, f"{{got{index}}} is wrong; {{right}} is right"
'''


def written(case: Case, name: str, call: str, named_on: Problem) -> SmallestCase:
    """The case told by the entry of this gradient that is furthest off.

    Args:
        call: FILE:FUNCTION, for the test; "" for no test.
        named_on: the problem on which the candidate's names were read.
    """
    problem, shown = case.problem, case.shown[name]
    place = case.layout.placements(problem)[shown]
    given, right = place.native(case.given[name]), place.native(case.expected(name))
    index = tuple(int(k) for k in np.unravel_index(np.argmax(np.abs(given - right)), given.shape))
    where = place.words(index, problem.sizes)
    value, value_b = float(given[index]), float(right[index])
    native = native_tensors(case.layout, problem, case.tensors)
    return SmallestCase(
        problem=problem,
        tensors={n: _lists(a) for n, a in {**native.params, "x": native.x, "y": native.y, **native.states}.items()},
        name=shown,
        place=where,
        value=value,
        value_b=value_b,
        test=_test(case, name, call, named_on, index, where, (value, value_b)) if call else "",
    )


def _test(
    case: Case,
    name: str,
    call: str,
    named_on: Problem,
    index: tuple[int, ...],
    where: str,
    values: tuple[float, float],
) -> str:
    path, function = _target(call)
    shown, tensors, problem = case.shown[name], case.tensors, case.problem
    # What was given has no fewer digits than its type; where the right number is zero, nothing else sets a scale.
    given = np.abs(case.given[name]).max()
    floor = roundoff(np.dtype(problem.dtype)) * float(given) if np.isfinite(given) else 0.0
    return TEST.format(
        who=f"{path.name}:{function}",
        shown=shown,
        at=f" at {where}" if where else "",
        value=values[0],
        right=values[1],
        asked=problem.describe(),
        file=str(path),
        function=function,
        layout=_source(case.layout),
        problem=_source(problem),
        named_on=_source(named_on),
        params=_entries(tensors.params),
        x=f"array({_lists(tensors.x)})",
        y=f"array({_lists(tensors.y)})",
        states=_entries(tensors.states),
        identifier=re.sub(r"\W", "_", shown),
        noise=max(case.noise.values[name], floor),
        index=f"[{', '.join(map(str, index))}]" if index else "",
        threshold=case.threshold,
    )


def _target(call: str) -> tuple[Path, str]:
    """'mine:gradients' and 'path/mine.py:RNN.grad' as the file, wherever the test will run, and the function."""
    file, _, function = call.rpartition(":")
    path = Path(file if file.endswith(".py") else f"{file}.py")
    return path.resolve(), function


def _source(value: Problem | Layout) -> str:
    """The dataclass as Python, without what stands at its default."""
    said = [f"{f.name}={getattr(value, f.name)!r}" for f in fields(value) if getattr(value, f.name) != f.default]
    return f"{type(value).__name__}({', '.join(said)})"


def _entries(arrays: Mapping[str, Array]) -> str:
    return "\n".join(f"        {name!r}: array({_lists(array)})," for name, array in arrays.items())


def _lists(array: Array) -> str:
    """Nested lists, as Python reads them."""
    return repr(array.tolist())
