"""The oracles against the derivation by hand in long double, and finite differences against their own uncertainty."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from gradparity.backends import _oracle_forward, complex_step, finite_difference, numpy_bptt
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.strategies import problems
from hypothesis import given, settings

SHAPES = {
    "one of each": {"T": 1, "B": 1, "I": 1, "H": 1, "O": 1},
    "one step": {"T": 1, "B": 3, "I": 2, "H": 4, "O": 5},
    "one sequence": {"T": 4, "B": 1, "I": 3, "H": 2, "O": 3},
    "all different": {"T": 5, "B": 2, "I": 3, "H": 4, "O": 6},
}
VARIANTS = [
    {"loss": loss, "loss_on": on, "dtype": dtype, **SHAPES[shape]}
    for loss, on, dtype, shape in product(("mse", "softmax_xent"), ("all", "last", 0), ("float64", "float32"), SHAPES)
]
ORACLES = (complex_step.BACKEND, finite_difference.BACKEND)
CASES = {
    f"{oracle.name} {problem.describe()}": (oracle, problem)
    for oracle in ORACLES
    for problem in (Problem(model=model, **variant) for model in oracle.models for variant in VARIANTS)
}
HARD = {
    "chaotic": Problem("gru", T=15, B=1, I=2, H=4, weight_scale=6.0),
    "gates shut": Problem("lstm", T=6, B=2, I=3, H=2, weight_scale=200.0),
    "vanishing": Problem("gru", T=30, B=1, I=1, H=2, loss_on="last", weight_scale=0.1),
    "saturated softmax": Problem("rnn_relu", T=8, B=2, H=5, loss="softmax_xent", loss_on="last", weight_scale=5.0),
    "no bias": Problem("gru", T=3, B=2, bias=False),
}
HARD_CASES = {
    f"{oracle.name} {name}": (oracle, problem)
    for oracle in ORACLES
    for name, problem in HARD.items()
    if problem.model in oracle.models
}
WIDE = np.finfo(np.longdouble).eps < np.finfo(np.float64).eps
TIGHT = 1e-11 if WIDE else 1e-7


def truth(problem, tensors):
    """The gradients in long double, of the numbers as the working dtype holds them."""
    return numpy_bptt.gradients(replace(problem, dtype="longdouble"), tensors.cast("longdouble")).quantities


def errors(found, exact):
    return {name: float(np.abs(value - exact[name]).max()) for name, value in found.quantities.items()}


def scale(value):
    return float(np.abs(value).max())


@pytest.mark.parametrize(("backend", "problem"), CASES.values(), ids=CASES)
def test_an_oracle_is_right_and_complete(backend, problem):
    tensors = make_tensors(problem)
    exact, found = truth(problem, tensors), backend.gradients(problem, tensors)
    spec = problem.spec
    assert set(found.quantities) == {"loss", "outputs", *(s.name for s in (*spec.tensors, *spec.adjoints))}
    for name, error in errors(found, exact).items():
        assert found.quantities[name].dtype == np.float64
        assert found.quantities[name].shape == exact[name].shape
        assert error <= 2e-14 * scale(exact[name]) + found.uncertainty.get(name, 1e-16)


@pytest.mark.parametrize(("backend", "problem"), HARD_CASES.values(), ids=HARD_CASES)
def test_an_oracle_stands_hard_problems(backend, problem):
    tensors = make_tensors(problem)
    exact = truth(problem, tensors)
    with np.errstate(all="raise"):
        found = backend.gradients(problem, tensors)
    assert set(found.named) == {spec.name for spec in problem.asked}
    for name, error in errors(found, exact).items():
        assert error <= 1e-13 * scale(exact[name]) + found.uncertainty.get(name, 0)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(problems(max_steps=8, max_batch=3, max_size=4))
def test_finite_differences_know_their_error(problem):
    tensors = make_tensors(problem)
    exact, found = truth(problem, tensors), finite_difference.gradients(problem, tensors)
    error = errors(found, exact)
    assert set(found.uncertainty) == {*found.named, *found.adjoints}
    for name, bound in found.uncertainty.items():
        assert error[name] <= bound
        assert bound <= TIGHT * max(scale(exact[name]), 1e-3), "an uncertainty that excuses everything"


def test_a_curved_loss_gets_smaller_steps(monkeypatch):
    problem = HARD["chaotic"]
    tensors = make_tensors(problem)
    every = finite_difference.gradients(problem, tensors)
    monkeypatch.setattr(finite_difference, "STEPS", finite_difference.STEPS[:1])
    first = finite_difference.gradients(problem, tensors).uncertainty
    assert all(every.uncertainty[name] <= bound for name, bound in first.items())
    assert first["h0"] > 1e-6
    assert every.uncertainty["h0"] < TIGHT * scale(every.named["h0"])


# --- kinks -----------------------------------------------------------------------------------------------------------

RELU = Problem("rnn_relu", T=4, B=2, I=3, H=4, O=2)


def near_a_kink(distance):
    """Tensors of RELU in which the first pre-activation of unit 0 is `distance`, up to rounding."""
    tensors = make_tensors(RELU)
    p = {name: value.copy() for name, value in tensors.params.items()}
    a = tensors.x[0] @ p["W_xh"] + tensors.states["h0"] @ p["W_hh"] + p["b_h"]
    p["b_h"][0] += distance - a[0, 0]
    return replace(tensors, params=p)


@pytest.mark.parametrize("distance", [1e-6, -1e-6, 1e-12, -1e-12])
def test_a_kink_within_the_step_is_not_crossed(distance):
    tensors = near_a_kink(distance)
    exact, found = truth(RELU, tensors), finite_difference.gradients(RELU, tensors)
    error = errors(found, exact)
    assert all(error[name] <= bound <= 1e3 * TIGHT for name, bound in found.uncertainty.items())


def test_a_difference_across_the_kink_would_have_been_wrong():
    tensors = near_a_kink(1e-6)
    w, h = _oracle_forward.leaves(RELU, tensors, np.float64), 2.0**-10
    sides = [
        _oracle_forward.forward(RELU, {**w, "b_h": w["b_h"] + step * np.eye(4)[:1]}, tensors.y).losses.sum()
        for step in (h, -h)
    ]
    assert abs((sides[0] - sides[1]) / (2 * h) - float(truth(RELU, tensors)["b_h"][0])) > 1e-2


def test_at_a_kink_the_derivative_is_that_of_the_closed_unit():
    tensors = make_tensors(RELU)
    p = {name: value.copy() for name, value in tensors.params.items()}
    for name in ("W_xh", "W_hh", "b_h"):
        p[name][..., 0] = 0  # unit 0 gets exactly 0 at every step
    tensors = replace(tensors, params=p)
    exact, found = truth(RELU, tensors), finite_difference.gradients(RELU, tensors)
    error = errors(found, exact)
    assert all(error[name] <= bound for name, bound in found.uncertainty.items())
    for name in ("W_xh", "W_hh", "b_h"):
        assert not found.named[name][..., 0].any()


def test_units_that_stay_on_their_side_compute_the_network_itself():
    tensors = make_tensors(RELU)
    w = _oracle_forward.leaves(RELU, tensors, np.longdouble)
    base = _oracle_forward.forward(RELU, w, tensors.y)
    moved = {**w, "W_hh": w["W_hh"] + np.longdouble(2) ** -20}
    free = _oracle_forward.forward(RELU, moved, tensors.y)
    assert np.array_equal(free.h > 0, base.h > 0)
    held = _oracle_forward.forward(RELU, {**moved, "active": base.h > 0}, tensors.y)
    assert np.array_equal(held.losses, free.losses)


# --- size ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ORACLES, ids=lambda oracle: oracle.name)
def test_a_problem_too_large_for_an_oracle_is_refused(backend):
    large = Problem("lstm", T=30, B=1, I=1, H=100, O=1)
    weights, inputs_and_states, adjoints = 400 + 40_000 + 400 + 100 + 1, 30 + 100 + 100, 3_000
    coordinates = weights + inputs_and_states + adjoints
    assert f"too large for an oracle: {coordinates:,} perturbations" in backend.unsupported(large)
    assert " s" in backend.unsupported(large)
    assert backend.unsupported(Problem("lstm")) == ""
    assert backend.unsupported(Problem("lstm", dtype="longdouble")) == "does not work in longdouble"


def test_the_complex_step_has_no_kinked_model():
    assert complex_step.BACKEND.unsupported(Problem("rnn_relu")) == "has no rnn_relu"


@pytest.mark.parametrize("backend", [complex_step, finite_difference], ids=["complex_step", "finite_difference"])
def test_chunks_change_nothing(backend, monkeypatch):
    problem = Problem("gru", T=2, B=2, I=3, H=3)
    tensors = make_tensors(problem)
    whole = backend.gradients(problem, tensors)
    monkeypatch.setattr(_oracle_forward, "CHUNK_BYTES", 20_000)
    assert max(errors(backend.gradients(problem, tensors), whole.quantities).values()) <= 1e-14


def test_the_oracles_owe_nothing_to_the_reference():
    made_in = {getattr(value, "__module__", "") for value in vars(_oracle_forward).values()}
    assert not any(module and module.endswith("numpy_bptt") for module in made_in)
