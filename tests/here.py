"""A candidate of this process as `check` judges it, held against the NumPy reference without any worker."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from gradparity.backends import numpy_bptt
from gradparity.harness.candidate import call, letters
from gradparity.harness.check import candidate_panel
from gradparity.harness.gradients import Gradients, Maker
from gradparity.harness.layout import Layout
from gradparity.harness.noise import measure_noise
from gradparity.harness.problem import Problem, Tensors, make_tensors
from gradparity.harness.result import Panel
from gradparity.harness.run import Answer, Asked

Array = np.ndarray
ROW = Layout()


def asked(problem: Problem, others: Mapping[str, Gradients] = {}) -> Asked:
    """A problem with the reference's answer and those of others, by name."""
    tensors = make_tensors(problem)
    noise = measure_noise(problem, tensors, numpy_bptt.gradients)
    answers = {"numpy": numpy_bptt.gradients(problem, tensors), **others}
    return Asked(problem, tensors, tuple(Answer(Maker(name), found) for name, found in answers.items()), noise)


def judged(candidate: Callable[..., Any], problem: Problem, layout: Layout = ROW) -> Panel:
    """The panel of a function as users write it."""
    given = call(candidate, problem, layout, make_tensors(problem))
    read = letters(candidate, problem, layout)
    return candidate_panel(given, Maker("mine"), asked(problem), layout, letters=read)


def right(problem: Problem, params: Mapping[str, Array], x: Array, y: Array, h0: Array) -> Mapping[str, Array]:
    """The right gradients, by canonical name."""
    return numpy_bptt.gradients(problem, Tensors(params, x, y, {"h0": h0})).named
