"""The repair in a result and in every report: the line to change before all else, and what the search has tried."""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, Browser, absent
from diagnosis_samples import DIAGNOSIS
from gradparity.harness.errors import BadInput
from gradparity.harness.finding import Finding
from gradparity.harness.patch import Change, Hunk, Patch, Repair
from gradparity.harness.result import Panel, Result, from_json, to_json
from gradparity.reports import discover
from gradparity.reports._repair import Line, searched, sides, spent
from gradparity.reports.terminal import show
from repair_samples import FIRST, HALF, INSERTED, MENDED, NEW, NONE, OLD, OTHERS, hostile_repair
from report_samples import HOSTILE, SAMPLES
from rich.console import Console
from test_report_diagnosis import TEXTS, shown, tokens

RESULT = Result("check", "wrong", 1, (Panel("rnn", "mismatch", "wrong", repair=MENDED),), 32.0)


ALONE = "since the changed line alone raises"


def of(repair: Repair | None, **changes: object) -> Result:
    return replace(RESULT, panels=(replace(RESULT.panels[0], repair=repair, **changes),))


def rendered(report: str, repair: Repair) -> str:
    return discover()[report].render(of(repair))


def read(report: str, repair: Repair) -> str:
    """A report of this repair alone, as its reader sees it: without tags, escapes and line breaks."""
    text = rendered(report, repair)
    text = unescape(re.sub(r"<[^>]+>", "", text.partition("</style>")[2])) if report == "html" else unescape(text)
    return " ".join(re.sub(r"\\(?=[\[\]_*~])|[*`]|<[^>]+>", "", text).split())


@pytest.mark.parametrize("repair", [MENDED, HALF, NONE, Repair()])
def test_a_repair_survives_json(repair):
    assert from_json(to_json(of(repair))) == of(repair)


def test_a_result_without_a_repair_is_still_read():
    data = json.loads(to_json(of(None)))
    del data["panels"][0]["repair"]
    assert from_json(json.dumps(data)) == of(None)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("patches", 0, "hunks", 0, "line"), "29"),
        (("patches", 0, "equivalents", 0, "mends"), [1]),
        (("ended", "raised"), "many"),
        (("whole",), 1),
        (("rate",), "fast"),
    ],
)
def test_a_damaged_repair_is_refused(where, value):
    data = json.loads(to_json(RESULT))
    inner = data["panels"][0]["repair"]
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value
    with pytest.raises(BadInput, match="damaged"):
        from_json(json.dumps(data))


@TEXTS
def test_the_line_to_change_comes_after_the_cause_and_before_all_else(report):
    text = shown(report, "mended")
    parts = [
        DIAGNOSIS.findings[0].sentence, "Line 26: dcdHin[t + 1] for dcdHin[t] mends dcdWxh, dcdWhh.",
        DIAGNOSIS.findings[1].sentence, "against numpy",
    ]  # fmt: skip
    places = [text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


@TEXTS
def test_a_patch_says_what_it_was_tried_on_and_that_nothing_is_written(report):
    text = read(report, MENDED)
    assert "Every gradient is right on 12 further random problems, which it was not found on." in text
    assert "Nothing is written unless --apply is given." in text
    assert "No edit was found" not in text
    once = replace(MENDED, patches=(replace(FIRST, tried_on=0),))
    assert "tried on no other problem" in read(report, once)


@TEXTS
def test_other_edits_that_do_as_well_are_counted_and_told(report):
    text = read(report, MENDED)
    assert text.index("12 further") < text.index("2 other edits do as well") < text.index("dcdHin[-~t] for dcdHin[t]")
    assert "1 other edit does as well" in read(report, replace(MENDED, patches=(FIRST, OTHERS[0])))
    assert "do as well" not in read(report, replace(MENDED, patches=(FIRST,)))
    many = tuple(replace(FIRST, edits=(Change(line, "x", "y"),)) for line in range(100, 130))
    text = read(report, replace(MENDED, patches=(FIRST, *many)))
    assert "30 other edits do as well" in text
    told = sum(f"Line {line}: x" in text for line in range(100, 130))
    assert told == 30 or f"and {30 - told} more" in text


@TEXTS
def test_the_search_is_told_in_small_print(report):
    text = read(report, MENDED)
    assert "3,441 edits were tried and 812 left out" in text
    assert "that is every edit there is" in text
    assert (
        "3 edits right on the first problem; 412 raised, 3 ran out of time, 1 crashed; 12 s, 343 edits a second" in text
    )
    assert "0.45 times as many as the original runs in a loop" in text


@TEXTS
def test_half_a_repair_is_called_that(report):
    text = read(report, HALF)
    parts = [
        "No edit was found that makes every gradient right", "1 edit was tried; the search ended before all",
        "Partial repair", "mends dcdWhh, but dcdWxh stays wrong.", "What it mends is right on 5 further",
        "1 other edit mends a part as well", "but dcdWhh stays wrong", "2 ran out of memory",
    ]  # fmt: skip
    places = [text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    assert "--apply" not in text
    assert "Every gradient is right" not in text


@TEXTS
def test_where_there_is_none_the_report_says_how_much_was_tried(report):
    text = read(report, NONE)
    assert "No edit was found that makes every gradient right" in text
    assert "2,310 edits were tried and 1 left out, since the changed line alone raises; that is every edit" in text
    assert "Partial" not in text
    assert "--apply" not in text
    assert "No edit was tried." in read(report, Repair())


@TEXTS
def test_a_repair_shows_even_where_the_panel_matches(report):
    panels = (replace(RESULT.panels[0], verdict="match", sentence="right"), Panel("lstm", "match", "right"))
    text = discover()[report].render(replace(RESULT, panels=panels, exit_code=0))
    assert f"+{NEW}" in text.replace("\n    ", "\n")


def test_the_diff_is_in_markdown_to_the_letter():
    assert f"```diff\n{FIRST.diff}```\n" in rendered("markdown", MENDED)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_are_line_ends_and_tabs_stay(end):
    diff = f"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-\tfirst{end}+\tsecond{end}"
    repair = replace(MENDED, patches=(replace(FIRST, diff=diff),))
    assert "```diff\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-\tfirst\n+\tsecond\n```" in rendered("markdown", repair)
    assert "@@ -1 +1 @@\n-\tfirst\n+\tsecond</pre>" in rendered("html", repair)
    lines = [line.strip() for line in rendered("terminal", repair).splitlines()]
    assert lines[lines.index("@@ -1 +1 @@") + 1 :][:2] == ["-    first", "+    second"]


def test_no_line_of_a_diff_closes_the_fence():
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-`````\n+```\n"
    found = tokens(rendered("markdown", replace(MENDED, patches=(replace(FIRST, diff=diff),))))
    assert diff in [token.content for token in found if token.type == "fence" and token.info == "diff"]


def test_a_diff_too_long_for_a_comment_is_left_to_the_page():
    long = replace(MENDED, patches=(replace(FIRST, diff=FIRST.diff + " x\n" * 10_000),))
    assert "Too long for a comment" in rendered("markdown", long)
    assert len(rendered("markdown", long)) < 5_000


def test_the_terminal_colours_what_goes_and_what_comes():
    file = StringIO()
    show(of(MENDED), Console(file=file, width=100, force_terminal=True, color_system="standard"))
    assert f"\x1b[31m-\x1b[0m\x1b[31m{OLD}\x1b[0m" in file.getvalue()
    assert f"\x1b[32m+\x1b[0m\x1b[32m{NEW}\x1b[0m" in file.getvalue()


def test_the_rest_of_a_long_line_is_taken_for_no_line():
    """It stands right of the sign; a line of the diff that begins with a sign keeps it."""
    diff = "--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a = first - second - third - fourth\n+b\n \n"
    file = StringIO()
    show(of(replace(MENDED, patches=(replace(FIRST, diff=diff),))), Console(file=file, width=24))
    lines = [line[4:].rstrip() for line in file.getvalue().splitlines()]
    start = lines.index("@@ -1,2 +1 @@")
    end = lines.index("+b")
    assert [line[0] for line in lines[start + 1 : end]] == ["-", *" " * (end - start - 2)]
    assert end > start + 2


def test_old_and_new_lines_stand_beside_each_other_with_their_numbers():
    assert list(sides(FIRST)) == [
        (
            [Line(26, "dcdH[t] += dcdHin[t", "", "] @ self.Whh.T")],
            [Line(26, "dcdH[t] += dcdHin[t", " + 1", "] @ self.Whh.T")],
        )
    ]
    assert list(sides(INSERTED)) == [
        ([], [Line(29, "dcdWhh += np.outer(self.h0, dcdHin[0])")]),
        ([Line(31, "dcdWhh /= 2")], []),
    ]


def test_a_new_line_is_counted_where_it_will_stand_and_indentation_shared_by_both_sides_is_left_out():
    hunks = (Hunk(3, ("    a = 1",), ("    a = 1", "    b = 2")), Hunk(7, ("\tfor x in y:", "\t\tz"), ("\tz", "\tfor")))
    (_, new), (old, later) = sides(replace(FIRST, hunks=hunks))
    assert [(line.number, line.head) for line in new] == [(3, "a = 1"), (4, "b = 2")]
    assert [line.number for line in old] == [7, 8]
    assert [line.number for line in later] == [8, 9]
    assert ["".join(line[1:]) for line in old] == ["for x in y:", "    z"]


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [("aa", "aaa", ("", "a")), ("a - b", "a + b", ("-", "+")), ("a", "b", ("a", "b")), ("abab", "ab", ("ab", ""))],
)
def test_what_differs_is_marked(old, new, marked):
    ((before,), (after,)) = next(sides(replace(FIRST, hunks=(Hunk(1, (old,), (new,)),))))
    assert (before.changed, after.changed) == marked
    assert ("".join(before[1:]), "".join(after[1:])) == (old, new)


def test_the_page_marks_lines_by_a_sign_and_not_by_colour_alone():
    html = rendered("html", MENDED)
    assert re.search(r'<pre class="was" aria-label="old lines"><span><b>26 −</b> dcdH\[t\]', html)
    assert re.search(r'<pre class="would" aria-label="new lines"><span><b>26 \+</b> .*<em> \+ 1</em>\]', html)


@pytest.mark.parametrize(
    ("repair", "said"),
    [
        (Repair(tried=1), "1 edit was tried; that is every edit there is."),
        (Repair(tried=9, whole=False, out_of_time=True), "9 edits were tried; time ran out before all were tried."),
        (Repair(whole=False, out_of_time=True), "Time ran out before an edit was tried."),
        (Repair(tried=1000, whole=False), "1,000 edits were tried; the search ended before all were tried."),
        (Repair(pruned=2), f"0 edits were tried and 2 left out, {ALONE}; that is every edit there is."),
    ],
)  # fmt: skip
def test_what_was_tried_in_words(repair, said):
    assert searched(repair) == said


@pytest.mark.parametrize(
    ("repair", "said"),
    [
        (Repair(), ""),
        (Repair(survivors=1), "1 edit right on the first problem"),
        (Repair(ended={"exit": 1, "raised": 0, "other\x1b": 2}), "1 left their process, 2 other\\x1b"),
        (Repair(seconds=0.25, rate=0.3, ratio=2.0), "250 ms"),
    ],
)
def test_what_the_search_took_in_words(repair, said):
    assert spent(repair) == said


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_repair_is_taken_for_anything_else(text):
    written = {name: report.render(of(hostile_repair(text))) for name, report in discover().items()}
    for page in written.values():
        assert {c for c in page if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")} <= {"\n"}
    plain = {name: report.render(of(hostile_repair("x_x"))) for name, report in discover().items()}
    tags = [set(re.findall(r"<([a-z]\w*)", one["html"])) for one in (written, plain)]
    assert tags[0] == tags[1]
    spoken = tokens(written["markdown"])
    may = {token.type for token in tokens(plain["markdown"])} | {"code_inline", "html_inline", "text_special"}
    assert {token.type for token in spoken} <= may
    html = " ".join(token.content for token in spoken if token.type in ("html_block", "html_inline"))
    assert set(re.findall(r"<([a-z]\w*)", html)) <= {"br", "code", "details", "summary", "sub"}


@TEXTS
def test_a_sentence_that_a_finding_has_said_is_not_said_again_by_the_map(report):
    assert DIAGNOSIS.credit is not None
    sentence = DIAGNOSIS.credit.sentence
    told = Finding("credit map", "nothing flows back", sentence, ("dcdWxh",))
    for findings, leads in (((told,), ()), ((DIAGNOSIS.findings[0], told), ()), ((), (told,))):
        diagnosis = replace(DIAGNOSIS, findings=findings, leads=leads)
        text = " ".join(unescape(discover()[report].render(of(None, diagnosis=diagnosis))).split())
        assert text.count(sentence) == 1
        assert "Credit map" in text
    crowd = tuple(replace(DIAGNOSIS.findings[0], what=str(k)) for k in range(20))
    text = discover()[report].render(of(None, diagnosis=replace(DIAGNOSIS, findings=(*crowd, told))))
    assert sentence in " ".join(unescape(text).split())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if absent():
        pytest.skip(absent())
    with Browser() as one:
        yield one


BOXES = (
    "[...document.querySelectorAll('.sides pre')].map(e => [e.getBoundingClientRect().x, e.getBoundingClientRect().y])"
)


def test_old_and_new_are_stacked_on_a_phone(browser: Browser, tmp_path: Path):
    page = tmp_path / "page.html"
    page.write_text(discover()["html"].render(SAMPLES["mended"]()), encoding="utf-8")
    browser.show(page, DESKTOP)
    (left, top), (right, level) = browser.ask(BOXES)
    assert (top, left < right) == (level, True)
    browser.show(page, PHONE)
    (left, top), (right, level) = browser.ask(BOXES)
    assert (left, top < level) == (right, True)


def test_a_patch_of_nothing_is_no_mistake():
    empty = Patch("", (), "", (), ())
    for report in discover().values():
        assert report.render(of(Repair((empty,))))
