"""False alarms: every backend on random shapes, every model and dtype"""

import os
from collections.abc import Iterator
from itertools import groupby

import numpy as np
from gradparity.harness.compare import MATCH
from gradparity.harness.noise import THRESHOLD
from gradparity.harness.problem import LOSSES, Problem, make_tensors
from gradparity.harness.run import Pool, choose, panel
from gradparity.harness.workers import Limits

SHAPES = int(os.environ.get("GRADPARITY_SHAPES", "200"))
MODELS = ("rnn", "lstm", "gru")
ORACLES_EVERY = 10  # shapes: an oracle costs a forward pass for every single weight


def problems(shapes: int, seed: int = 0) -> Iterator[Problem]:
    """T 1..40, B 1..16, I, H, O 1..32, weight scale 0.01..3 in equal ratios; each shape in every model and dtype."""
    random = np.random.default_rng(seed)
    for k in range(shapes):
        T, B = int(random.integers(1, 41)), int(random.integers(1, 17))
        I, H, O = map(int, random.integers(1, 33, 3))  # noqa: E741
        scale, loss = float(np.geomspace(0.01, 3, shapes)[k]), LOSSES[k % 2]
        loss_on = "last" if k % 4 > 1 else "all"
        for model in MODELS:
            for dtype in ("float64", "float32"):
                yield Problem(model, T, B, I, H, O, loss, loss_on, dtype, weight_scale=scale, seed=k)


def rows() -> list[tuple[str, str, str]]:
    backends = [backend for backend in choose() if not backend.missing]
    compared, alarms, failed = 0, [], []
    worst: dict[str, tuple[float, str]] = {}
    with Pool(Limits(seconds=300)) as pool:
        for k, shape in groupby(problems(SHAPES), key=lambda problem: problem.seed):
            asked_now = [b for b in backends if not b.oracle or k % ORACLES_EVERY == 0]
            for asked in pool.ask([(problem, make_tensors(problem)) for problem in shape], asked_now):
                found = panel(asked)
                failed += [m for m in found.makers if m.status == "failed"]
                for comparison in found.comparisons:
                    for d in comparison.differences:
                        compared += 1
                        if d.verdict != MATCH:
                            alarms.append((comparison.a, d, asked.problem))
                        where = f"{d.name} of {asked.problem.describe()}"
                        worst[comparison.a] = max(worst.get(comparison.a, (0.0, "")), (d.ratio or 0.0, where))
    ratios = [
        (f"largest ratio of {name}", f"{r:.1f}  ({at})", f"under {THRESHOLD:g}") for name, (r, at) in worst.items()
    ]
    return [
        ("gradients compared with NumPy's", f"{compared:,} on {SHAPES} shapes x models x dtypes", "over 10,000"),
        ("false alarms", str(len(alarms)) + "".join(f"\n{alarm}" for alarm in alarms[:5]), "0"),
        ("answers that failed", str(len(failed)) + "".join(f"\n{m.name}: {m.detail}" for m in failed[:5]), "0"),
        *ratios,
    ]


if __name__ == "__main__":
    print(*rows(), sep="\n")  # noqa: T201
