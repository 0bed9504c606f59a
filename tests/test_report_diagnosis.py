"""The diagnosis in a result and in every report: complete, ranked, safe, and the same everywhere."""

import json
import re
import unicodedata
from dataclasses import replace
from html import unescape
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from diagnosis_samples import hostile_diagnosis
from gradparity.harness.errors import BadInput
from gradparity.harness.finding import CreditMap, Diagnosis, Finding, Residual, SmallestCase, SourceLine
from gradparity.harness.problem import Problem
from gradparity.harness.result import Panel, Result, from_json, to_json
from gradparity.reports import _figures, discover
from gradparity.reports._diagnosis import DRAWN, entry, timesteps
from gradparity.reports._figures import ratio
from gradparity.reports.terminal import show
from report_samples import HOSTILE, SAMPLES
from rich.console import Console

TEXTS = pytest.mark.parametrize("report", ["html", "markdown", "terminal"])
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
    data = json.loads(to_json(replace(RESULT, exit_code=0, panels=(Panel("rnn", "match", "right"),))))
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


def tokens(text: str):
    """What a CommonMark parser reads in a comment, the inline parts too."""
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed (it comes with rich)")
    found = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    return [*found, *(child for token in found for child in token.children or [])]


def shown(report: str, sample: str = "diagnosed") -> str:
    """A report as its reader sees it, spaces and line breaks aside."""
    text = discover()[report].render(SAMPLES[sample]())
    text = unescape(re.sub(r"<[^>]+>", "", text.partition("</style>")[2])) if report == "html" else unescape(text)
    return " ".join(re.sub(r"\\(?=[\[\]_*])|[*`]", "", text).split())


def why(sample: str = "diagnosed") -> Diagnosis:
    diagnosis = SAMPLES[sample]().panels[0].diagnosis
    assert diagnosis is not None
    return diagnosis


@TEXTS
def test_the_cause_comes_first_and_the_differences_last(report):
    """In the order: cause, evidence, what else was found, leads, the map, the smallest case; each before the tables."""
    text, found = shown(report), why()
    assert found.credit is not None
    parts = [
        found.findings[0].sentence, "4.6e+15", found.findings[1].sentence, found.findings[2].what,
        "no more than hints", found.leads[0].what, found.credit.sentence, "Smallest failing case", "against numpy",
    ]  # fmt: skip
    places = [text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


@TEXTS
def test_a_finding_has_its_evidence_how_it_was_found_and_how_sure_it_is(report):
    text = shown(report).replace("→", "->")
    for residual in why().findings[0].residuals:
        assert f"{residual.name} {ratio(residual.before)} -> {ratio(residual.after)}" in text
    assert "all that is wrong" in text
    assert "fault dictionary" in text
    for said in ("confirmed on further problems", "fits this problem", "explains it partly", "timesteps 0 to 3"):
        assert said in text


@TEXTS
def test_a_line_of_the_reference_stands_over_what_it_would_read(report):
    (line,) = why().findings[0].lines
    text = shown(report).replace("*", "")
    before, after = (" ".join(one.replace("*", "").split()) for one in (line.reads, line.would_read))
    where = text.index(f"n the reference, {line.file} line {line.line}")
    assert where < text.index(f"- {before} + {after}") < where + 120


@TEXTS
def test_the_smallest_case_can_be_done_by_hand(report):
    small = why().smallest
    assert small is not None
    text = shown(report)
    assert small.problem.describe() in text
    assert all(f"{name} = {value}" in text for name, value in small.tensors.items())
    assert f"{small.name} at {small.place}: yours 0.319873, right 0.29813" in text
    assert "pytest test of it, 10 lines" in text


def test_the_ready_test_is_in_markdown_and_html_to_the_letter():
    small = why().smallest
    assert small is not None
    markdown = discover()["markdown"].render(SAMPLES["diagnosed"]())
    assert f"```python\n{small.test.strip()}\n```\n\n</details>" in markdown
    html = discover()["html"].render(SAMPLES["diagnosed"]())
    assert small.test in [unescape(block) for block in re.findall(r"<pre>(.*?)</pre>", html, re.S)]


MAPS = r"""
reference        yours
s\t 0 1 2 3 4    s\t 0 1 2 3 4
  0 █ · · · ·      0 ○ · · · ·
  1 █ █ · · ·      1 ! ○ · · ·
  2 ▓ █ █ · ·      2 ! ✗ ○ · ·
  3 ▓ ▓ █ █ ·      3 ! ✗ ✗ ○ ·
  4 ▒ ▓ ▓ █ █      4 ! ✗ ✗ ✗ ○
"""


@pytest.mark.parametrize("report", ["terminal", "markdown"])
def test_the_maps_stand_side_by_side(report):
    lines = [line.strip() for line in discover()[report].render(SAMPLES["leads only"]()).splitlines()]
    start = next(k for k, line in enumerate(lines) if line.startswith("reference "))
    assert lines[start : start + 7] == [line.strip() for line in MAPS.strip().splitlines()]
    assert "· nothing, ░▒▓█ little to much, ○ missing, ! unexpected, ✗ another value" in lines


def test_the_maps_fit_a_narrow_terminal_one_above_the_other():
    file = StringIO()
    show(SAMPLES["diagnosed"](), Console(file=file, width=30))
    lines = [line.strip() for line in file.getvalue().splitlines()]
    assert lines.count("s\\t 0 1 2 3 4") == 2
    assert "4 ○ ○ ○ ○ █" in lines


def test_the_maps_need_no_unicode():
    file = TextIOWrapper(BytesIO(), encoding="ascii", newline="\n")
    show(SAMPLES["leads only"](), Console(file=file, width=80))
    file.flush()
    text = file.buffer.getvalue().decode()  # type: ignore[attr-defined]  # the BytesIO above
    assert "4 = % % # #      4 ! x x x o" in text
    assert ". nothing, :=%# little to much, o missing, ! unexpected, x another value" in text


def test_the_map_of_the_page_has_every_cell_in_words():
    credit, html = why("leads only").credit, discover()["html"].render(SAMPLES["leads only"]())
    assert credit is not None
    own, given = re.findall(r'<table role=img aria-label="Credit map.*?</table>', html, re.S)
    levels = [f"l{level}" for row in credit.levels[0] for level in row]
    assert re.findall(r'<td class=(l\d) title="loss of step', own) == levels
    cells = re.findall(r'title="loss of step (\d), step (\d): ([^"]*)">([○!✗]?)', given)
    assert [(int(s), int(t)) for s, t, _, _ in cells] == [(s, t) for s in range(5) for t in range(5)]
    signs = {"missing": "○", "unexpected": "!", "mismatch": "✗", "match": ""}
    assert [sign for *_, sign in cells] == [signs[mark] for row in credit.marks for mark in row]
    assert cells[5][2] == "unexpected, 0.400, reference 0.200"


@pytest.mark.parametrize("report", ["terminal", "markdown"])
def test_a_map_too_large_for_characters_says_where_it_is_shown(report):
    T = DRAWN + 1
    zeros = ((0.0,) * T,) * T
    large = replace(WHY, credit=CreditMap(zeros, zeros, (("match",) * T,) * T, "All is nothing."))
    text = discover()[report].render(replace(RESULT, panels=(replace(RESULT.panels[0], diagnosis=large),)))
    assert "25 × 25" in text
    assert "HTML report" in text
    assert "·" * 2 not in text.replace(" ", "")


@TEXTS
def test_where_nothing_explains_it_the_report_says_so(report):
    text = shown(report, "leads only")
    assert text.index("No explanation was found that holds down to the noise.") < text.index("no more than hints")
    silent = replace(RESULT, panels=(replace(RESULT.panels[0], diagnosis=Diagnosis(notes=("Not asked.",))),))
    text = discover()[report].render(silent)
    assert "Not asked." in text
    assert "No explanation" not in text


@TEXTS
def test_a_finding_shows_even_where_the_panel_matches(report):
    """As when a reference, and not the candidate, is the outlier."""
    panel = replace(RESULT.panels[0], verdict="match", sentence="right")
    text = discover()[report].render(replace(RESULT, panels=(panel, Panel("lstm", "match", "right")), exit_code=0))
    assert "an index is off" in text


@TEXTS
def test_between_references_an_oracle_decides(report):
    finding = replace(WHY.findings[0], means="consensus", confidence="confirmed")
    panel = replace(RESULT.panels[0], diagnosis=Diagnosis((finding,)))
    text = discover()[report].render(replace(RESULT, panels=(panel,)))
    assert "decided by an oracle" in text
    assert "further problems" not in text


@TEXTS
def test_what_says_where_a_fault_starts_does_not_claim_to_explain(report):
    finding = replace(WHY.findings[0], means="where it starts", whole=False)
    panel = replace(RESULT.panels[0], diagnosis=Diagnosis((finding,)))
    text = discover()[report].render(replace(RESULT, panels=(panel,)))
    assert "where wrong," in text
    assert "explains" not in text


@TEXTS
def test_a_lead_that_brings_no_figure_down_shows_one_figure(report):
    lead = replace(WHY.findings[0], residuals=(Residual("W_xh", 4.3e14, 4.3e14),), confidence="lead", whole=False)
    panel = replace(RESULT.panels[0], diagnosis=Diagnosis((), leads=(lead,)))
    text = discover()[report].render(replace(RESULT, panels=(panel,)))
    assert text.count("4.3e+14") == 1
    assert "explains" not in text.replace("explains it partly", "")


@TEXTS
def test_many_are_counted_rather_than_listed(report):
    residuals = tuple(Residual(f"W_{k}", 1e9, 1.0) for k in range(9))
    finding = replace(WHY.findings[0], residuals=residuals, gradients=tuple(r.name for r in residuals))
    panel = replace(RESULT.panels[0], diagnosis=Diagnosis((finding,)))
    text = discover()[report].render(replace(RESULT, panels=(panel,)))
    assert re.search(r"and [35] (gradients )?more", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_diagnosis_is_taken_for_anything_else(text):
    panel = replace(RESULT.panels[0], diagnosis=hostile_diagnosis(text))
    result = replace(RESULT, panels=(panel,))
    written = {name: report.render(result) for name, report in discover().items()}
    for page in written.values():
        assert {c for c in page if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")} <= {"\n"}
    harmless = replace(RESULT, panels=(replace(panel, diagnosis=hostile_diagnosis("x_x")),))
    plain = {name: report.render(harmless) for name, report in discover().items()}
    tags = [set(re.findall(r"<([a-z]\w*)", one["html"])) - {"wbr"} for one in (written, plain)]
    assert tags[0] == tags[1]
    read = tokens(written["markdown"])
    may = {token.type for token in tokens(plain["markdown"])} | {"code_inline", "html_inline", "text_special"}
    assert {token.type for token in read} <= may
    html = " ".join(token.content for token in read if token.type in ("html_block", "html_inline"))
    assert set(re.findall(r"<([a-z]\w*)", html)) <= {"br", "code", "details", "summary", "sub"}
    assert _figures.visible(text, keep="\n").splitlines()[0] in unescape(written["html"]).replace("<wbr>", "")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((3,), "timestep 3"),
        ((0, 1), "timesteps 0 to 1"),
        ((0, 1, 2, 5), "timesteps 0 to 2 and 5"),
        ((9, 4, 6), "timesteps 4, 6 and 9"),
    ],
)
def test_timesteps_are_told_in_runs(steps, said):
    assert timesteps(steps) == said


@pytest.mark.parametrize(
    ("value", "right", "said"),
    [
        (0.5, 0.25, "yours 0.5, right 0.25"),
        (0.123456789, 0.123456711, "yours 0.1234568, right 0.1234567"),
        (INF, 0.25, "yours inf, right 0.25"),
        (float("nan"), 0.0, "yours NaN, right 0"),
        (1.0, 1.0, "yours 1, right 1"),
    ],
)
def test_the_wrong_entry_has_the_digits_that_tell_it_from_the_right_one(value, right, said):
    assert WHY.smallest is not None
    assert entry(replace(WHY.smallest, value=value, value_b=right)) == said


def test_shades_go_by_halves_on_one_scale():
    marks = (("match",) * 3,) * 3
    first = ((0.0, 0.4, 0.2), (0.1, 0.05, 1e-300), (5e-324, 0.3, 0.39))
    second = ((0.8, 0.0, 0.0), (INF, float("nan"), 0.0), (0.0, 0.0, 0.0))
    own, given = CreditMap(first, second, marks).levels
    assert own == ((0, 8, 7), (6, 5, 1), (1, 7, 7))
    assert given == ((9, 0, 0), (9, 0, 0), (0, 0, 0))


def test_a_map_is_square():
    with pytest.raises(ValueError, match="squares of one size"):
        CreditMap(((1.0, 0.0), (0.5, 2.0)), ((1.0, 0.0), (0.0, 2.0)), (("match",), ("missing",)))
