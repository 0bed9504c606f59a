"""The comparator: two mappings of name -> array, any framework's, any shape; every difference with its verdict.

A comparison that could not have failed is no match. Where `threshold` times the noise reaches the gradient itself,
zeros in its place would pass, and the verdict is "cannot tell". A gradient that vanishes is another matter: zero but
for rounding, as that of a bias before a norm is. Its own scale says nothing, so that its neighbours' does, the other
gradients of the same comparison: what would have failed is anything of their size.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from .arrays import as_array, is_real_float, rounding, roundoff, smallest_normal
from .errors import BadInput
from .heatmap import Heatmap, Label, heatmap
from .measure import Measures, measure
from .noise import THRESHOLD, Noise

Array = np.ndarray
Words = Callable[[tuple[int, ...]], str]

MATCH, MISMATCH, CANNOT_TELL = "match", "mismatch", "cannot tell"
MISSING, UNEXPECTED = "missing", "unexpected"
WRONG_SHAPE, WRONG_DTYPE, NOT_FINITE = "wrong shape", "wrong dtype", "not finite"
SEVERITY = (MISSING, WRONG_SHAPE, WRONG_DTYPE, NOT_FINITE, MISMATCH, UNEXPECTED, CANNOT_TELL, MATCH)
FINE = np.dtype(np.float32)  # of coarser types real gradients are often no more than one rounding of their neighbours


@dataclass(frozen=True)
class Difference:
    """How one gradient, `a`, differs from the one it is held against, `b`.

    Args:
        verdict: match, mismatch, missing (b alone has it), unexpected (a alone has it), wrong shape, wrong dtype
            (integers, booleans, complex, objects; or coarser than was asked), not finite, cannot tell (zeros would have
            matched too, or the problem overflows).
        abs_sum, max_norm: sum and largest of |a - b|; `index` is where the largest is, `place` the same in words.
        signed_sum: sum of a - b, shown only as the trap that it is: differences cancel in it.
        relative: ||a - b|| / ||b||, Euclidean; `cosine` of the angle between a and b.
        noise: the rounding error to expect; `ratio` = max_norm / noise is what the verdict rests on.
        source: of the noise: measured, repeats, or floor (unit roundoff times scale: nothing was there to measure), or
            neighbours (the same of the other gradients' scale, for one that vanishes beside them).
        scale: the largest magnitude in b.
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
    scale: float | None = None
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
    def outcome(self) -> str:
        """What all of it comes to: match, mismatch, or cannot tell where nothing differs but not all can be judged."""
        return self.verdict if self.verdict in (MATCH, CANNOT_TELL) else MISMATCH

    @property
    def ratio(self) -> float:
        """The worst ratio; infinite where a gradient could not be compared at all."""
        return max(ratio_of(d) for d in self.differences)


def ratio_of(difference: Difference) -> float:
    """Max-norm in units of noise, infinite where nothing could be measured."""
    if difference.ratio is not None:
        return difference.ratio
    return 0.0 if difference.verdict in (MATCH, CANNOT_TELL) else float("inf")


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
    dtype: str = "",
    heat: bool = False,
    threads: int | None = None,
) -> Comparison:
    """Compare two mappings of name -> array from any framework.

    Args:
        a, b: the one judged, and what it is held against; values are streamed, one name at a time.
        noise: the measured noise; a name that it lacks, or all where it is None, is judged by the floor alone.
        readings: by name, how to say an index in words.
        threshold: largest ratio of max_norm to noise that still matches.
        dtype: that was asked for; what `a` gives in a coarser one is no match. Any will do unless given.
        heat: keep a max-pooled map of |a - b| for every name; mismatches have one in any case.
        threads: of the kernel; by default as many as pay.
    Raises:
        BadInput: both mappings are empty, since a comparison in which nothing is compared must not pass.
    """
    names_b = [name for name in b if name not in a]
    if not a and not b:
        raise BadInput(f"nothing to compare: {names[0]} and {names[1]} have no gradient at all")
    how = _How(noise, readings or {}, threshold, np.dtype(dtype) if dtype else None, heat, threads)
    ordered = [name for name in b if name in a] + names_b + [name for name in a if name not in b]
    found = tuple(_difference(name, a, b, how) for name in ordered)
    return Comparison(*names, tuple(_among(d, _neighbours(d, found), how) for d in found))


@dataclass(frozen=True)
class _How:
    noise: Noise | None
    readings: Mapping[str, Reading]
    threshold: float
    dtype: np.dtype | None
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
        overflows = how.noise is not None and not np.isfinite(how.noise.values.get(name, 0.0))
        verdict = CANNOT_TELL if overflows else NOT_FINITE
        note = OVERFLOWS.format(dtype=b.dtype.name) if overflows else _nonfinite_hint(found)
        return Difference(
            name, verdict, **shown, index=index, place=reading.words(index), value=float(a[index]),
            value_b=float(b[index]), note=note,
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
        scale=found.scale_b,
        source=source,
        note=_mixed_hint(a.dtype, b.dtype),
        heat=heatmap(a, b, reading.row, reading.column) if how.heat or verdict == MISMATCH else None,
    )


def _noise(name: str, a: Array, b: Array, found: Measures, noise: Noise | None) -> tuple[float, str]:
    """The noise to judge by: what was measured, and never less than one rounding of the coarser dtype."""
    floor = rounding(max(a.dtype, b.dtype, key=roundoff), found.scale_b)
    measured = noise.values.get(name, 0.0) if noise else 0.0
    return (measured, noise.source) if noise and measured >= floor else (floor, "floor")


def _neighbours(difference: Difference, all_of_them: tuple[Difference, ...]) -> float:
    """The scale of the other gradients; the median, so that a single large one does not make all others vanish."""
    return median([d.scale for d in all_of_them if d is not difference and d.scale is not None] or [0.0])


def _among(d: Difference, neighbours: float, how: _How) -> Difference:
    """The difference with the verdict that it has among its neighbours."""
    if d.scale is None or d.noise is None or d.max_norm is None:
        return d
    scale, noise, apart, given = d.scale, d.noise, d.max_norm, np.dtype(d.dtype)
    coarse = max(given, np.dtype(d.dtype_b), key=roundoff)
    tiny = rounding(min(coarse, FINE, key=roundoff), neighbours)
    vanishes = scale <= how.threshold * tiny
    if vanishes and d.source == "floor" and tiny > noise:
        noise = tiny
        d = replace(d, noise=tiny, ratio=apart / tiny, source="neighbours")
        d = d if apart > how.threshold * tiny else replace(d, verdict=MATCH, heat=d.heat if how.heat else None)
    if d.verdict == MATCH and how.dtype is not None and roundoff(given) > roundoff(how.dtype):
        return replace(d, verdict=WRONG_DTYPE, note=f"{given.name}, where {how.dtype.name} was asked")
    same = apart == 0 < scale  # to the bit: no noise is needed to judge that
    zero = how.noise is not None and scale == 0 and d.name in how.noise.zero
    judged = same or zero or how.threshold * noise < scale
    resolved = vanishes and noise <= max(how.threshold * rounding(coarse, neighbours), smallest_normal(coarse))
    if d.verdict == MATCH and not judged and not resolved:
        return replace(d, verdict=CANNOT_TELL, note="; ".join(filter(None, (moved(d), d.note))))
    return d


OVERFLOWS = "the problem overflows in {dtype}"
SHORTER = "make the problem shorter, or the weights smaller"


def unjudged(comparisons: Iterable[Comparison], advice: str = SHORTER) -> str:
    """Why a verdict cannot be told, and what to do about it; "" where all of it could be judged."""
    unknown = [d for c in comparisons for d in c.differences if d.verdict == CANNOT_TELL]
    if not unknown:
        return ""
    worst = max(unknown, key=lambda d: (d.ratio is None, (d.noise or 0.0) / (d.scale or 1.0)))
    names = list(dict.fromkeys(d.name for d in unknown))
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"cannot tell: {worst.note if worst.ratio is None else moved(worst)}; {advice} ({worst.name}{others})"


def coarser(comparison: Comparison) -> str:
    """'bfloat16, where float64 was asked', of what would match but for that; "" where nothing is."""
    notes = [d.note for d in comparison.differences if d.verdict == WRONG_DTYPE and d.ratio is not None]
    return " and ".join(dict.fromkeys(notes))


def moved(d: Difference) -> str:
    """By how much rounding alone moves a gradient."""
    share = d.noise / d.scale if d.scale and d.noise is not None else 1.0
    return f"rounding alone moves this gradient by {f'{100 * share:.2g} %' if share < 1 else '100 % or more'}"


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
    """What does not match, or cannot be told, worst first."""
    wrong = (d for d in comparison.differences if d.verdict != MATCH)
    yield from sorted(wrong, key=lambda d: (SEVERITY.index(d.verdict), -ratio_of(d)))
