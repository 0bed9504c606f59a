"""PyTensor's gradients against the derivation by hand: one compilation a model, loss and dtype, whatever the shape."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from gradparity.backends import numpy_bptt, pytensor_scan
from gradparity.harness.noise import THRESHOLD, measure_noise
from gradparity.harness.problem import Problem, make_tensors

pytensor = pytest.importorskip("pytensor")

SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"T": 1, "B": 1, "I": 1, "H": 1, "O": 1},
    {"T": 1, "B": 3, "I": 2, "H": 4, "O": 5},
    {"T": 6, "B": 1, "I": 1, "H": 3, "O": 2},
    {"T": 3, "B": 2, "I": 5, "H": 4, "O": 1},
)
QUICK = (
    ("lstm", "softmax_xent", "all", "float64"),
    ("gru", "mse", "last", "float32"),
    ("rnn", "mse", "all", "float64"),
    ("rnn_relu", "softmax_xent", "last", "float32"),
    ("rnn", "softmax_xent", 0, "float64"),
)
REST = set(product(pytensor_scan.BACKEND.models, ("mse", "softmax_xent"), ("all", "last", 0), ("float64", "float32")))
COMBINATIONS = [*QUICK, *(pytest.param(*c, marks=pytest.mark.slow) for c in sorted(REST - set(QUICK), key=str))]


@pytest.mark.parametrize(("model", "loss", "loss_on", "dtype"), COMBINATIONS)
def test_gradients_of_every_shape_from_one_compilation(model, loss, loss_on, dtype):
    pytensor_scan.compiled.cache_clear()
    for shape in SHAPES:
        problem = Problem(model, loss=loss, loss_on=loss_on, dtype=dtype, **shape)
        tensors = make_tensors(problem)
        exact = numpy_bptt.gradients(problem, tensors.cast("longdouble")).quantities
        noise = measure_noise(problem, tensors, numpy_bptt.gradients)
        found = pytensor_scan.gradients(problem, tensors).quantities
        spec = problem.spec
        assert set(found) == {"loss", "outputs", *(s.name for s in (*spec.tensors, *spec.adjoints))}
        for name, value in found.items():
            assert isinstance(value, np.ndarray)
            assert (value.dtype, value.shape) == (dtype, exact[name].shape)
            assert np.abs(value - exact[name]).max() <= THRESHOLD * noise.values[name]
    assert pytensor_scan.compiled.cache_info().misses == 1


def test_the_derivative_at_the_kink_is_zero():
    problem = Problem("rnn_relu", loss="softmax_xent", loss_on="last", dtype="float32")
    tensors = make_tensors(problem)
    shut = tensors.map(lambda name, value: np.zeros_like(value) if name in ("W_xh", "W_hh", "b_h") else value)
    found = pytensor_scan.gradients(problem, shut).named
    assert not any(found[name].any() for name in ("W_xh", "W_hh", "b_h", "x", "h0"))


def test_the_callers_settings_are_neither_read_nor_changed():
    pytensor_scan.compiled.cache_clear()
    problem = Problem("rnn")
    tensors = make_tensors(problem)
    exact = numpy_bptt.gradients(problem, tensors).quantities
    with pytensor.config.change_flags(floatX="float32"):
        found = pytensor_scan.gradients(problem, tensors).quantities
        assert pytensor.config.floatX == "float32"
    noise = measure_noise(problem, tensors, numpy_bptt.gradients)
    for name, value in found.items():
        assert value.dtype == np.float64
        assert np.abs(value - exact[name]).max() <= THRESHOLD * noise.values[name]
