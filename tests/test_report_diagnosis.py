"""The diagnosis in a result and in every report: complete, ranked, safe, and the same everywhere."""

import json
from dataclasses import replace

import pytest
from gradparity.harness.errors import BadInput
from gradparity.harness.finding import CreditMap, Diagnosis, Finding, Residual, SmallestCase, SourceLine
from gradparity.harness.problem import Problem
from gradparity.harness.result import Panel, Result, from_json, to_json

INF = float("inf")
WHY = Diagnosis(
    findings=(
        Finding(
            "fault dictionary", "an index is off", "Look there.", ("dWhh",), (0, 3), (Residual("dWhh", INF, 0.5),),
            "fits", True, (SourceLine("backends/numpy_bptt.py", 12, "a[t]", "a[t + 1]"),),
        ),
    ),
    credit=CreditMap(((1.0, 0.0), (0.5, 2.0)), ((1.0, 0.0), (0.0, 2.0)), (("match", "match"), ("missing", "match"))),
    smallest=SmallestCase(Problem(T=2, loss_on=1), {"x": "[[1.0]]"}, "dWhh", "hidden 0 -> hidden 0", INF, 0.25, "..."),
    notes=("2 mutants were dropped.",),
    seconds={"relations": 0.25},
)  # fmt: skip
RESULT = Result("check", "wrong", 1, (Panel("rnn", "mismatch", "wrong", diagnosis=WHY),), 32.0)


@pytest.mark.parametrize("loss_on", [0, 1, "all", "last"])
def test_a_diagnosis_survives_json(loss_on):
    assert WHY.smallest is not None
    small = replace(WHY.smallest, problem=Problem(T=2, loss_on=loss_on))
    result = replace(RESULT, panels=(replace(RESULT.panels[0], diagnosis=replace(WHY, smallest=small)),))
    assert from_json(to_json(result)) == result


def test_a_result_without_a_diagnosis_is_still_read():
    data = json.loads(to_json(replace(RESULT, panels=(Panel("rnn", "match", "right"),))))
    del data["panels"][0]["diagnosis"]
    assert from_json(json.dumps(data)).panels[0].diagnosis is None


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("smallest", "problem", "loss_on"), "some"),
        (("smallest", "problem", "loss_on"), None),
        (("smallest", "problem", "loss_on"), True),
        (("findings", 0, "confidence"), "certain"),
        (("findings", 0, "residuals", 0, "after"), "little"),
        (("smallest", "tensors"), ["x"]),
        (("smallest", "tensors", "x"), 1),
        (("credit", "marks", 0), [1, 2]),
        (("seconds", "relations"), "long"),
    ],
)
def test_a_damaged_diagnosis_is_refused(where, value):
    data = json.loads(to_json(RESULT))
    inner = data["panels"][0]["diagnosis"]
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value
    with pytest.raises(BadInput, match="damaged"):
        from_json(json.dumps(data))
