"""How fast the comparator's kernel is, beside what it replaces and beside merely reading the arrays.

`python tests/benchmarks/bench_compare.py` prints the table; it needs 2 GB of memory and takes about a minute.
"""

import sys
import tracemalloc
from collections.abc import Callable
from time import perf_counter

import numpy as np
from gradparity.harness.measure import measure

COUNT = 50_000_000
ROUNDS = 7
MAX_SECONDS = 4.0  # a round of anything slower than this is not repeated
TARGETS = {("1 thread", "np.testing.assert_allclose"): "15", ("1 thread", "a.max(), b.max()"): "0.48"}

Array = np.ndarray
Work = Callable[[], object]


def rows(count: int = COUNT, rounds: int = ROUNDS) -> list[tuple[str, str, str]]:
    """Rows of (what, figure, target) on two float32 arrays of `count` elements; times are the best of `rounds`.

    The rounds are interleaved, so that a busy spell of the machine falls on everything alike.
    """
    a = np.random.default_rng(0).standard_normal(count, dtype=np.float32)
    b = a + np.float32(1e-6) * a[::-1]
    ours: dict[str, Work] = {"1 thread": lambda: measure(a, b, 1), "2 threads": lambda: measure(a, b, 2)}
    others = _others(a, b)
    seconds = _best({**ours, **others}, rounds)
    table = [(name, f"{2 * a.nbytes / seconds[name] / 1e9:.2f} GB/s", "") for name in seconds]
    for name in ours:
        for other in others:
            ratio = seconds[other] / seconds[name]
            table.append((f"{name}, times as fast as {other}", f"{ratio:.2f}", TARGETS.get((name, other), "")))
    for layout, x, y in (("contiguous", a, b), ("transposed", a.reshape(5, -1).T, b.reshape(5, -1).T)):
        table.append((f"extra memory, {layout}", f"{_peak(lambda x=x, y=y: measure(x, y)) / 2**20:.1f} MiB", "64 MiB"))
    return table


def _others(a: Array, b: Array) -> dict[str, Work]:
    others: dict[str, Work] = {
        "a.max(), b.max()": lambda: (a.max(), b.max()),
        "a.sum(), b.sum()": lambda: (a.sum(), b.sum()),
        "np.abs(a - b).max()": lambda: np.abs(a - b).max(),
        "np.abs(a - b).sum()": lambda: np.abs(a - b).sum(),
        "np.testing.assert_allclose": lambda: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4),
    }
    try:
        import torch
    except ImportError:
        return others
    x, y = torch.from_numpy(a), torch.from_numpy(b)
    others["torch.testing.assert_close"] = lambda: torch.testing.assert_close(x, y, rtol=1e-4, atol=1e-4)
    return others


def _best(works: dict[str, Work], rounds: int) -> dict[str, float]:
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            if best[name] < MAX_SECONDS or best[name] == float("inf"):
                start = perf_counter()
                work()
                best[name] = min(best[name], perf_counter() - start)
    return best


def _peak(work: Work) -> int:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


if __name__ == "__main__":
    for what, figure, target in rows():
        sys.stdout.write(f"{what:60} {figure:>12} {target and 'target ' + target}\n")
