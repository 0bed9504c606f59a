"""False alarms on small problems: right candidates in three styles and layouts, and the faintest planted fault"""

import os
import sys
from time import process_time

from bench_faults import rows as faults
from gradparity.harness.noise import THRESHOLD
from right import RIGHT
from right.small import DTYPES, ratios, small

PROBLEMS = int(os.environ.get("GRADPARITY_PROBLEMS", "10000"))
FIRST = int(os.environ.get("GRADPARITY_FIRST", "0"))  # seed: to go on where another run ended


def rows() -> list[tuple[str, str, str]]:
    styles, start = list(RIGHT), process_time()
    worst: dict[str, tuple[float, str]] = dict.fromkeys(DTYPES, (0.0, ""))
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
