"""Double-double arithmetic against exact fractions and decimals of fifty digits more than it has."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from gradparity.harness.doubled import Array, Doubled, doubled, parts


def fractions(a: Array) -> list[Fraction]:
    return [Fraction(float(high)) + Fraction(float(low)) for high, low in zip(*map(np.ravel, parts(a)), strict=True)]


def decimals(a: Array) -> list[Decimal]:
    return [Decimal(f.numerator) / f.denominator for f in fractions(a)]


def numbers(shape: tuple[int, ...], seed: int = 0, decades: int = 0) -> Array:
    """Numbers with digits in both halves, of both signs, over so many decades either way."""
    random = np.random.default_rng(seed)
    high, low = random.standard_normal((2, *shape)) * 10.0 ** random.uniform(-decades, decades, (2, *shape))
    return doubled(high) + doubled(low) * 1e-17


@pytest.mark.parametrize("decades", [0, 20])
@pytest.mark.parametrize("operation", ["add", "sub", "mul", "truediv"])
def test_arithmetic(operation, decades):
    a, b = numbers((500,), 0, decades), numbers((500,), 1, decades)
    method = f"__{operation}__"
    for x, y, found in zip(fractions(a), fractions(b), fractions(getattr(a, method)(b)), strict=True):
        exact = getattr(x, method)(y)
        size = abs(exact) if operation in ("mul", "truediv") else abs(x) + abs(y)
        assert abs(found - exact) <= size * Fraction(2) ** -102


@pytest.mark.parametrize("shapes", [((3, 4), (4, 2)), ((2, 3, 7), (7, 5)), ((1, 1), (1, 1)), ((2, 300), (300, 150))])
def test_matrix_product(shapes):
    a, b = (numbers(shape, seed) for seed, shape in enumerate(shapes))
    x, y = (np.array(fractions(v), dtype=object).reshape(v.shape) for v in (a, b))
    error = np.array(fractions(a @ b), dtype=object).reshape((x @ y).shape) - x @ y
    assert (abs(error) * 2**98 <= abs(x) @ abs(y)).all()


def test_sums():
    a = numbers((7, 5, 3), decades=8)
    exact = np.array(fractions(a), dtype=object).reshape(a.shape)
    for axis in (None, 0, 1, -1):
        for keepdims in (False, True):
            found = a.sum(axis, keepdims=keepdims)
            expected = np.asarray(exact.sum(axis, keepdims=keepdims), dtype=object)
            assert found.shape == expected.shape
            for one, right in zip(fractions(found), expected.ravel(), strict=True):
                assert abs(one - right) <= abs(exact).sum() * Fraction(2) ** -100


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


FUNCTIONS = {
    "exp": (np.exp, lambda v: v.exp()),
    "expm1": (np.expm1, lambda v: v.exp() - 1),
    "tanh": (np.tanh, lambda v: 1 - 2 / ((2 * v).exp() + 1)),
    "sigmoid": (sigmoid, lambda v: 1 / (1 + (-v).exp())),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_elementary_functions_have_a_small_relative_error(name):
    function, exact = FUNCTIONS[name]
    sizes = np.concatenate([np.geomspace(1e-15, 1, 100), np.linspace(1, 40, 100)])
    a = doubled(np.concatenate([sizes, -sizes])) + doubled(np.concatenate([-sizes, sizes])) * 1e-17
    with localcontext(prec=90):
        for x, found in zip(decimals(a), decimals(function(a)), strict=True):
            assert abs(found - exact(x)) <= abs(exact(x)) * Decimal(2) ** -80


def test_the_logarithm_has_a_small_absolute_error():
    a = 1 + numbers((200,)) * numbers((200,))
    a = a[a > 0]
    with localcontext(prec=80):
        for x, found in zip(decimals(a), decimals(np.log(a)), strict=True):
            assert abs(found - x.ln()) <= (1 + abs(x.ln())) * Decimal(2) ** -80


def test_what_overflows_in_a_shut_gate_is_harmless():
    with np.errstate(over="raise", invalid="raise"):
        found = sigmoid(doubled(np.array([-1e6, -800.0, 800.0, 1e6])))
    assert np.abs(found - np.array([0.0, 0, 1, 1])).max() < 1e-250


def test_numpy_does_the_rest():
    a = numbers((4, 3))
    assert isinstance(a[1:].T.reshape(-1), Doubled)
    assert (np.maximum(a, 0) >= 0).all()
    assert fractions(a.max(-1)) == [max(fractions(row)) for row in a]
    b = np.empty_like(a, shape=(2, 4, 3))
    b[0] = a
    b[1] = 0.5
    b += a
    assert fractions(b[0]) == [2 * f for f in fractions(a)]


def test_it_is_finer_than_float64():
    assert fractions(doubled(1.0) + doubled(2.0**-80) - 1) == [Fraction(2) ** -80]
    assert parts((doubled(1.0) / 3) * 3 - 1)[0] != 0 or parts(doubled(1.0) / 3)[1] != 0


def test_what_it_has_not_is_refused_and_never_done_as_if_complex():
    for function in (np.sin, np.square, np.sqrt, np.add.accumulate):
        with pytest.raises(TypeError):
            function(numbers((3,)))
