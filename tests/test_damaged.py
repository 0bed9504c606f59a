"""`gradparity report` of damaged results: refused in a few words, or shown by every format. Nothing else."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
from damage import damaged, places, wholes
from gradparity.harness.compare import Difference
from gradparity.harness.errors import BadInput
from gradparity.harness.finding import Finding, Residual, SmallestCase, SourceLine
from gradparity.harness.gradients import Maker
from gradparity.harness.heatmap import Heatmap
from gradparity.harness.patch import Change, Hunk, Patch, Repair
from gradparity.harness.problem import Problem
from gradparity.harness.result import Panel, Result, from_json, to_json
from gradparity.reports import discover
from hypothesis import HealthCheck, example, given, settings

FORMATS = discover().values()
HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example)
QUIET = settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=HEALTH)


def refused_or_shown(text: str) -> bool:
    """Whether a result was shown. Raises whatever else than BadInput is raised."""
    try:
        result = from_json(text, "r.json")
    except BadInput as error:
        if len(str(error)) > 1000:
            raise ValueError("too long to be read") from error
        return False
    for report in FORMATS:
        report.render(result).encode()
    return True


@QUIET
@given(text=damaged())
@example(text="")
@example(text="[" * 100_000)
@example(text='{"version": 1, "panels": ' + "9" * 10_000 + "}")
def test_no_damage_ends_in_a_stack_trace(text):
    refused_or_shown(text)


@pytest.mark.slow
@settings(QUIET, max_examples=10_000, derandomize=False)
@given(text=damaged())
def test_no_damage_ends_in_a_stack_trace_in_ten_thousand(text):
    refused_or_shown(text)


def test_what_is_whole_is_shown():
    assert all(map(refused_or_shown, wholes()))
    assert all(to_json(from_json(text)) == text for text in wholes())


def put(data, path: str, value) -> str:
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    holder = data
    for part in way:
        holder = holder[part]
    holder[last] = value
    return json.dumps(data)


PANEL, DIFFERENCE = "panels.0.", "panels.0.comparisons.0.differences.0."


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("exit_code", True, "exit_code is True where int is expected"),
        ("headline", None, "headline is None where str is expected"),
        ("threshold", "32", "threshold is '32' where float is expected"),
        ("threshold", True, "threshold is True where float is expected"),
        ("threshold", 10**400, "where float is expected"),
        ("notes", "none", "notes is 'none' where a list is expected"),
        (PANEL + "title", 3, "panels[0].title is 3 where str is expected"),
        (PANEL + "problem.T", 10**12, "panels[0].problem: size T = 1000000000000"),
        (PANEL + "problem.T", 1.0, "panels[0].problem.T is 1.0 where int is expected"),
        (PANEL + "problem.model", "mamba", "panels[0].problem: unknown model 'mamba'"),
        (PANEL + "problem.loss_on", [], "loss_on is [] where int is expected"),
        (PANEL + "matrix.names", ["a"], "panels[0].matrix: a matrix has not a row and a column for every name"),
        (PANEL + "comparisons.0.differences", [], "is empty"),
        (DIFFERENCE + "verdict", "fine", "verdict 'fine'"),
        (DIFFERENCE + "shape", {}, "shape is {} where a list is expected"),
        (DIFFERENCE + "heat.levels.0.0", 10, "heat: a heatmap has a level that is no shade"),
        (DIFFERENCE + "heat.rows", [], "heat: a heatmap has not a row and a column for every label"),
        (DIFFERENCE + "heat.pooled", [1], "heat.pooled is [1] where a list of 2 is expected"),
        (PANEL + "diagnosis.credit.reference.0", [], "not squares of one size"),
        (PANEL + "diagnosis.findings.0.confidence", "sure", "where one of confirmed, fits or lead is expected"),
        (PANEL + "diagnosis.seconds", [], "diagnosis.seconds is [] where an object is expected"),
        (PANEL + "diagnosis.smallest.value", None, "smallest.value is None where float is expected"),
        (PANEL + "repair.patches.0.hunks.0.line", 0, "line 0; the first line is 1"),
        (PANEL + "repair.patches.0.tried_on", "12", "tried_on is '12' where int is expected"),
    ],
)  # fmt: skip
def test_the_place_of_the_damage_is_said(path, value, says):
    text = put(json.loads(wholes()[0]), path, value)
    with pytest.raises(BadInput) as raised:
        from_json(text, "r.json")
    assert str(raised.value).startswith("r.json is damaged (")
    assert says in str(raised.value)


@pytest.mark.parametrize("field", ["headline", "panels", "exit_code"])
def test_what_is_lacking_is_said(field):
    data = json.loads(wholes()[0])
    del data[field]
    with pytest.raises(BadInput, match="lacks " + field if field != "panels" else "no gradparity result"):
        from_json(json.dumps(data), "r.json")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", 3, float("nan")])
def test_floats_that_json_has_no_number_for_are_floats(value):
    found = from_json(put(json.loads(wholes()[0]), DIFFERENCE + "noise", value)).panels[0]
    assert repr(found.comparisons[0].differences[0].noise) == repr(float(value))


def test_what_a_newer_version_may_add_is_left_out():
    assert refused_or_shown(put(json.loads(wholes()[0]), "panels.0.colour", Path("x").name))


ATTACK = "<img src=x onerror=alert(1)>\x1b[31m"


@pytest.mark.parametrize("whole", [0, 2], ids=["check", "run"])
def test_no_field_whatever_reaches_a_report_as_markup_or_steers_a_terminal(whole):
    """Every text and every key that may be anything, in the place of each that is there: also of fields to come."""
    pytest.importorskip("markdown_it", reason="markdown-it-py is not installed (it comes with rich)")
    from test_report_markdown import parsed

    data = json.loads(wholes()[whole])
    for holder, key in list(places(data)):
        value = holder[key]
        if isinstance(value, str):
            holder[key] = ATTACK
            holder[key] = ATTACK if is_accepted(data) else value
        elif isinstance(holder, dict) and isinstance(value, int | float) and key not in FIELDS:
            holder[ATTACK] = holder.pop(key)
    result = from_json(json.dumps(data))
    assert result.panels[0].title == result.panels[0].sentence == ATTACK
    texts = {report.name: report.render(result) for report in FORMATS}
    assert not any("\x1b" in text for text in texts.values())
    assert "<img" not in texts["html"]
    read = [token for outer in parsed(texts["markdown"]) for token in (outer, *(outer.children or ()))]
    assert not any("<img" in token.content for token in read if token.type in ("html_inline", "html_block"))
    assert any("<img" in token.content for token in read if token.type == "text")  # it is shown as the text it is


def is_accepted(data: object) -> bool:
    try:
        from_json(json.dumps(data))
    except BadInput:
        return False
    return True


FIELDS = {f.name for noun in (Result, Panel, Problem, Maker, Difference, Heatmap, Finding, SourceLine, Residual,
                              SmallestCase, Repair, Patch, Change, Hunk) for f in fields(noun)}  # fmt: skip
