"""Every backend on a table of awkward scenarios, held against the NumPy reference through our own plugin's pool."""

import subprocess
import sys
from dataclasses import replace
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from gradparity.backends import discover
from gradparity.harness.compare import MATCH
from gradparity.harness.models import models
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.run import choose, panel
from gradparity.harness.testing import SHAPES, identify, parametrize_problems

OTHERS = [backend for backend in discover().values() if backend.name != "numpy"]
# Every model at every shape, the other choices taken in turn: each pair of choices meets somewhere in the table.
CHOICES = cycle(
    [
        {"loss": "mse", "loss_on": "all", "dtype": "float64"},
        {"loss": "softmax_xent", "loss_on": "last", "dtype": "float32"},
        {"loss": "softmax_xent", "loss_on": "all", "dtype": "float64"},
        {"loss": "mse", "loss_on": "last", "dtype": "float64", "bias": False},
        {"loss": "mse", "loss_on": "all", "dtype": "float32", "weight_scale": 3.0},
        {"loss": "softmax_xent", "loss_on": 0, "dtype": "float64"},
        {"loss": "mse", "loss_on": 2, "dtype": "float64"},
    ]
)


def _fitting(choice: dict[str, Any], T: int) -> dict[str, Any]:
    """A loss on a step that is not there stands on the last one, by its number."""
    return {**choice, "loss_on": min(choice["loss_on"], T - 1)} if isinstance(choice["loss_on"], int) else choice


SCENARIOS = [
    Problem(**{"model": model, **shape, **_fitting(choice, shape["T"])})
    for (model, shape), choice in zip([(m, s) for m in models() for s in SHAPES], CHOICES, strict=False)
]
COMPILES_FOR_SECONDS = "pytensor"  # tests/test_pytensor.py has the rest of its table


@pytest.mark.parametrize("backend", OTHERS, ids=lambda backend: backend.name)
@pytest.mark.parametrize("problem", SCENARIOS, ids=identify)
def test_gradients_match_the_reference(backend, problem, gradparity_pool):
    if backend.missing or backend.unsupported(problem):
        pytest.skip(backend.missing or backend.unsupported(problem))
    if backend.name == COMPILES_FOR_SECONDS and problem.T != 7:
        pytest.skip("compiles for seconds; one shape a model here")
    (asked,) = gradparity_pool.ask([(problem, make_tensors(problem))], choose(["numpy", backend.name]))
    found = panel(asked)
    assert found.verdict == MATCH, found.sentence
    assert [maker.status for maker in found.makers] == ["ok", "ok"], found.makers
    if backend.adjoints:
        assert "adjoint_h" in {d.name for d in found.comparisons[0].differences}


@parametrize_problems(models=["lstm"], losses=["mse"])
def test_the_reference_passes_its_own_plugin(gradparity_check, problem):
    from gradparity.backends import numpy_bptt

    def gradients(params, x, y, h0, c0):
        tensors = replace(make_tensors(problem), params=params, x=x, y=y, states={"h0": h0, "c0": c0})
        return numpy_bptt.gradients(problem, tensors).named

    gradparity_check(gradients, problem)


def test_closed_form_of_one_step_one_unit():
    """T = B = I = H = O = 1: dL/dW_xh = (out - y) W_hy (1 - h^2) x, by the chain rule on paper."""
    from gradparity.backends import numpy_bptt

    problem = Problem(T=1, B=1, I=1, H=1, O=1)
    t = make_tensors(problem)
    x, y, h0 = t.x.item(), t.y.item(), t.states["h0"].item()
    w = {name: value.item() for name, value in t.params.items()}
    h = np.tanh(x * w["W_xh"] + h0 * w["W_hh"] + w["b_h"])
    error = h * w["W_hy"] + w["b_y"] - y
    da = error * w["W_hy"] * (1 - h**2)
    expected = {
        "W_xh": da * x, "W_hh": da * h0, "b_h": da, "W_hy": error * h, "b_y": error,
        "x": da * w["W_xh"], "h0": da * w["W_hh"],
    }  # fmt: skip
    found = {name: value.item() for name, value in numpy_bptt.gradients(problem, t).named.items()}
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", sorted({package for backend in discover().values() for package in backend.needs}))
def test_a_framework_loads_only_when_its_backend_is_used(name):
    code = f"import sys, gradparity.backends as b; b.discover(); assert {name!r} not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_x64_of_jax_does_not_leak_into_the_callers_process():
    jax = pytest.importorskip("jax")
    from gradparity.backends import jax_grad

    before = jax.numpy.ones(1).dtype
    problem = Problem(T=2, B=1, I=1, H=2, O=1)
    assert jax_grad.gradients(problem, make_tensors(problem)).outputs.dtype == np.float64
    assert jax.numpy.ones(1).dtype == before == np.float32


def test_a_missing_backend_says_how_to_get_it():
    absent = replace(discover()["torch"], needs=("no_such_package",))
    assert absent.missing == 'no_such_package not installed: pip install "gradparity[torch]"'


def test_jax_drops_its_programs_before_the_system_runs_out_of_memory_maps(monkeypatch):
    jax = pytest.importorskip("jax")
    from gradparity.backends import jax_grad

    dropped: list[bool] = []
    monkeypatch.setattr(jax_grad, "PROGRAMS", 2)
    monkeypatch.setattr(jax_grad, "_kept", set())
    monkeypatch.setattr(jax, "clear_caches", lambda: dropped.append(True))
    for T in (1, 2, 1, 2, 3):
        problem = Problem(T=T, B=1, I=1, H=1, O=1)
        jax_grad.gradients(problem, make_tensors(problem))
    assert dropped == [True]
