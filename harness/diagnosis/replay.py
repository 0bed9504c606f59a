"""A gradient of a user's function on given tensors: what the pytest file of a smallest case calls."""

from pathlib import Path

import numpy as np

from ..candidate import call, load
from ..layout import Layout
from ..names import match
from ..problem import Problem, Tensors, make_tensors


def gradient(
    path: str, function: str, name: str, problem: Problem, tensors: Tensors, layout: Layout, named_on: Problem
) -> np.ndarray:
    """The candidate's gradient of that native name, in its own layout.

    Args:
        named_on: a problem whose sizes tell the gradients apart, where the candidate's names do not.
    Raises:
        BadInput: the function cannot be loaded or called, or does not return that gradient.
    """
    candidate = load(Path(path), function)
    first = call(candidate, named_on, layout, make_tensors(named_on))
    matches = match({n: a.shape for n, a in first.items()}, layout.placements(named_on), named_on.sizes)
    given = next(one.given for one in matches if one.matched == name)
    return call(candidate, problem, layout, tensors)[given]
