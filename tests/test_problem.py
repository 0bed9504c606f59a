"""Problems: the same bytes everywhere, and refusals that name what would have been right."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from gradparity.harness.errors import BadInput
from gradparity.harness.models import models
from gradparity.harness.problem import Problem, make_tensors, targets


def digest(problem: Problem) -> str:
    tensors, whole = make_tensors(problem), hashlib.sha256()
    for array in (*tensors.params.values(), tensors.x, tensors.y, *tensors.states.values()):
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()[:16]


# Written down once, on one machine: another machine, or another NumPy, must find the same.
BYTES = {
    ("rnn", "float64"): "d43766a2eac99748",
    ("lstm", "float32"): "5f145d1cf44bfc01",
    ("gru", "float64"): "cce9d35f648ce011",
}


@pytest.mark.parametrize(("model", "dtype"), BYTES)
def test_a_problem_gives_the_same_bytes_on_every_machine(model, dtype):
    assert digest(Problem(model=model, dtype=dtype)) == BYTES[model, dtype]


def test_seed_changes_everything_and_size_of_one_tensor_changes_no_other():
    base = make_tensors(Problem())
    other, longer = make_tensors(Problem(seed=1)), make_tensors(Problem(T=9))
    assert not np.array_equal(base.params["W_hh"], other.params["W_hh"])
    assert np.array_equal(base.params["W_hh"], longer.params["W_hh"])
    assert np.array_equal(base.x, longer.x[:7])


@pytest.mark.parametrize("model", models())
def test_initial_states_are_random_since_zeros_hide_faults(model):
    for state in make_tensors(Problem(model=model)).states.values():
        assert np.abs(state).min() > 0


@pytest.mark.parametrize("loss", ["mse", "softmax_xent"])
@pytest.mark.parametrize("loss_on", ["all", "last", 0, 2])
def test_targets_have_the_shape_of_the_outputs_that_the_loss_sees(loss, loss_on):
    problem = Problem(loss=loss, loss_on=loss_on)
    seen = np.zeros(problem.shape("outputs"))[problem.supervised]
    y = make_tensors(problem).y
    assert y.shape == targets(problem).shape(problem.sizes)
    assert y.shape == (seen.shape if loss == "mse" else seen.shape[:-1])
    assert y.dtype.kind == ("f" if loss == "mse" else "i")


def test_without_biases_they_are_zero_and_not_asked_for():
    problem = Problem(model="gru", bias=False)
    assert [spec.name for spec in problem.asked] == ["W_xh", "W_hh", "W_hy", "x", "h0"]
    assert all(not make_tensors(problem).params[name].any() for name in ("b_xh", "b_hh", "b_y"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "lsmt"}, "unknown model 'lsmt'; expected gru, lstm, rnn or rnn_relu"),
        ({"loss": "l2"}, "unknown loss 'l2'; expected mse or softmax_xent"),
        ({"dtype": "float16"}, "unknown dtype 'float16'"),
        ({"loss_on": "first"}, "unknown loss_on 'first'; expected all or last, or a step below T = 7"),
        ({"T": 0}, "size T = 0; every size is 1 or more"),
        ({"seed": -1}, "seed = -1; a seed is 0 or more"),
        ({"weight_scale": float("nan")}, "weight_scale = nan; it is a positive number"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(change, said):
    with pytest.raises(BadInput, match=r"unknown|size|seed|weight_scale") as refusal:
        replace(Problem(), **change)
    assert said in str(refusal.value)
