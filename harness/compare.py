"""The comparator: two mappings of name -> array, any framework's, any shape; every difference with its verdict."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import as_array, is_real_float, roundoff, smallest_normal
from .errors import BadInput
from .heatmap import Heatmap, Label, heatmap
from .measure import Measures, measure
from .noise import THRESHOLD, Noise

Array = np.ndarray
Words = Callable[[tuple[int, ...]], str]

MATCH, MISMATCH = "match", "mismatch"
MISSING, UNEXPECTED = "missing", "unexpected"
WRONG_SHAPE, WRONG_DTYPE, NOT_FINITE = "wrong shape", "wrong dtype", "not finite"
SEVERITY = (MISSING, WRONG_SHAPE, WRONG_DTYPE, NOT_FINITE, MISMATCH, UNEXPECTED, MATCH)


@dataclass(frozen=True)
class Difference:
    """How one gradient, `a`, differs from the one it is held against, `b`.

    Args:
        verdict: match, mismatch, missing (b alone has it), unexpected (a alone has it), wrong shape, wrong dtype
            (integers, booleans, complex, objects), not finite.
        abs_sum, max_norm: sum and largest of |a - b|; `index` is where the largest is, `place` the same in words.
        signed_sum: sum of a - b, shown only as the trap that it is: differences cancel in it.
        relative: ||a - b|| / ||b||, Euclidean; `cosine` of the angle between a and b.
        noise: the rounding error to expect; `ratio` = max_norm / noise is what the verdict rests on.
        source: of the noise: measured, repeats, or floor (unit roundoff times scale: nothing was there to measure).
        note: what a person should know beside the numbers.
    """

    name: str
    verdict: str
    shape: tuple[int, ...] = ()
    shape_b: tuple[int, ...] = ()
    dtype: str = ""
    dtype_b: str = ""
    abs_sum: float | None = None
    max_norm: float | None = None
    index: tuple[int, ...] = ()
    place: str = ""
    value: float | None = None
    value_b: float | None = None
    signed_sum: float | None = None
    relative: float | None = None
    cosine: float | None = None
    noise: float | None = None
    ratio: float | None = None
    source: str = ""
    note: str = ""
    heat: Heatmap | None = None


@dataclass(frozen=True)
class Comparison:
    """Every difference between two makers, in reading order. `a` is the one judged, `b` what it is held against."""

    a: str
    b: str
    differences: tuple[Difference, ...]

    @property
    def verdict(self) -> str:
        return min((d.verdict for d in self.differences), key=SEVERITY.index)

    @property
    def ratio(self) -> float:
        """The worst ratio; infinite where a gradient could not be compared at all."""
        return max(ratio_of(d) for d in self.differences)


def ratio_of(difference: Difference) -> float:
    """Max-norm in units of noise, infinite where nothing could be measured."""
    if difference.ratio is not None:
        return difference.ratio
    return 0.0 if difference.verdict == MATCH else float("inf")


@dataclass(frozen=True)
class Reading:
    """How to speak of one gradient: an index in words, and its axes' labels for the heatmap."""

    words: Words = lambda index: f"[{', '.join(map(str, index))}]" if index else ""
    row: Label = str
    column: Label = str


def compare(
    a: Mapping[str, Any],
    b: Mapping[str, Any],
    noise: Noise | None = None,
    *,
    names: tuple[str, str] = ("a", "b"),
    readings: Mapping[str, Reading] | None = None,
    threshold: float = THRESHOLD,
    heat: bool = False,
    threads: int | None = None,
) -> Comparison:
    """Compare two mappings of name -> array from any framework.

    Args:
        a, b: the one judged, and what it is held against; values are streamed, one name at a time.
        noise: the measured noise; a name that it lacks, or all where it is None, is judged by the floor alone.
        readings: by name, how to say an index in words.
        threshold: largest ratio of max_norm to noise that still matches.
        heat: keep a max-pooled map of |a - b| for every name; mismatches have one in any case.
        threads: of the kernel; by default as many as pay.
    Raises:
        BadInput: both mappings are empty, since a comparison in which nothing is compared must not pass.
    """
    names_b = [name for name in b if name not in a]
    if not a and not b:
        raise BadInput(f"nothing to compare: {names[0]} and {names[1]} have no gradient at all")
    how = _How(noise, readings or {}, threshold, heat, threads)
    ordered = [name for name in b if name in a] + names_b + [name for name in a if name not in b]
    return Comparison(*names, differences=tuple(_difference(name, a, b, how) for name in ordered))


@dataclass(frozen=True)
class _How:
    noise: Noise | None
    readings: Mapping[str, Reading]
    threshold: float
    heat: bool
    threads: int | None


def _difference(name: str, a: Mapping[str, Any], b: Mapping[str, Any], how: _How) -> Difference:
    if a.get(name) is None and b.get(name) is not None:
        return Difference(name, MISSING, shape_b=np.shape(as_array(b[name])), note="not among the gradients given")
    if b.get(name) is None:
        return Difference(name, UNEXPECTED, shape=np.shape(as_array(a[name])), note="nothing to hold it against")
    left, right = as_array(a[name]), as_array(b[name])
    shown: dict[str, Any] = {
        "shape": left.shape, "shape_b": right.shape, "dtype": left.dtype.name, "dtype_b": right.dtype.name,
    }  # fmt: skip
    for array in (left, right):
        if not is_real_float(array.dtype):
            return Difference(name, WRONG_DTYPE, **shown, note=_dtype_hint(array.dtype))
    if left.shape != right.shape:
        return Difference(name, WRONG_SHAPE, **shown, note=shape_hint(left.shape, right.shape))
    if left.size == 0:
        return Difference(name, MATCH, **shown, note="empty: there is nothing in it to compare")
    return _measured(name, left, right, shown, how)


def _measured(name: str, a: Array, b: Array, shown: dict[str, Any], how: _How) -> Difference:
    found, reading = measure(a, b, how.threads), how.readings.get(name, Reading())
    if found.nonfinite_a or found.nonfinite_b:
        index = _unravel(found.first_nonfinite, a.shape)
        return Difference(
            name, NOT_FINITE, **shown, index=index, place=reading.words(index), value=float(a[index]),
            value_b=float(b[index]), note=_nonfinite_hint(found),
        )  # fmt: skip
    noise, source = _noise(name, a, b, found, how.noise)
    ratio, index = found.max_norm / noise, _unravel(found.index, a.shape)
    verdict = MATCH if ratio <= how.threshold else MISMATCH
    return Difference(
        name,
        verdict,
        **shown,
        abs_sum=found.abs_sum,
        max_norm=found.max_norm,
        index=index,
        place=reading.words(index),
        value=float(a[index]),
        value_b=float(b[index]),
        signed_sum=found.signed_sum,
        relative=found.relative,
        cosine=found.cosine,
        noise=noise,
        ratio=ratio,
        source=source,
        note=_mixed_hint(a.dtype, b.dtype),
        heat=heatmap(a, b, reading.row, reading.column) if how.heat or verdict == MISMATCH else None,
    )


def _noise(name: str, a: Array, b: Array, found: Measures, noise: Noise | None) -> tuple[float, str]:
    """The noise to judge by: what was measured, and never less than one rounding of the coarser dtype."""
    coarse = max(a.dtype, b.dtype, key=roundoff)
    floor = max(roundoff(coarse) * found.scale_b, smallest_normal(coarse))
    measured = noise.values.get(name, 0.0) if noise else 0.0
    return (measured, noise.source) if noise and measured >= floor else (floor, "floor")


def _unravel(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(k) for k in np.unravel_index(flat, shape))


def shape_hint(given: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """What the wrong shape looks like: the transpose, a lost or added axis, or nothing known."""
    if given == expected[::-1]:
        return f"{given} is the transpose of {expected}: transpose it, or swap the operands of its product"
    if tuple(n for n in given if n != 1) == tuple(n for n in expected if n != 1):
        return f"{given} is {expected} but for axes of length 1: reshape it"
    if sorted(given) == sorted(expected):
        return f"{given} has the axes of {expected} in another order"
    if np.prod(given, dtype=int) == np.prod(expected, dtype=int):
        return f"{given} holds as many numbers as {expected}: flattened or reshaped?"
    lost = [k for k in range(len(given)) if given[:k] + given[k + 1 :] == expected]
    if lost:
        return f"{given} has an axis more than {expected}: sum it over axis {lost[0]}"
    return f"{given} where {expected} is expected"


def _dtype_hint(dtype: np.dtype) -> str:
    if dtype.kind in "iub":
        return (
            f"{dtype.name} cannot hold a gradient: an array made from integers cuts off what is added; make it a float"
        )
    return f"{dtype.name} is no real floating point"


def _mixed_hint(a: np.dtype, b: np.dtype) -> str:
    if a == b:
        return ""
    coarse = max(a, b, key=roundoff)
    return (
        f"{a.name} against {b.name}: judged no finer than one rounding of {coarse.name}"
        if roundoff(a) != roundoff(b)
        else ""
    )


def _nonfinite_hint(found: Measures) -> str:
    sides = (("the first", found.nonfinite_a), ("the second", found.nonfinite_b))
    return " and ".join(f"{count} of {found.count} not finite in {side}" for side, count in sides if count)


def mismatches(comparison: Comparison) -> Iterator[Difference]:
    """What does not match, worst first."""
    wrong = (d for d in comparison.differences if d.verdict != MATCH)
    yield from sorted(wrong, key=lambda d: (SEVERITY.index(d.verdict), -ratio_of(d)))
