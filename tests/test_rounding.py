"""Random rounding: NumPy's arithmetic in several draws, each operation as far off as rounding makes it."""

from collections.abc import Callable

import numpy as np
import pytest
from gradparity.harness.rounding import Rounded, Rounding

UNIT = 2.0**-20
DRAWS = 200


def rounded(value: np.ndarray, draws: int = DRAWS) -> Rounded:
    return Rounding(draws, UNIT, [0]).exact(value)


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(1, 2, shape)


A, B = numbers(4, 3), numbers(5, 4, 3)[0] + 0.5
OPERATIONS: dict[str, tuple[Callable, float]] = {  # and the largest error, in unit roundoffs of the result
    "multiply": (lambda a: a * B, 1),
    "divide": (lambda a: 1 / a, 1),
    "exp": (np.exp, 1),
    "log": (np.log, 1),
    "tanh": (np.tanh, 1),
    "add": (lambda a: a + B, 1),
    "add a row": (lambda a: B[0] + a, 1),
    "product": (lambda a: a @ B.T, np.sqrt(6)),
    "sum": (lambda a: a.sum(0), np.sqrt(8)),
    "sum of all": (lambda a: a.sum(), np.sqrt(24)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_rounded_at_random_and_never_by_more(name):
    operation, most = OPERATIONS[name]
    exact, found = operation(A), np.asarray(operation(rounded(A)))
    assert found.shape == (DRAWS, *np.shape(exact))
    error = np.abs(found / exact - 1) / UNIT
    assert (error.max(0) > 0.5).all()
    assert error.max() <= most * 1.0001
    assert len(np.unique(found)) > 0.99 * found.size


@pytest.mark.parametrize(
    "operation", [np.negative, abs, lambda a: np.maximum(a, 1.5), lambda a: a.max(-1, keepdims=True)]
)
def test_what_is_exact_is_not_rounded(operation):
    assert (np.asarray(operation(rounded(A))) == operation(A)).all()


def test_what_cancels_keeps_the_error_of_its_parts():
    """a - a is zero in floating point; two ways to make a are not the same a."""
    a = rounded(A)
    error = np.abs(np.asarray(a - A)).max(0)
    assert (error > A * UNIT).all()
    assert (error <= 2 * A * UNIT).all()


def test_a_running_sum_is_no_surprise():
    """Ten thousand terms added one by one in float32 lie within a few times of what the draws say."""
    terms = np.random.default_rng(1).uniform(-1, 1, (10_000, 8)).astype(np.float32)
    for values in (terms, np.abs(terms)):
        exact = values.astype(float).sum(0)
        total = Rounding(8, 2.0**-24, [0]).exact(values.astype(float)).sum(0)
        noise = np.abs(np.asarray(total) - exact).max(0)
        assert (np.abs(np.add.accumulate(values)[-1] - exact) < 4 * noise).all()


def test_it_is_used_as_an_array_is():
    a = rounded(A) * 1.0
    assert (a.shape, a.ndim, len(a), a.dtype) == ((4, 3), 2, 4, np.dtype(float))
    assert a.T.shape == (3, 4)
    assert a.reshape(-1).shape == (12,)
    assert a[1:, :2].shape == (3, 2)
    assert a[A > 1.5].shape == (int((A > 1.5).sum()),)
    assert (a > 0).astype(float).dtype == float
    room = np.zeros_like(a, shape=(2, 4, 3))
    room[0] = a
    room[1] += a
    assert (np.asarray(room[0]) == np.asarray(a)).all()
    assert np.asarray(np.empty_like(a)).shape == (DRAWS, 4, 3)


def test_the_same_seed_rounds_alike_and_another_otherwise():
    def found(seed: int, shape: tuple[int, ...]) -> np.ndarray:
        a = Rounding(8, UNIT, [seed]).exact(np.ones(shape))
        return np.asarray(a * a * a)

    for shape in ((3,), (300, 300)):  # from the table, and beyond it
        assert (found(1, shape) == found(1, shape)).all()
        assert (found(1, shape) != found(2, shape)).mean() > 0.99


@pytest.mark.parametrize(
    "function", [np.sort, np.add.accumulate, lambda a: np.einsum("ij->", a), lambda a: np.sum(a, where=A > 1)]
)
def test_what_it_has_not_is_refused(function):
    with pytest.raises(TypeError):
        function(rounded(A))
