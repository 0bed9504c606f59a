"""Where references disagree: the headline of a check speaks of the user's gradients, and a note of the references."""

from dataclasses import replace
from functools import partial

import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.candidate import call, call_on
from gradparity.harness.check import candidate_panel, concluded
from gradparity.harness.explain import explain
from gradparity.harness.gradients import Gradients, Maker
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.result import exit_code
from here import ROW, asked, right

PROBLEM = Problem(T=3, B=2, I=2, H=3, O=2)


def gradients(params, x, y, h0):
    sizes = {"T": len(x), "B": x.shape[1], "I": x.shape[2], "H": h0.shape[1], "O": y.shape[2]}
    return right(Problem(**sizes), params, x, y, h0)


def doubled(params, x, y, h0):
    found = gradients(params, x, y, h0)
    return {**found, "W_hh": 2 * found["W_hh"]}


def beside(candidate, **others: Gradients):
    """The result of a check against the reference and others."""
    given, known = call(candidate, PROBLEM, ROW, make_tensors(PROBLEM)), asked(PROBLEM, others)
    panel = candidate_panel(given, Maker("mine.py:gradients"), known, ROW)
    return concluded("check", (explain(panel, given, known, ROW, partial(call_on, candidate, ROW)),))


def truth() -> Gradients:
    return numpy_bptt.gradients(PROBLEM, make_tensors(PROBLEM))


def odd() -> Gradients:
    return replace(truth(), named={**truth().named, "b_h": truth().named["b_h"] + 1})


@pytest.mark.parametrize("wrong", [False, True], ids=["right", "wrong"])
def test_the_headline_is_of_the_user_and_the_note_of_the_references(wrong):
    result = beside(doubled if wrong else gradients, torch=odd(), complex_step=truth())
    (panel,) = result.panels
    says = "W_hh is scaled by 2" if wrong else "all 7 gradients match numpy and complex_step"
    assert result.headline.startswith(f"mine.py:gradients: {says}")
    assert "torch" not in result.headline
    (note,) = [note for note in panel.notes if "references themselves disagree" in note]
    assert "torch computes b_h differently from numpy" in note
    findings = panel.diagnosis.findings if panel.diagnosis else ()
    assert {finding.means for finding in findings}.isdisjoint({"consensus"})
    assert bool(findings) == wrong


def test_references_that_agree_are_a_note_too_and_no_more():
    (panel,) = beside(gradients, complex_step=truth()).panels
    assert panel.notes[0].startswith("Of the references both agree")


@pytest.mark.parametrize(
    ("verdicts", "failed", "code"),
    [
        (("match",), False, 0),
        (("match", "mismatch"), False, 1),
        (("match", "mismatch"), True, 1),
        (("match",), True, 3),
        (("match", "nothing compared"), False, 3),
        ((), False, 0),
    ],
)
def test_the_exit_code_is_worked_out_from_the_panels(verdicts, failed, code):
    (panel,) = beside(gradients).panels
    makers = (*panel.makers, Maker("jax", "failed", "no such luck")) if failed else panel.makers
    assert exit_code(tuple(replace(panel, verdict=verdict, makers=makers) for verdict in verdicts)) == code


def test_a_backend_that_failed_beside_a_right_candidate_is_in_the_headline():
    (panel,) = beside(gradients).panels
    result = concluded("check", (replace(panel, makers=(*panel.makers, Maker("jax", "failed", "no such luck"))),))
    assert result.exit_code == 3
    assert result.headline == "mine.py:gradients: all 7 gradients match numpy; jax failed (no such luck)"
