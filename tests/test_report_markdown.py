"""Markdown: a comment that a pull request shows as it was meant, whatever the gradients are called."""

import re
from dataclasses import replace

import pytest
from diagnosis_samples import LEADS_ONLY
from gradparity.harness.compare import Comparison, Difference, mismatches
from gradparity.harness.finding import SourceLine
from gradparity.harness.result import Result
from gradparity.reports.markdown import FITS, code, prose, render
from report_samples import HOSTILE, SAMPLES

CELL = re.compile(r"(?<!\\)\|")


def parsed(text: str):
    """The tokens of the comment, as a CommonMark parser with GitHub's tables sees it."""
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed (it comes with rich)")
    return markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)


def shown(text: str) -> str:
    """What a reader sees of some inline markdown."""
    (inline,) = (token for token in parsed(text) if token.type == "inline")
    return "".join(
        "\n" if c.content == "<br>" else "" if c.type == "html_inline" else c.content for c in inline.children or []
    )


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(sample):
    widths: list[int] = []
    for line in render(SAMPLES[sample]()).splitlines():
        if line.startswith("|"):
            widths.append(len(CELL.split(line)))
            assert widths[-1] == widths[0], line
        else:
            widths = []


def test_headline_first_then_the_problems_then_the_details():
    text = render(SAMPLES["transposed"]())
    assert text.startswith("## ❌ rnn float64")
    heads = ["| problem | verdict |", "### ❌ `rnn float64", "### ❌ `rnn float32", "<details>", "### Backends"]
    places = [text.index(head) for head in heads]
    assert places == sorted(places)
    assert text.count("<details>") == text.count("</details>") == 4


def test_the_worst_comes_first():
    result = SAMPLES["check with faults"]()
    text = render(result)
    rows = [line.split("|")[1].strip(" `") for line in text.splitlines() if line.startswith("| `") and "❌" in line]
    assert rows[:4] == [difference.name for difference in mismatches(result.panels[0].comparisons[0])][:4]
    assert rows[0] == "b_y"


@pytest.mark.parametrize(
    "name", [*HOSTILE, "`", "``x``", "_", "|", "\\", "a\\|b", "***", "- item", "1. one", "$x$", "~~s~~"]
)
@pytest.mark.parametrize("spell", [code, prose])
def test_a_hostile_text_is_shown_as_text(name, spell):
    """Within a paragraph and within a table the reader sees the characters, and nothing becomes a tag or a link."""
    seen = shown(f"say: {spell(name)}")
    plain = "".join(c for c in seen if c != "\u200b")
    letters = re.sub(r"[^A-Za-z0-9]", "", name.replace("\x1b", "x1b").replace("\x07", "x07").replace("\u202e", "u202e"))
    expected = letters.replace("\ud800", "") if "\ud800" not in name else letters.replace("surrogate", "ud800surrogate")
    assert re.sub(r"[^A-Za-z0-9]", "", plain).removeprefix("say").replace("twonlines", "twolines") == expected
    types = {t.type for token in parsed(f"say: {spell(name)}") for t in token.children or []}
    assert types <= {"text", "code_inline", "html_inline", "softbreak", "text_special"}


def test_hostile_results_hold_no_html_but_ours():
    tokens = parsed(render(SAMPLES["hostile"]()))
    tokens += [child for token in tokens for child in token.children or []]
    html = [token.content for token in tokens if token.type in ("html_block", "html_inline")]
    tags = set(re.findall(r"</?([a-zA-Z]+)", " ".join(html)))
    assert {"details", "code"} <= tags <= {"details", "summary", "br", "code", "sub"}


@pytest.mark.parametrize(
    "text", ["# no heading", "- no list", "+ no list", "1. no list", "> no quotation", "=== no rule"]
)
def test_a_sentence_of_its_own_stays_a_paragraph(text):
    assert parsed(prose(text))[0].type == "paragraph_open"


def test_a_lead_that_leaves_a_line_out_says_which():
    """A line that would not be there has no text to show behind its number."""
    out = SourceLine("backends/numpy_bptt.py", 102, "dh[t] += dh_next", "")
    lead = replace(LEADS_ONLY.leads[0], lines=(out,))
    other = replace(lead, lines=(replace(out, would_read="dh[t] = dh_next"),))
    panel = replace(SAMPLES["check with faults"]().panels[0], diagnosis=replace(LEADS_ONLY, leads=(lead, other)))
    text = render(Result("check", "wrong", 1, (panel,), 32.0))
    first, second = (line for line in text.splitlines() if "line 102" in line)
    assert first.endswith("line 102, <code>dh&#91;t&#93; &#43;&#61; dh&#95;next</code>, left out)")
    assert second.endswith("line 102: <code>dh&#91;t&#93; &#61; dh&#95;next</code>)")


def test_nobody_is_called():
    assert re.search(r"@\w", render(SAMPLES["hostile"]())) is None


def test_a_comment_always_fits():
    """GitHub refuses longer ones; what had to go is said."""
    one = SAMPLES["check with faults"]().panels[0]
    wrong = Difference("W", "mismatch", max_norm=1.0, ratio=1e9, place="x" * 100)
    many = Comparison("a", "b", tuple(replace(wrong, name=f"W_{k}") for k in range(500)))
    panels = tuple(replace(one, title=f"problem {k}", comparisons=(many, many)) for k in range(20))
    text = render(Result("run", "wrong", 1, panels, 32.0))
    assert len(text) < FITS + 2000
    assert "and 460 more that do not match" in text
    assert re.search(r"\d+ sections left out", text)
