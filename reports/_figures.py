"""How figures and words are written, in every report alike. Nothing is computed here, only put into characters."""

import math
from collections.abc import Mapping

from ..harness.visible import visible

NONE = "-"  # stands where there is no figure

MARKS = {
    "match": "✓",
    "nothing compared": "?",
    "cannot tell": "?",
    "ok": "✓",
    "missing": "○",
    "unsupported": "○",
    "failed": "!",
    "hung": "!",
}

# What the columns mean, for tooltips, footnotes and the "how to read" of every report.
MEANINGS = {
    "max |a-b|": "the largest difference of any entry",
    "noise": "the rounding error to expect, measured on the same problem",
    "ratio": "max |a-b| in units of the noise: the verdict rests on this alone; inf where nothing could be measured",
    "sum |a-b|": "the sum of absolute differences",
    "relative": "the Euclidean norm of a-b over that of b",
    "cosine": "of the angle between a and b: 1 when only the scale is wrong, -1 when the sign is",
    "signed sum": "sum of a-b, shown as a warning: positive and negative differences cancel in it, "
    "so it can be near 0 while the gradient is wrong",
}


def figure(value: float | None) -> str:
    """Three significant digits: '0.120', '12.3', '1.23e-16'; '0' is exactly that."""
    if value is None or not math.isfinite(value):
        return _special(value)
    if value == 0:
        return "0"
    size = abs(float(f"{value:.2e}"))  # as rounded, so that 999.9 is written like 1000
    return f"{value:#.3g}".rstrip(".") if 1e-3 <= size < 1e3 else f"{value:.2e}"


def signed(value: float | None) -> str:
    """A figure that always shows its sign."""
    return figure(value) if value is None or not value > 0 else f"+{figure(value)}"


def ratio(value: float | None) -> str:
    """A multiple of the noise: '<0.01', '0.31', '3.0', '240', '2.4e+12'."""
    if value is None or not math.isfinite(value):
        return _special(value)
    if value == 0:
        return "0"
    if value < 0.01:
        return "<0.01"
    return f"{value:.1e}" if value >= 9999.5 else f"{value:.0f}" if value >= 9.95 else f"{value:#.2g}"


def cosine(value: float | None) -> str:
    """Four decimals; a bare '1' or '-1' is exactly that."""
    if value is None or not math.isfinite(value):
        return _special(value)
    return f"{value:.0f}" if value in (1, -1, 0) else f"{value:.4f}"


def seconds(value: float) -> str:
    """'1.5 ms', '12 s'; nothing where no time was taken."""
    if not value > 0:
        return ""
    scale, unit = (value, "s") if value >= 1 else (value * 1000, "ms")
    return f"{scale:.0f} {unit}" if scale >= 10 else f"{scale:.2g} {unit}"


def shape(sizes: tuple[int, ...]) -> str:
    """'5 × 20'; a number has no shape."""
    return " × ".join(map(str, sizes))


def versions(of: Mapping[str, str]) -> str:
    return ", ".join(f"{visible(package)} {visible(version)}" for package, version in of.items())


def mark(verdict: str) -> str:
    """The sign beside a verdict or status, so that nothing is said by colour alone."""
    return MARKS.get(verdict, "✗")


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def matching(number: int) -> str:
    return f"{counted(number, 'gradient')} {'matches' if number == 1 else 'match'}"


def _special(value: float | None) -> str:
    if value is None:
        return NONE
    return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
