"""The comparator: each kind of pair has its verdict and its clear line."""

import ml_dtypes
import numpy as np
import pytest
from gradparity.harness.compare import Comparison, compare, shape_hint
from gradparity.harness.errors import BadInput
from gradparity.harness.heatmap import CELLS, heatmap
from gradparity.harness.noise import Noise

RIGHT = np.arange(1.0, 13.0).reshape(3, 4)


def one(a, b=RIGHT, **options):
    return compare({"W": a}, {"W": b}, **options).differences[0]


@pytest.mark.parametrize(
    ("a", "verdict", "said"),
    [
        (RIGHT, "match", ""),
        (RIGHT + 1e-17, "match", ""),
        (RIGHT + 1e-9, "mismatch", ""),
        (RIGHT.T, "wrong shape", "is the transpose of (3, 4)"),
        (RIGHT[None], "wrong shape", "but for axes of length 1"),
        (RIGHT.ravel(), "wrong shape", "flattened or reshaped?"),
        (np.zeros((2, 3, 4)), "wrong shape", "sum it over axis 0"),
        (np.zeros((5, 5)), "wrong shape", "(5, 5) where (3, 4) is expected"),
        (RIGHT.astype(int), "wrong dtype", "int64 cannot hold a gradient"),
        (RIGHT > 3, "wrong dtype", "bool cannot hold a gradient"),
        (RIGHT + 0j, "wrong dtype", "complex128 is no real floating point"),
        (np.array([None]), "wrong dtype", "object is no real floating point"),
        (np.where(RIGHT > 11, np.nan, RIGHT), "not finite", "1 of 12 not finite in the first"),
        (np.where(RIGHT > 10, np.inf, RIGHT), "not finite", "2 of 12 not finite in the first"),
        (None, "missing", "not among the gradients given"),
        (RIGHT.astype(np.float32), "match", "float32 against float64: judged no finer than one rounding of float32"),
        (RIGHT.astype(ml_dtypes.bfloat16), "match", "bfloat16 against float64"),
        (RIGHT.astype(np.float16) * 2, "mismatch", "float16 against float64"),
        ([[1, 2.0, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], "match", ""),
        ([[1, 2], [3]], "wrong dtype", "object"),
    ],
    ids=str,
)
def test_verdicts(a, verdict, said):
    found = one(a)
    assert (found.verdict, said in found.note) == (verdict, True), found


def test_names_on_one_side_only():
    found = compare({"W": RIGHT, "extra": RIGHT}, {"W": RIGHT, "lost": RIGHT})
    assert [(d.name, d.verdict) for d in found.differences] == [
        ("W", "match"),
        ("lost", "missing"),
        ("extra", "unexpected"),
    ]
    assert found.verdict == "missing"


def test_nothing_to_compare_is_an_error_not_a_pass():
    with pytest.raises(BadInput, match="nothing to compare: mine and theirs have no gradient at all"):
        compare({}, {}, names=("mine", "theirs"))


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 4)])
def test_zero_size_axes_match_and_say_so(shape):
    found = one(np.zeros(shape), np.zeros(shape))
    assert found.verdict == "match"
    assert "empty" in found.note


def test_the_place_and_both_values_of_the_largest_difference():
    wrong = RIGHT.copy()
    wrong[2, 1] -= 7
    found = one(wrong)
    assert (found.index, found.place, found.value, found.value_b) == ((2, 1), "[2, 1]", 3.0, 10.0)
    assert (found.abs_sum, found.max_norm, found.signed_sum) == (7, 7, -7)


def test_the_signed_sum_is_a_trap():
    """Differences that cancel: the signed sum is nothing, the verdict is not taken in."""
    wrong = RIGHT + np.array([[1, -1, 1, -1]] * 3)
    found = one(wrong)
    assert found.signed_sum == 0
    assert (found.verdict, found.abs_sum) == ("mismatch", 12)


def test_measured_noise_is_what_counts_and_the_floor_bounds_it_below():
    assert one(RIGHT + 1e-9, noise=Noise({"W": 1e-9})).verdict == "match"
    assert one(RIGHT + 1e-9, noise=Noise({"W": 1e-12})).verdict == "mismatch"
    floored = one(RIGHT + 1e-15, noise=Noise({"W": 0.0}))
    assert (floored.verdict, floored.source) == ("match", "floor")


def test_a_backend_that_answers_zero_loses():
    assert one(np.zeros_like(RIGHT)).verdict == "mismatch"
    assert one(RIGHT, np.zeros_like(RIGHT)).verdict == "mismatch"


@pytest.mark.parametrize("convert", ["torch", "torch_bfloat16", "torch_graph", "jax"])
def test_arrays_of_any_framework(convert):
    if convert.startswith("torch"):
        torch = pytest.importorskip("torch")
        tensor = torch.tensor(RIGHT, requires_grad=convert == "torch_graph")
        value = tensor.to(torch.bfloat16) if convert == "torch_bfloat16" else tensor
    else:
        value = pytest.importorskip("jax.numpy").asarray(RIGHT, dtype="float32")
    assert one(value).verdict == "match"


def test_severity_orders_the_verdict_of_a_whole_comparison():
    found = compare({"W": RIGHT.T, "b": RIGHT + 1}, {"W": RIGHT, "b": RIGHT})
    assert isinstance(found, Comparison)
    assert (found.verdict, found.ratio) == ("wrong shape", float("inf"))


def test_shape_hint_of_another_order():
    assert "axes of (2, 3, 4) in another order" in shape_hint((3, 2, 4), (2, 3, 4))


def test_a_large_heatmap_is_pooled_by_its_maximum():
    a, b = np.zeros((100, 70)), np.zeros((100, 70))
    a[61, 33] = 5
    found = heatmap(a, b)
    assert len(found.rows) <= CELLS
    assert len(found.columns) <= CELLS
    assert max(map(max, found.values)) == 5
    hit = [(r, c) for r, line in enumerate(found.values) for c, v in enumerate(line) if v]
    assert [(found.rows[r], found.columns[c]) for r, c in hit] == [("60 to 64", "33 to 35")]
    assert found.pooled == (5, 3)


def test_a_heatmap_of_a_scalar_a_vector_and_a_cube():
    for shape, size in (((), (1, 1)), ((5,), (1, 5)), ((2, 3, 4), (6, 4))):
        found = heatmap(np.ones(shape), np.zeros(shape))
        assert (len(found.rows), len(found.columns)) == size
        assert {level for line in found.levels for level in line} == {9}
