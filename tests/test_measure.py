"""The comparator's kernel against plain NumPy in long double, over dtypes, layouts, sizes and numbers of threads."""

import math
import tracemalloc
from pathlib import Path

import gradparity.harness.measure as kernel
import ml_dtypes
import numpy as np
import pytest
from gradparity.harness.measure import Measures, measure
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = [np.dtype(t) for t in (np.float64, np.float32, np.float16, np.longdouble)] + [BFLOAT16]
DTYPES = [*FLOATS, np.dtype(">f4"), np.dtype(np.int64), np.dtype(np.int8), np.dtype(np.uint16), np.dtype(np.bool_)]
ROUNDING = {np.dtype(np.float32): 2.0**-24, np.dtype(np.float64): 2.0**-53}


def naive(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """What finite arrays should measure, in long double."""
    x, y = (np.ascontiguousarray(v).astype(np.longdouble).reshape(-1) for v in (a, b))
    d = x - y
    return {
        "abs_sum": np.abs(d).sum(),
        "signed_sum": d.sum(),
        "max_norm": np.abs(d).max(initial=0),
        "norm_a": np.sqrt((x * x).sum()),
        "norm_b": np.sqrt((y * y).sum()),
        "norm_difference": np.sqrt((d * d).sum()),
        "dot": (x * y).sum(),
        "scale_a": np.abs(x).max(initial=0),
        "scale_b": np.abs(y).max(initial=0),
    }


def check(a: np.ndarray, b: np.ndarray, found: Measures) -> None:
    """Every statistic is right to the rounding of the working precision, of which float64 is the best."""
    expected = naive(a, b)
    working = np.result_type(*(kernel._working_type(v.dtype) for v in (a, b)))
    eps = ROUNDING.get(working, 2.0**-53)
    bounds = {  # what each may be off by, in units of rounding
        "abs_sum": 8 * expected["abs_sum"],
        "signed_sum": 8 * expected["abs_sum"],
        "max_norm": expected["max_norm"],
        "norm_a": 8 * expected["norm_a"],
        "norm_b": 8 * expected["norm_b"],
        "norm_difference": 8 * expected["norm_difference"],
        "dot": 64 * expected["norm_a"] * expected["norm_b"],
        "scale_a": expected["scale_a"] * (eps == 2.0**-53),  # long double is rounded on its way out
        "scale_b": expected["scale_b"] * (eps == 2.0**-53),
    }
    for name, bound in bounds.items():
        assert abs(getattr(found, name) - expected[name]) <= eps * bound, name
    assert (found.count, found.nonfinite_a, found.nonfinite_b, found.first_nonfinite) == (a.size, 0, 0, -1)
    assert abs(found.cosine - _cosine(expected)) <= 64 * eps
    if a.size:
        apart = np.abs(a.astype(working) - b.astype(working)).reshape(-1)
        assert found.index == apart.argmax()


def _cosine(expected: dict[str, float]) -> float:
    size = expected["norm_a"] * expected["norm_b"]
    return expected["dot"] / size if size else float(expected["norm_a"] == expected["norm_b"])


def random_array(shape: tuple[int, ...], dtype: np.dtype, seed: int = 0) -> np.ndarray:
    numbers = np.random.default_rng(seed).standard_normal(shape)
    return (numbers * 40).astype(dtype) if dtype.kind in "iu" else numbers.astype(dtype)


LAYOUTS = {
    "as is": lambda v: v,
    "transposed": lambda v: v.T,
    "reversed": lambda v: v[::-1] if v.ndim else v,
    "every other": lambda v: v[..., ::2] if v.ndim else v,
    "Fortran": np.asfortranarray,
    "repeated": lambda v: np.broadcast_to(v[:1], v.shape) if v.ndim else v,
}


SMALL = {"ROW": 4, "BLOCK": 16, "SMALL_BLOCK": 8, "SPAN": 48, "PANEL": 3}  # many blocks and spans in few elements


def shrink(patch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        patch.setattr(kernel, name, value)


@settings(deadline=None, max_examples=200)
@given(
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9),
    dtypes=st.tuples(st.sampled_from(DTYPES), st.sampled_from(DTYPES)),
    layouts=st.tuples(st.sampled_from(sorted(LAYOUTS)), st.sampled_from(sorted(LAYOUTS))),
    near=st.booleans(),
    threads=st.integers(1, 4),
    small=st.booleans(),
)
def test_measure_agrees_with_long_double(shape, dtypes, layouts, near, threads, small):
    a, b = (random_array(shape, dtype, seed) for seed, dtype in enumerate(dtypes))
    holds = a.dtype.kind not in "iu" or np.can_cast(a.dtype, b.dtype)  # float16 ends below uint16
    if near and holds:
        b = (a.astype(np.float64) * 1.001).astype(b.dtype)
    a, b = (LAYOUTS[layout](v) for layout, v in zip(layouts, (a, b), strict=True))
    assume(a.shape == b.shape)
    with pytest.MonkeyPatch.context() as patch:
        if small:
            shrink(patch)
        check(a, b, measure(a, b, threads))


@settings(deadline=None, max_examples=100)
@given(
    dtype=st.sampled_from([np.dtype(np.float32), np.dtype(np.float64)]),
    exponents=st.tuples(st.floats(-0.95, 0.95), st.floats(-0.95, 0.95)),
    size=st.integers(1, 60),
    threads=st.integers(1, 2),
)
def test_norms_survive_squares_that_overflow_or_underflow(dtype, exponents, size, threads):
    largest = math.log10(float(np.finfo(dtype).max))
    a, b = (
        random_array((size,), np.dtype(np.float64), seed) * 10 ** (e * largest - 1) for seed, e in enumerate(exponents)
    )
    a, b = a.astype(dtype), b.astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        found = measure(a, b, threads)
    for name, value in naive(a, b).items():
        if name not in ("dot", "signed_sum"):
            assert getattr(found, name) == pytest.approx(float(value), rel=1e-6 if dtype == np.float32 else 1e-13), name
    assert measure(a, a * dtype.type(0.75)).cosine == pytest.approx(1, abs=1e-6)


def test_a_difference_beyond_the_range_of_its_dtype():
    huge = np.full(5, 3e38, np.float32)
    assert measure(huge, -huge).max_norm == 2 * float(huge[0])
    beyond = measure(np.full(5, 1.5e308), np.full(5, -1.5e308))
    assert (beyond.max_norm, beyond.abs_sum, beyond.scale_a) == (math.inf, math.inf, 1.5e308)


@pytest.mark.parametrize("dtype", [*FLOATS, np.dtype(ml_dtypes.float8_e5m2)], ids=str)
@settings(deadline=None, max_examples=30)
@given(
    bad_a=st.dictionaries(st.integers(0, 99), st.sampled_from([math.nan, math.inf, -math.inf]), max_size=5),
    bad_b=st.dictionaries(st.integers(0, 99), st.sampled_from([math.nan, math.inf, -math.inf]), max_size=5),
    threads=st.integers(1, 3),
)
def test_not_finite_is_counted_and_poisons_the_rest(dtype, bad_a, bad_b, threads):
    assume(bad_a or bad_b)
    a, b = random_array((4, 25), dtype, 0), random_array((4, 25), dtype, 1)
    for array, bad in ((a, bad_a), (b, bad_b)):
        array.flat[list(bad)] = list(bad.values())
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        found = measure(a, b, threads)
    first = min([*bad_a, *bad_b])
    assert (found.nonfinite_a, found.nonfinite_b) == (len(bad_a), len(bad_b))
    assert (found.first_nonfinite, found.index, found.count) == (first, first, 100)
    for name in ("abs_sum", "signed_sum", "max_norm", "norm_difference", "scale_a", "relative", "cosine"):
        assert math.isnan(getattr(found, name)), name


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2, 5)])
def test_empty(shape):
    found = measure(np.empty(shape, np.float32), np.empty(shape))
    assert found == Measures(count=0, index=-1)
    assert (found.relative, found.cosine) == (0, 1)


def test_all_equal():
    a = np.zeros(1000, np.float32)
    assert measure(a, a) == Measures(count=1000, index=0)
    assert measure(a - 0.0, -a) == Measures(count=1000, index=0)


def test_index_is_the_first_of_equals():
    a = np.zeros((300, 2000), np.float32)
    a[7, 5] = a[7, 1999] = a[250, 0] = -3
    for x in (a, np.asfortranarray(a), a.astype(np.longdouble)):
        assert measure(x, np.zeros_like(x)).index == 7 * 2000 + 5
    assert measure(a.T, np.zeros_like(a.T)).index == 250  # a[250, 0] comes first in a.T


def test_long_double_keeps_its_digits():
    if np.finfo(np.longdouble).eps == np.finfo(float).eps:
        pytest.skip("long double is double here")
    a = np.ones(3, np.longdouble)
    assert measure(a + np.longdouble(2) ** -60, a).max_norm == 2.0**-60


def test_relative_and_cosine():
    zero, one, two = np.zeros(4), np.array([1.0, 0, 0, 0]), np.array([0, 2.0, 0, 0])
    assert measure(one, zero).relative == math.inf
    assert measure(zero, one).relative == 1
    assert measure(zero, one).cosine == 0
    assert measure(one, two).cosine == pytest.approx(0, abs=1e-15)
    assert measure(one, -one).cosine == -1
    assert measure(one, 1e6 * one).cosine == 1


def test_cosine_near_one_keeps_its_digits():
    a = random_array((10_000,), np.dtype(np.float64))
    turn = np.zeros_like(a)
    turn[:2] = a[1], -a[0]
    angle = math.hypot(a[0], a[1]) / np.linalg.norm(a) * 1e-4
    assert 1 - measure(a + 1e-4 * turn, a).cosine == pytest.approx(angle**2 / 2, rel=1e-3)


@pytest.mark.parametrize("scale", [1e-4, 1e-1, 1e3])
def test_cosine_tells_direction_from_scale(scale):
    a = random_array((100_000,), np.dtype(np.float32))
    assert measure(a * np.float32(scale), a).cosine == pytest.approx(1, abs=1e-7)


def test_sums_are_accurate():
    """Where all differences are equal, a running sum would round the same way each time."""
    for dtype, rel in ((np.float32, 1e-6), (np.float64, 1e-13)):
        found = measure(np.full(3_000_001, 0.1, dtype), np.zeros(3_000_001, dtype), 2)
        value = float(dtype(0.1))
        assert found.abs_sum == pytest.approx(3_000_001 * value, rel=rel)
        assert found.norm_a == pytest.approx(math.sqrt(3_000_001) * value, rel=rel)


def test_the_answer_does_not_depend_on_the_number_of_threads():
    a = random_array((2500, 2501), np.dtype(np.float32))
    b = a * np.float32(1.0001)
    assert len({measure(a, b, threads) for threads in (None, 1, 2, 3, 4, 9)}) == 1
    assert len({measure(a.T, b.T, threads) for threads in (1, 2, 4)}) == 1


def test_memory_mapped_and_read_only(tmp_path: Path):
    a, b = random_array((300, 400), np.dtype(np.float32), 0), random_array((300, 400), np.dtype(np.float32), 1)
    a.tofile(tmp_path / "a")
    mapped = np.memmap(tmp_path / "a", np.float32, "r", shape=(300, 400))
    b.flags.writeable = False
    assert measure(mapped, b) == measure(a, b)
    check(mapped.T, b.T, measure(mapped.T, b.T))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, BFLOAT16], ids=str)
@pytest.mark.parametrize("broken", [0, math.nan, 1e-30], ids=["", "nan", "tiny"])
def test_extra_memory_is_bounded(dtype, broken):
    """Transposed, so that everything is copied; long double is slow, so that fewer have to do."""
    size = 1_000_000 if dtype is np.longdouble else 8_000_000
    a = np.zeros((4, size // 4), dtype).T
    a[::9] = broken
    b = np.broadcast_to(np.ones(1, np.float32).astype(dtype), a.shape)
    tracemalloc.start()
    measure(a, b, 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20


def test_bad_input():
    with pytest.raises(ValueError, match="one shape"):
        measure(np.zeros(3), np.zeros((3, 1)))
    for dtype in ("c8", "O", "U3", "M8[s]", "V4"):
        with pytest.raises(TypeError, match="real"):
            measure(np.zeros(3), np.zeros(3, dtype))
