"""Noise: about the rounding error of the working dtype, and enough for long sums, whatever adds them up."""

from dataclasses import replace

import numpy as np
import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.arrays import roundoff
from gradparity.harness.compare import compare, ratio_of
from gradparity.harness.models import models
from gradparity.harness.noise import THRESHOLD, measure_noise
from gradparity.harness.problem import LOSSES, Problem, make_tensors


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


@pytest.mark.parametrize("sizes", [(7, 3, 4, 5, 2), (10, 8, 2, 110, 2)], ids=["small", "in several runs"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_noise_is_the_same_every_time(sizes, dtype):
    problem = Problem("lstm", *sizes, dtype=dtype)
    first, second = (measure_noise(problem, make_tensors(problem), numpy_bptt.gradients).values for _ in range(2))
    assert first == second


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_noise_is_no_accident_of_its_draws(dtype):
    """The numbers of 30 other seeds for the draws, on the same tensors: never a tenth of one another."""
    problem = Problem("rnn", 1, 2, 5, 3, 2, "softmax_xent", "last", dtype, weight_scale=0.1)
    tensors = make_tensors(problem)
    found = [measure_noise(replace(problem, seed=s), tensors, numpy_bptt.gradients).values for s in range(30)]
    for name in found[0]:
        assert max(noise[name] for noise in found) < 10 * min(noise[name] for noise in found)


def test_a_chaotic_network_is_no_more_certain_in_float64_than_it_is():
    """Where rounding decides everything, the noise is of the size of the gradient."""
    problem = Problem(T=60, B=1, I=2, H=4, loss_on="last", weight_scale=60.0)
    tensors = make_tensors(problem)
    wide = numpy_bptt.gradients(replace(problem, dtype="longdouble"), tensors.cast("longdouble")).quantities
    noise = measure_noise(problem, tensors, numpy_bptt.gradients)
    found = compare(numpy_bptt.gradients(problem, tensors).quantities, wide, noise)
    assert found.ratio < THRESHOLD
