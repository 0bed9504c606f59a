"""The comparator's kernel: every statistic of a - b from one pass over two arrays, in bounded memory.

Both arrays are walked in C order, block by block; each block is read from memory once, and all that follows finds it in
the cache. Spans of blocks are what threads share out. Neither depends on the number of threads, and parts are combined
in C order, so nor does the answer.
"""

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

Array = np.ndarray

# In elements. Rows are short enough for float32 sums to stay accurate and for OpenBLAS not to start threads of its own.
# A block is small enough for the cache, and large enough to drown the cost of calling NumPy; it has more than 500 rows
# because for fewer np.vecdot keeps the interpreter locked. A span is what is worth a thread: a few milliseconds.
ROW = 512
BLOCK = 512 * ROW
SMALL_BLOCK = BLOCK // 8  # for the careful way, which needs more scratch
SPAN = 8 * BLOCK
PANEL = 256  # columns of a transposed array to copy at once: each lies on a page of its own, and the TLB is small
MAX_THREADS = 4  # each has up to 8 MiB of scratch
DEFAULT_THREADS = min(MAX_THREADS, os.cpu_count() or 1)


@dataclass(frozen=True)
class Measures:
    """What one pass over two arrays of one shape finds.

    Where any element is NaN or infinite, all statistics are NaN and `index` is `first_nonfinite`: no tolerance can then
    be met by accident. A statistic too large for float64 is infinite.

    Args:
        count: elements.
        abs_sum, signed_sum: sums of |a - b| and of a - b; in the latter differences cancel.
        max_norm: largest |a - b|; `index` is the flat, C-order index of the first place that has it, -1 where empty.
        norm_a, norm_b, norm_difference: Euclidean; their squares neither overflow nor underflow.
        dot: a . b, which `cosine` needs where the norms are far apart; it does overflow and underflow.
        scale_a, scale_b: largest |a| and |b|.
        nonfinite_a, nonfinite_b: how many elements are NaN or infinite; `first_nonfinite` is the first's index, or -1.
    """

    count: int = 0
    abs_sum: float = 0.0
    signed_sum: float = 0.0
    max_norm: float = 0.0
    index: int = -1
    norm_a: float = 0.0
    norm_b: float = 0.0
    norm_difference: float = 0.0
    dot: float = 0.0
    scale_a: float = 0.0
    scale_b: float = 0.0
    nonfinite_a: int = 0
    nonfinite_b: int = 0
    first_nonfinite: int = -1

    @property
    def relative(self) -> float:
        """||a - b|| / ||b||: 0 where both are zero, infinite where b alone is."""
        against_zero = math.inf if self.norm_difference else 0.0
        return self.norm_difference / self.norm_b if self.norm_b else against_zero

    @property
    def cosine(self) -> float:
        """Cosine of the angle between a and b: 1 where both are zero, 0 where one is."""
        a, b, difference = self.norm_a, self.norm_b, self.norm_difference
        if a == 0 or b == 0:
            return 1.0 if a == b else 0.0
        if a <= 2 * b and b <= 2 * a:  # for norms of one size, the law of cosines keeps every digit of 1 - cosine
            gap = a - b
            cosine = 1 - ((difference - gap) / a) * ((difference + gap) / b) / 2
        else:
            cosine = self.dot / a / b
        return min(max(cosine, -1.0), 1.0)  # in this order a NaN stays one


def measure(a: Array, b: Array, threads: int | None = None) -> Measures:
    """Measure the difference of two arrays of one shape.

    Any memory layout will do (transposed, strided, read-only, memory-mapped) and none is copied whole. Work is done in
    the wider of the two dtypes: float16, bfloat16 and float8 are widened to float32; integers and booleans become
    float64, rounded beyond 2**53; long double keeps its precision, but results are floats.

    Args:
        a, b: real arrays of one shape; the dtypes may differ.
        threads: at most so many, and 4 in any case; by default one per processor. Small arrays take one.
    Raises:
        ValueError: the shapes differ, or `threads` is negative.
        TypeError: a dtype is not real: complex, object, text, dates.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"a and b must have one shape, but a has {a.shape} and b has {b.shape}")
    dtype = np.result_type(_working_type(a.dtype), _working_type(b.dtype))
    if a.size == 0:
        return Measures()
    if a.flags.c_contiguous and b.flags.c_contiguous:
        a, b = a.reshape(-1), b.reshape(-1)
    spans = tuple(zip(*_blocks(a, b, SPAN), strict=True))  # of starts, of views of a, of views of b
    run = partial(_span, dtype=dtype)
    workers = min(threads or DEFAULT_THREADS, MAX_THREADS, len(spans[0]))
    if workers == 1:
        return _combine(list(map(run, *spans)))
    with ThreadPoolExecutor(workers) as pool:
        return _combine(list(pool.map(run, *spans)))


def _working_type(dtype: np.dtype) -> np.dtype:
    if dtype.kind in "biu":
        return np.dtype(np.float64)
    if dtype.kind == "f" and dtype.itemsize >= 4:
        return dtype
    if np.can_cast(dtype, np.float32):  # float16 and what ml_dtypes registers
        return np.dtype(np.float32)
    raise TypeError(f"only real numbers can be measured, but got {dtype}")


def _blocks(a: Array, b: Array, size: int, start: int = 0) -> Iterator[tuple[int, Array, Array]]:
    """Views of a and b, in C order, that hold `size` elements at most; each with the flat index where it starts."""
    inner = a.size // len(a)
    step = size // inner
    for i in range(0, len(a), step or 1):
        if step:
            yield start + i * inner, a[i : i + step], b[i : i + step]
        else:
            yield from _blocks(a[i], b[i], size, start + i * inner)


def _span(start: int, a: Array, b: Array, dtype: np.dtype) -> Measures:
    rows = -(-min(a.size, BLOCK) // ROW)
    scratch = np.empty((4, rows, ROW), dtype) if dtype in (np.float32, np.float64) else None
    parts: list[Measures] = []
    scale_a = 0.0
    with np.errstate(all="ignore"):  # here, since threads do not inherit it
        for at, x, y in _blocks(a, b, BLOCK, start):
            part = _fast(at, x, y, scratch, scale_a) if scratch is not None else None
            part = part or _combine([_careful(*small, dtype) for small in _blocks(x, y, SMALL_BLOCK, at)])
            scale_a = max(scale_a, part.scale_a)
            parts.append(part)
    return _combine(parts)


def _fast(start: int, a: Array, b: Array, scratch: Array, known_scale_a: float) -> Measures | None:
    """A block's measures by BLAS, in its own precision; None where that overflows, underflows or is not finite.

    `known_scale_a` is the largest |a| so far: where this block holds no larger, its own may be given as 0.
    """
    scratch = scratch[:, : -(-a.size // ROW)]
    x, y = _rows(a, scratch[0]), _rows(b, scratch[1])
    difference, magnitude = both = scratch[2:]
    sums = np.empty((5, len(x)), x.dtype)
    np.subtract(x, y, out=difference)
    np.vecdot(x, x, out=sums[0])
    np.vecdot(y, y, out=sums[1])
    np.vecdot(difference, difference, out=sums[2])
    np.abs(difference, out=magnitude)
    np.vecdot(both, np.ones(ROW, x.dtype), out=sums[3:])
    aa, bb, dd, signed_sum, abs_sum = sums.sum(axis=1, dtype=np.float64).tolist()
    if not math.isfinite(aa + bb + dd + abs_sum):
        return None
    index = int(magnitude.argmax())
    max_norm, scale_b = magnitude.item(index), _scale(y)
    limits = np.finfo(x.dtype)
    least = float(limits.tiny / limits.eps)  # to a sum of squares that is no less, those that underflowed are nothing
    # As |a| <= |b| + |a - b|, the search for a's largest is seldom called for where the two agree.
    scale_a = _scale(x) if aa < least or scale_b + 2 * max_norm > known_scale_a else 0.0
    if any(square < least and scale > 0 for square, scale in ((aa, scale_a), (bb, scale_b), (dd, max_norm))):
        return None
    apart = aa > 16 * bb or bb > 16 * aa  # (aa + bb - dd) / 2 would then cancel
    dot = float(np.vecdot(x, y).sum(dtype=np.float64)) if apart else (aa + bb - dd) / 2
    norms = math.sqrt(aa), math.sqrt(bb), math.sqrt(dd)
    return Measures(a.size, abs_sum, signed_sum, max_norm, start + index, *norms, dot, scale_a, scale_b)


def _rows(block: Array, buffer: Array) -> Array:
    """The block as rows of ROW elements: itself where it is that already, else in `buffer`, with zeros after it."""
    ready = block.flags.c_contiguous and block.flags.aligned and block.dtype == buffer.dtype
    if ready and block.size == buffer.size:
        return block.reshape(buffer.shape)
    flat, columns = buffer.reshape(-1), block.shape[-1]
    copy = flat[: block.size].reshape(block.shape)
    width = PANEL if block.ndim > 1 and abs(block.strides[-1]) > abs(block.strides[-2]) else columns
    for i in range(0, columns, width):
        copy[..., i : i + width] = block[..., i : i + width]
    flat[block.size :] = 0
    return buffer


def _scale(x: Array) -> float:
    return max(0.0, float(x.max()), -float(x.min()))  # cheaper than the largest of |x|, which has to be written first


def _careful(start: int, a: Array, b: Array, dtype: np.dtype) -> Measures:
    """A block's measures without BLAS, in float64 or wider, with norms scaled against overflow and underflow."""
    wide = np.result_type(dtype, np.float64)
    x, y = (np.ascontiguousarray(block, wide).reshape(-1) for block in (a, b))
    finite_a, finite_b = np.isfinite(x), np.isfinite(y)
    bad_a, bad_b = (x.size - int(np.count_nonzero(finite)) for finite in (finite_a, finite_b))
    if bad_a or bad_b:
        return _not_finite(x.size, bad_a, bad_b, start + int(np.argmin(finite_a & finite_b)))
    difference = x - y
    magnitude = np.abs(difference)
    index = start + int(magnitude.argmax())
    scales = np.abs(x).max(), np.abs(y).max(), magnitude.max()
    norms = _norm(x, scales[0]), _norm(y, scales[1]), _norm(difference, scales[2])
    scale_a, scale_b, max_norm = map(float, scales)
    abs_sum, signed_sum, dot = map(float, (magnitude.sum(), difference.sum(), (x * y).sum()))
    return Measures(x.size, abs_sum, signed_sum, max_norm, index, *norms, dot, scale_a, scale_b)


def _norm(vector: Array, scale: np.floating) -> float:
    if not 0 < scale < np.inf:
        return float(scale)
    return float(scale * np.sqrt(np.square(vector / scale).sum()))


def _not_finite(count: int, bad_a: int, bad_b: int, first: int) -> Measures:
    nan = math.nan
    return Measures(count, nan, nan, nan, first, nan, nan, nan, nan, nan, nan, bad_a, bad_b, first)


def _combine(parts: Sequence[Measures]) -> Measures:
    """The measures of all parts together; they are given in C order."""
    if len(parts) == 1:
        return parts[0]
    count = sum(p.count for p in parts)
    bad_a, bad_b = sum(p.nonfinite_a for p in parts), sum(p.nonfinite_b for p in parts)
    if bad_a or bad_b:
        return _not_finite(count, bad_a, bad_b, next(p.first_nonfinite for p in parts if p.first_nonfinite >= 0))
    largest = max(parts, key=lambda p: p.max_norm)  # the first of equals
    return Measures(
        count,
        sum(p.abs_sum for p in parts),
        sum(p.signed_sum for p in parts),
        largest.max_norm,
        largest.index,
        math.hypot(*(p.norm_a for p in parts)),
        math.hypot(*(p.norm_b for p in parts)),
        math.hypot(*(p.norm_difference for p in parts)),
        sum(p.dot for p in parts),
        max(p.scale_a for p in parts),
        max(p.scale_b for p in parts),
    )
