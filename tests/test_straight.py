"""Gradients of a wrong shape whose numbers are wrong too: both faults are named."""

import re

import numpy as np
import pytest
from gradparity.harness.diagnosis import diagnose
from gradparity.harness.diagnosis.straight import straightened
from gradparity.harness.noise import THRESHOLD
from gradparity.harness.problem import Problem
from inquired import inquired_function

PROBLEM = Problem(model="rnn")


def returning(carried=np.asarray, **changes):
    """A program that carries its adjoint back by `carried(Whh)`, and changes these gradients as it returns them."""

    def candidate(Wxh, Whh, bh, Why, by, x, y, h0):
        h = [h0]
        for x_t in x:
            h.append(np.tanh(x_t @ Wxh + h[-1] @ Whh + bh))
        dWxh, dWhh, dbh, dWhy, dby, dh = 0, 0, 0, 0, 0, 0
        for t in reversed(range(len(x))):
            dout = h[t + 1] @ Why + by - y[t]
            dWhy, dby = dWhy + h[t + 1].T @ dout, dby + dout.sum(0)
            da = (dout @ Why.T + dh) * (1 - h[t + 1] ** 2)
            dWxh, dWhh, dbh = dWxh + x[t].T @ da, dWhh + h[t].T @ da, dbh + da.sum(0)
            dh = da @ carried(Whh)
        found = {"W_xh": dWxh, "W_hh": dWhh, "b_h": dbh, "W_hy": dWhy, "b_y": dby, "h0": dh}
        return {name: changes.get(name, np.asarray)(array) for name, array in found.items()}

    return candidate


def findings_of(candidate):
    inquiry = inquired_function(candidate, PROBLEM)
    return diagnose(inquiry.case, inquiry.ask, inquiry.reference).findings


@pytest.mark.parametrize(
    ("change", "says"),
    [(np.transpose, "transposed"), (np.ravel, "flattened"), (lambda array: array[None], "axes of length 1")],
    ids=["transposed", "flattened", "another axis"],
)
def test_a_fault_is_named_although_a_gradient_of_it_has_the_wrong_shape(change, says):
    headline = findings_of(returning(W_xh=change))[0]
    assert headline.lines[0].would_read == "dh_next = da[t] @ W_hh"
    assert headline.whole
    (besides,) = re.findall(r"W_xh comes (.*?) besides", headline.sentence)
    assert says in besides


def test_a_shape_that_is_all_that_is_wrong_with_a_gradient_is_a_finding_of_its_own():
    findings = findings_of(returning(W_hy=np.transpose))
    assert [f.what for f in findings if "W_hy" in f.gradients] == ["W_hy is transposed"]
    (line,) = [f for f in findings if f.means == "fault dictionary"]
    assert line.lines[0].would_read == "dh_next = da[t] @ W_hh"
    assert not line.whole  # the shape of W_hy is another matter
    assert "besides" not in line.sentence


def test_where_shapes_alone_are_wrong_nothing_else_is_claimed():
    findings = findings_of(returning(np.transpose, W_xh=np.transpose, b_y=lambda array: array[None]))
    assert {f.what for f in findings} == {"W_xh is transposed", "b_y is right but for axes of length 1"}
    assert {f.confidence for f in findings} == {"confirmed"}


SHAPES = [
    ("W_xh is transposed", {"W_xh": np.transpose}),
    ("W_hy is right but flattened", {"W_hy": np.ravel}),
    ("b_h is right but for axes of length 1", {"b_h": lambda array: array[None]}),
    ("W_xh and W_hy are transposed", {"W_xh": np.transpose, "W_hy": np.transpose}),
]


@pytest.mark.parametrize(("says", "changes"), SHAPES, ids=[row[0] for row in SHAPES])
def test_a_wrong_shape_alone_is_told(says, changes):
    inquiry = inquired_function(returning(np.transpose, **changes), PROBLEM)
    assert inquiry.case.odd.keys() == changes.keys()
    (found,) = straightened(inquiry).told(())
    assert (found.what, found.confidence, found.whole) == (says, "confirmed", True)
    assert found.gradients == tuple(changes)
    assert all(one.before == np.inf and one.after <= THRESHOLD for one in found.residuals)


@pytest.mark.parametrize(("says", "changes"), SHAPES, ids=[row[0] for row in SHAPES])
def test_a_wrong_shape_with_wrong_numbers_is_not_told_as_one_alone(says, changes):
    bent = {name: lambda array, change=change: -1.2345678 * change(array) for name, change in changes.items()}
    assert not straightened(inquired_function(returning(np.transpose, **bent), PROBLEM)).told(())


def test_right_shapes_are_left_alone():
    inquiry = inquired_function(returning(), PROBLEM)
    assert straightened(inquiry).inquiry is inquiry
