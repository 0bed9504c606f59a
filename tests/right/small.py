"""Small random problems, and what the right candidates come to on them, in units of the noise."""

from collections.abc import Iterator

import numpy as np
from gradparity.backends import numpy_bptt
from gradparity.harness.compare import compare, ratio_of
from gradparity.harness.models import models
from gradparity.harness.noise import measure_noise
from gradparity.harness.problem import LOSSES, Problem, make_tensors

from . import RIGHT

DTYPES = ("float32", "float64")


def small(seed: int) -> Problem:
    """T, B, I, H, O 1..9, of every third T 1; weights from 0.1 to 3 times torch's usual scale, in equal ratios."""
    random = np.random.default_rng([seed, 8])
    T, B, I, H, O = map(int, random.integers(1, 10, 5))  # noqa: E741
    model, loss, loss_on, dtype = (
        str(random.choice(options)) for options in (list(models()), LOSSES, ("all", "last"), DTYPES)
    )
    scale = float(np.exp(random.uniform(np.log(0.1), np.log(3))))
    T = 1 if seed % 3 == 0 else T
    return Problem(model, T, B, I, H, O, loss, "last" if loss_on == "last" else "all", dtype, True, scale, seed)


def ratios(problem: Problem, styles: list[str]) -> Iterator[tuple[float, str, str]]:
    """What the right candidates of these styles come to on a problem: (ratio, style, gradient), the worst of each."""
    tensors = make_tensors(problem)
    noise = measure_noise(problem, tensors, numpy_bptt.gradients)
    right = numpy_bptt.gradients(problem, tensors).quantities
    for style in styles:
        found = RIGHT[style](problem, tensors)
        worst = max(compare(found, {n: right[n] for n in found}, noise).differences, key=ratio_of)
        yield ratio_of(worst), style, worst.name
