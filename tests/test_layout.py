"""Layouts: every map is inverted exactly, and a layout's forward is the same network in another school's writing."""

import numpy as np
import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.errors import BadInput
from gradparity.harness.layout import CONVENTIONS, Layout, canonical_gradients, native_gradients, native_tensors
from gradparity.harness.models import models
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.strategies import problems
from hypothesis import given, settings
from hypothesis import strategies as st


def layouts(problem: Problem) -> st.SearchStrategy[Layout]:
    return st.builds(
        Layout,
        convention=st.sampled_from(list(CONVENTIONS)),
        gates=st.permutations(problem.spec.gates).map(tuple),
        batched=st.booleans() if problem.B == 1 else st.just(True),
    )


@settings(max_examples=100, deadline=None)
@given(st.data(), problems())
def test_to_native_and_back_is_the_same_to_the_bit(data, problem):
    layout = data.draw(layouts(problem))
    quantities = numpy_bptt.gradients(problem, make_tensors(problem)).quantities
    native = native_gradients(layout, problem, quantities)
    back = canonical_gradients(layout, problem, native)
    assert set(back) == set(quantities)
    for name, value in back.items():
        assert value.shape == quantities[name].shape
        assert np.array_equal(value, quantities[name])
    places = layout.placements(problem)
    assert {name: value.shape for name, value in native.items()} == {n: places[n].shape(problem.sizes) for n in native}


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def test_column_vectors_and_another_gate_order_make_the_same_lstm():
    """The forward as a student of column vectors writes it, gates in the order f, i, o, g."""
    problem = Problem(model="lstm")
    tensors = make_tensors(problem)
    native = native_tensors(Layout("column", gates=("f", "i", "o", "g")), problem, tensors)
    p, h, c = native.params, native.states["h0"], native.states["c0"]
    for x_t in native.x:  # (I, B)
        f, i, o, g = np.split(p["W_xh"] @ x_t + p["W_hh"] @ h + p["b_h"], 4, axis=0)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    last = (p["W_hy"] @ h + p["b_y"]).T  # (B, O)
    np.testing.assert_allclose(last, numpy_bptt.gradients(problem, tensors).outputs[-1], rtol=1e-13)


def test_torch_doubles_the_bias_and_halves_its_value():
    problem = Problem(model="lstm")
    tensors = make_tensors(problem)
    params = native_tensors(Layout("torch"), problem, tensors).params
    assert np.array_equal(params["bias_ih_l0"] + params["bias_hh_l0"], tensors.params["b_h"])
    assert np.array_equal(params["weight_ih_l0"].T, tensors.params["W_xh"])


@pytest.mark.parametrize(
    ("layout", "model", "index", "words"),
    [
        (Layout("row"), "rnn", ("W_xh", (2, 0)), "input 2 -> hidden 0"),
        (Layout("column"), "rnn", ("W_xh", (0, 2)), "input 2 -> hidden 0"),
        (Layout("row"), "lstm", ("W_hh", (1, 5)), "hidden 1 -> gate f hidden 0"),
        (Layout("torch", gates=("o", "i", "f", "g")), "lstm", ("weight_hh_l0", (5, 1)), "hidden 1 -> gate i hidden 0"),
        (Layout("row"), "gru", ("x", (3, 1, 2)), "time 3, batch 1, input 2"),
        (Layout("row", batched=False), "gru", ("x", (3, 2)), "time 3, input 2"),
        (Layout("column"), "rnn", ("b_h", (4, 0)), "hidden 4"),
    ],
)
def test_an_index_is_said_in_words(layout, model, index, words):
    problem = Problem(model=model, B=3 if layout.batched else 1)
    name, at = index
    assert layout.placements(problem)[name].words(at, problem.sizes) == words


@pytest.mark.parametrize("model", models())
def test_gates_that_are_not_the_models_are_refused(model):
    with pytest.raises(BadInput, match="--gates abc does not fit"):
        Layout("row", gates=("a", "b", "c")).placements(Problem(model=model))


def test_unknown_layout_names_those_there_are():
    with pytest.raises(BadInput, match="unknown layout 'fortran'; expected row, column or torch"):
        Layout("fortran")
