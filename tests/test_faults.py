"""Planted faults: the comparator must see every one, far above the threshold, and call the untouched source right."""

import numpy as np
import pytest
from faults import FAULTS, Fault, planted
from gradparity.backends import numpy_bptt
from gradparity.harness.compare import MATCH, compare
from gradparity.harness.noise import THRESHOLD, measure_noise
from gradparity.harness.problem import Problem, make_tensors


def worst(fault: Fault, dtype: str) -> float:
    """The largest ratio that a fault shows among the gradients, on a problem of default sizes."""
    problem = Problem(model=fault.model, dtype=dtype)
    tensors = make_tensors(problem)
    noise = measure_noise(problem, tensors, numpy_bptt.gradients)
    wrong, right = planted(fault)(problem, tensors), numpy_bptt.gradients(problem, tensors)
    return compare(wrong.named, right.named, noise).ratio


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.model}-{fault.kind.replace(' ', '-')}")
def test_every_planted_fault_is_seen(fault, dtype):
    assert worst(fault, dtype) > 100 * THRESHOLD


def test_the_kinds_are_as_many_as_we_say():
    assert len({(fault.model, fault.kind) for fault in FAULTS}) >= 30


@pytest.mark.parametrize("model", ["rnn", "rnn_relu", "lstm", "gru"])
def test_an_edit_that_changes_nothing_is_no_fault(model):
    same = Fault("nothing", model, "T, ", "T, ")
    problem = Problem(model=model)
    tensors = make_tensors(problem)
    noise = measure_noise(problem, tensors, numpy_bptt.gradients)
    found = compare(planted(same)(problem, tensors).named, numpy_bptt.gradients(problem, tensors).named, noise)
    assert found.verdict == MATCH
    assert np.isfinite(found.ratio)
