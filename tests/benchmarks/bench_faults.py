"""Planted faults: how many are seen, and by how much"""

from faults import FAULTS
from gradparity.harness.noise import THRESHOLD
from test_faults import worst


def rows() -> list[tuple[str, str, str]]:
    found = {(fault, dtype): worst(fault, dtype) for fault in FAULTS for dtype in ("float64", "float32")}
    seen = sum(ratio > THRESHOLD for ratio in found.values())
    rows = [
        ("kinds of fault over rnn, lstm and gru", str(len({(f.model, f.kind) for f in FAULTS})), "at least 30"),
        ("seen, in float64 and float32", f"{seen} of {len(found)}", "all"),
    ]
    for dtype in ("float64", "float32"):
        (fault, _), least = min(((k, r) for k, r in found.items() if k[1] == dtype), key=lambda item: item[1])
        what = f"smallest ratio in {dtype}: {fault.kind} ({fault.model})"
        rows.append((what, f"{least:.3g} = {least / THRESHOLD:.3g} times the threshold", "above 1"))
    return rows


if __name__ == "__main__":
    print(*rows(), sep="\n")  # noqa: T201
