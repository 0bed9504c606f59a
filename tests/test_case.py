"""Cases: what diagnosis is told of a candidate's answer to one problem."""

import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.diagnosis.case import make_case
from gradparity.harness.layout import Layout, native_gradients
from gradparity.harness.noise import measure_noise
from gradparity.harness.problem import Problem, make_tensors

PROBLEM, TORCH = Problem(model="lstm"), Layout("torch")
TENSORS = make_tensors(PROBLEM)
TRUTH = numpy_bptt.gradients(PROBLEM, TENSORS)
NOISE = measure_noise(PROBLEM, TENSORS, numpy_bptt.gradients)
RIGHT = native_gradients(TORCH, PROBLEM, TRUTH.quantities)


def case_of(**wrong):
    return make_case(PROBLEM, TENSORS, TORCH, RIGHT | wrong, TRUTH, NOISE)


@pytest.mark.parametrize("copy", ["bias_ih_l0", "bias_hh_l0"])
def test_of_a_doubled_bias_the_copy_that_is_wrong_speaks(copy):
    case = case_of(**{copy: 2 * RIGHT[copy]})
    assert case.wrong == ("b_h",)
    assert case.shown["b_h"] == copy


def test_a_copy_of_the_wrong_shape_speaks_before_one_that_is_right():
    case = case_of(bias_hh_l0=RIGHT["bias_hh_l0"][:3])
    assert (set(case.odd), case.shown["b_h"]) == ({"b_h"}, "bias_hh_l0")


def test_where_both_copies_are_right_nothing_is_wrong():
    assert case_of().wrong == ()
    assert case_of().shown["b_h"] == "bias_ih_l0"
