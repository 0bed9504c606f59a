"""Noise: permuted problems are the same mathematics, and correct gradients stay far below the threshold."""

import numpy as np
import pytest
from gradparity.backends import discover, numpy_bptt
from gradparity.harness.compare import MATCH, compare, ratio_of
from gradparity.harness.models import models
from gradparity.harness.noise import THRESHOLD, measure_noise, permutations, permute
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.strategies import problems
from hypothesis import given, settings


@settings(max_examples=60, deadline=None)
@given(problems())
def test_a_permuted_problem_has_the_permuted_gradients(problem):
    tensors = make_tensors(problem)
    order = permutations(problem, draw=0)
    exact = numpy_bptt.gradients(problem, tensors.cast("longdouble")).quantities
    permuted = tensors.map(lambda name, value: permute(problem, name, value, order)).cast("longdouble")
    for name, value in numpy_bptt.gradients(problem, permuted).quantities.items():
        expected = permute(problem, name, exact[name], order)
        assert np.abs(value - expected).max() <= 1e-15 * (1 + np.abs(exact[name]).max())


@settings(max_examples=60, deadline=None)
@given(problems(max_steps=20))
def test_another_order_of_summation_is_no_mismatch(problem):
    """einsum by the textbook, no product hoisted: right, and rounded otherwise."""
    tensors = make_tensors(problem)
    noise = measure_noise(problem, tensors, numpy_bptt.gradients)
    order = permutations(problem, draw=99)
    back = {size: np.argsort(units) for size, units in order.items()}
    permuted = tensors.map(lambda name, value: permute(problem, name, value, order))
    other = numpy_bptt.gradients(problem, permuted).quantities
    other = {name: permute(problem, name, value, back) for name, value in other.items()}
    found = compare(other, numpy_bptt.gradients(problem, tensors).quantities, noise)
    assert found.verdict == MATCH, found


@pytest.mark.parametrize("model", models())
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_noise_is_near_the_roundoff_of_the_working_dtype(model, dtype):
    problem = Problem(model=model, dtype=dtype)
    noise = measure_noise(problem, make_tensors(problem), numpy_bptt.gradients)
    exact = numpy_bptt.gradients(problem, make_tensors(problem)).quantities
    unit = np.finfo(dtype).eps / 2
    for name, value in noise.values.items():
        assert unit * np.abs(exact[name]).max() * 0.99 <= value <= 1000 * unit * np.abs(exact[name]).max()


def test_the_threshold_catches_a_change_in_the_tenth_digit():
    problem = Problem(model="lstm")
    tensors = make_tensors(problem)
    noise = measure_noise(problem, tensors, numpy_bptt.gradients)
    right = numpy_bptt.gradients(problem, tensors).named
    wrong = {name: value * (1 + 1e-10) for name, value in right.items()}
    assert all(ratio_of(d) > THRESHOLD for d in compare(wrong, right, noise).differences)


def test_the_reference_of_the_noise_works_in_the_wider_dtypes():
    assert "longdouble" in discover()["numpy"].dtypes
