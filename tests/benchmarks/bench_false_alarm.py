"""False alarms on small problems: right candidates in three styles and layouts, and the faintest planted fault"""

import os
import sys
from collections.abc import Iterator
from time import process_time

import numpy as np
from bench_faults import rows as faults
from gradparity.backends import numpy_bptt
from gradparity.harness.compare import compare, ratio_of
from gradparity.harness.models import models
from gradparity.harness.noise import THRESHOLD, measure_noise
from gradparity.harness.problem import LOSSES, Problem, make_tensors
from right import RIGHT

PROBLEMS = int(os.environ.get("GRADPARITY_PROBLEMS", "10000"))
FIRST = int(os.environ.get("GRADPARITY_FIRST", "0"))  # seed: to go on where another run ended
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


def rows() -> list[tuple[str, str, str]]:
    styles, start = list(RIGHT), process_time()
    worst = dict.fromkeys(DTYPES, (0.0, ""))
    alarms: list[str] = []
    for seed in range(FIRST, FIRST + PROBLEMS):
        problem = small(seed)
        for ratio, style, name in ratios(problem, [styles[seed % len(styles)]]):
            where = f"{name} of {style}, {problem.describe()}, scale {problem.weight_scale:.3g}, seed {seed}"
            worst[problem.dtype] = max(worst[problem.dtype], (ratio, where))
            if not ratio <= THRESHOLD:
                alarms.append(where)
        if (seed - FIRST) % 2000 == 1999:
            print(seed + 1 - FIRST, "problems,", len(alarms), "alarms", worst, file=sys.stderr, flush=True)  # noqa: T201
    seconds = process_time() - start
    return [
        ("right candidates on small problems", f"{PROBLEMS:,} in {seconds:.0f} s of one core", "300,000"),
        ("false alarms", str(len(alarms)) + "".join(f"\n{alarm}" for alarm in alarms[:5]), "0"),
        *((f"largest ratio in {d}", f"{r:.1f}  ({at})", f"under {THRESHOLD:g}") for d, (r, at) in worst.items()),
        *faults()[1:],
    ]


if __name__ == "__main__":
    print(*rows(), sep="\n")  # noqa: T201
