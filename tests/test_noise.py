"""Noise: permuted problems are the same mathematics, and correct gradients stay far below the threshold."""

import gradparity.harness.noise as noise_model
import numpy as np
import pytest
from gradparity.backends import discover, numpy_bptt
from gradparity.harness.arrays import roundoff
from gradparity.harness.compare import MATCH, compare, ratio_of
from gradparity.harness.models import models
from gradparity.harness.noise import THRESHOLD, measure_noise, permutations, permute
from gradparity.harness.problem import LOSSES, Problem, make_tensors
from gradparity.harness.strategies import problems
from hypothesis import example, given, settings


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


@pytest.mark.skipif(not noise_model.LONG, reason="long double is double here: nothing to hold double-double against")
@settings(max_examples=60, deadline=None)
@given(problems(dtypes=["float64"]))
@example(Problem("rnn", 1, 1, 1, 1, 1))
@example(Problem("rnn_relu", 1, 1, 1, 1, 1, weight_scale=50.0))
@example(Problem("lstm", 1, 1, 1, 1, 1, "softmax_xent"))
@example(Problem("lstm", T=6, B=2, H=2, weight_scale=200.0))  # gates shut
@example(Problem("gru", T=15, B=1, I=2, H=4, weight_scale=6.0))  # chaotic
@example(Problem("gru", T=30, B=1, I=1, H=2, loss_on="last", weight_scale=0.01))  # vanishing
def test_noise_is_the_same_without_a_wider_long_double(problem):
    tensors = make_tensors(problem)
    expected = measure_noise(problem, tensors, numpy_bptt.gradients).values
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise_model, "LONG", False)
        found = measure_noise(problem, tensors, numpy_bptt.gradients).values
    assert found == pytest.approx(expected, rel=0.05, abs=0)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sizes", [(300, 16, 2, 3, 4), (1500, 1, 1, 1, 2)], ids=["long", "thin"])
def test_noise_covers_what_a_loop_adds_up_step_by_step(loss, dtype, sizes):
    """Right, and several dozen roundings off, where NumPy's sum in pairs is off by less than one."""
    problem = Problem("rnn", *sizes, loss=loss, dtype=dtype, weight_scale=0.3)
    tensors = make_tensors(problem)
    right, noise = numpy_bptt.gradients(problem, tensors), measure_noise(problem, tensors, numpy_bptt.gradients)
    looped = {"loss": np.zeros((), dtype), "W_hy": np.zeros_like(right.named["W_hy"])}
    for term in loss_terms(problem, right.outputs, tensors.y):
        looped["loss"] += term
    for h_t, dout_t in zip(right.states["h"][1:], right.adjoints["adjoint_out"], strict=True):
        for h, dout in zip(h_t, dout_t, strict=True):
            looped["W_hy"] += np.outer(h, dout)
    found = compare(looped, {name: right.quantities[name] for name in looped}, noise)
    assert found.ratio < 4
    terms = loss_terms(problem, right.outputs, tensors.y).size
    assert noise.values["loss"] <= 4 * np.sqrt(terms) * roundoff(np.dtype(dtype)) * right.loss


def loss_terms(problem, out, y):
    """One after another in time, batch and output."""
    if problem.loss == "mse":
        return ((out - y) ** 2 / 2).ravel()
    shifted = out - out.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], -1).ravel()


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
