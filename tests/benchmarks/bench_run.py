"""`gradparity run` against its slowest backend alone, and the time to --help"""

import os
import subprocess
import sys
from time import perf_counter

from gradparity.backends import discover

ROUNDS = 3
COMMAND = [sys.executable, "-m", "gradparity.harness"]


def rows() -> list[tuple[str, str, str]]:
    names = [name for name, backend in discover().items() if not backend.missing]
    alone = {name: seconds("run", "--backends", name) for name in names}
    slowest = max(alone, key=lambda name: alone[name])
    alone[slowest] = min(alone[slowest], *(seconds("run", "--backends", slowest) for _ in range(ROUNDS - 1)))
    before = processor()
    whole = min(seconds("run") for _ in range(ROUNDS))
    used = (processor() - before) / ROUNDS
    help_time = min(seconds("--help") for _ in range(7))
    each = ", ".join(f"{name} {time:.1f} s" for name, time in alone.items())
    what = f"all {len(names)} backends / the slowest alone ({slowest})"
    return [
        (what, f"{whole / alone[slowest]:.2f}  ({whole:.1f} s / {alone[slowest]:.1f} s)", "at most 1.15"),
        ("processor time of all", f"{used:.1f} s  (at best {used / (os.cpu_count() or 1):.1f} s of time)", ""),
        ("each backend alone", each, ""),
        ("gradparity --help", f"{help_time:.2f} s", "under 0.3 s"),
    ]


def seconds(*arguments: str) -> float:
    start = perf_counter()
    subprocess.run([*COMMAND, *arguments], capture_output=True, timeout=600)  # alone is exit code 3
    return perf_counter() - start


def processor() -> float:
    """Seconds of all processes that were waited for so far, theirs too: other load on the machine has little part."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    print(*rows(), sep="\n")  # noqa: T201
