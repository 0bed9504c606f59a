"""HTML: one page that fetches nothing, says everything in words too, and shows hostile names as text."""

import re
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest
from gradparity.reports import html
from gradparity.reports.html import render, spans
from report_samples import HOSTILE, SAMPLES

TEMPLATES = Path(html.__file__).parent / "templates"
CSS = "".join((TEMPLATES / name).read_text() for name in ("style.css", "diagnosis.css", "repair.css"))
TAGS = {
    "html", "head", "meta", "link", "title", "style", "body", "header", "main", "section", "footer", "h1", "h2", "h3",
    "h4", "p", "b", "i", "em", "small", "span", "div", "details", "summary", "figure", "figcaption", "table", "thead",
    "tbody", "tr", "th", "td", "a", "dl", "dt", "dd", "br", "wbr", "pre",
}  # fmt: skip
CLOSED = TAGS & {
    "details",
    "summary",
    "table",
    "div",
    "figure",
    "section",
    "span",
    "p",
    "dl",
    "h1",
    "h2",
    "h3",
    "h4",
    "a",
    "pre",
}


class Page(HTMLParser):
    """A page taken apart: every tag with its attributes, the texts, and the tags that stay open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in CLOSED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in CLOSED:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, kind: str = "") -> list[dict[str, str | None]]:
        return [a for name, a in self.tags if name == tag and (not kind or kind in (a.get("class") or "").split())]


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_page_is_whole_and_made_of_known_tags_only(sample):
    page = Page(render(SAMPLES[sample]()))
    assert page.open == []
    assert {tag for tag, _ in page.tags} <= TAGS
    assert len(page.all("h1")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_is_fetched_and_no_script_runs(sample):
    page = Page(render(SAMPLES[sample]()))
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} | (names & {"src", "srcset", "action", "style"})
    links = [attributes["href"] or "" for _, attributes in page.tags if "href" in attributes]
    assert all(link.startswith("#") or link == "data:," for link in links)
    assert not re.search(r"@import|url\(|expression\(", CSS)
    assert any("default-src 'none'" in (meta.get("content") or "") for meta in page.all("meta"))


def test_hostile_names_are_shown_as_text():
    page = Page(render(SAMPLES["hostile"]()))
    text = "".join(page.texts)
    for name in (
        HOSTILE[0],
        HOSTILE[1],
        "evil\\u202egnp.exe",
        "\\x1b[31mred\\x07",
        "lone \\ud800 surrogate",
        "&lt;b&gt;",
    ):
        assert name in text
    titles = {attributes.get("title") for _, attributes in page.tags}
    assert any(HOSTILE[0] in (title or "") for title in titles)


def test_what_does_not_match_is_open_and_what_matches_is_folded():
    page = Page(render(SAMPLES["transposed"]()))
    panels = page.all("details", "panel")
    assert ["open" in panel for panel in panels] == [True, True, False, False]
    assert ["bad" in (panel["class"] or "") for panel in panels] == [True, True, False, False]
    assert len(page.all("details", "panel")) == len(SAMPLES["transposed"]().panels)


def test_a_single_problem_is_open_even_when_it_matches():
    page = Page(render(SAMPLES["check"]()))
    assert "open" in page.all("details", "panel")[0]
    assert "gradient_hh" in page.texts


def test_verdicts_are_said_in_words_and_signs_beside_colour():
    page = Page(render(SAMPLES["many faults"]()))
    text = " ".join(page.texts)
    for said in ("✗ mismatch", "✗ wrong shape", "✗ wrong dtype", "✗ not finite", "✓ match", "! failed", "○ missing"):
        assert said in text
    assert all("✓" in t or "✗" in t for t in page.texts if t.strip() in ("✓", "✗"))


def test_every_table_of_figures_names_its_columns():
    result = SAMPLES["transposed"]()
    page = Page(render(result))
    heads = [a for a in page.all("th") if a.get("scope") == "col"]
    assert all("scope" in a or "colspan" in a or "rowspan" in a for a in page.all("th"))
    assert len(heads) >= 10
    regions = [a for _, a in page.tags if a.get("role") == "region"]
    assert all(a.get("aria-label") and "tabindex" in a for a in regions)


def test_the_overview_has_a_matrix_for_every_problem_that_leads_to_it():
    result = SAMPLES["transposed"]()
    page = Page(render(result))
    assert len(page.all("figure", "matrix")) == len(result.panels)
    targets = {a["href"] for a in page.all("a") if (a["href"] or "").startswith("#p")}
    assert targets == {f"#p{number}" for number in range(1, len(result.panels) + 1)}
    assert {"#p1", "#p4"} <= {f"#{a['id']}" for _, a in page.tags if a.get("id")}


def test_a_heatmap_has_every_cell_with_its_figure():
    result = SAMPLES["transposed"]()
    page = Page(render(result))
    heat = next(d.heat for c in result.panels[0].comparisons for d in c.differences if d.verdict == "mismatch")
    assert heat is not None
    (wrong, *_) = [
        k
        for k, (tag, a) in enumerate(page.tags)
        if tag == "figure" and "bad" in (a["class"] or "") and "heat" in (a["class"] or "")
    ]
    cells = [a for tag, a in page.tags[wrong:] if tag == "td" and re.fullmatch(r"l\d", a.get("class") or "")][:25]
    assert [int((a["class"] or "")[1:]) for a in cells] == [level for line in heat.levels for level in line]
    assert (cells[1]["title"] or "").startswith("hidden 0, hidden 1: ")


def test_a_large_run_stays_small():
    """24 x 24 cells a heatmap, 6 gradients and 5 comparisons a problem: about 60 bytes a cell at most."""
    text = render(SAMPLES["large"]())
    assert len(text.encode()) < 90 * text.count("<td class=l")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["hidden 0", "hidden 1", "hidden 2"], [("hidden ", "0–2", 3)]),
        (["gate i 3", "gate i 4", "gate f 0"], [("gate i ", "3–4", 2), ("gate f ", "0", 1)]),
        (["time 0, at 0", "time 0, at 1", "time 1, at 0"], [("time 0, at ", "0–1", 2), ("time 1, at ", "0", 1)]),
        (["hidden 0 to hidden 3", "hidden 4 to hidden 7"], [("hidden ", "0–7", 2)]),
        (["gate i hidden 0 to gate i hidden 3", "gate i hidden 4 to gate f hidden 2"], [("gate i hidden ", "0 …", 2)]),
        (["0", "1"], [("", "0–1", 2)]),
        ([""], [("", "", 1)]),
    ],
)  # fmt: skip
def test_labels_that_differ_in_their_number_are_taken_together(labels, expected):
    assert spans(labels) == expected


def colours(dark: bool) -> dict[str, str]:
    """The hexadecimal colours of a scheme, by custom property."""
    light, rest = CSS.split("@media (prefers-color-scheme: dark)", 1)
    found = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{3,6})", light))
    return found | dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{3,6})", rest.split("* {", 1)[0])) if dark else found


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_has_contrast(dark):
    """WCAG AA: 4.5 to 1 for text on every ground it stands on."""
    found = colours(dark)
    pairs = [*product(("--ink", "--soft", "--ok", "--bad", "--odd", "--link"), ("--page", "--card"))]
    pairs += [(name, "--faint") for name in ("--ink", "--ok", "--bad")]
    pairs += [(name, f"{name}-bg") for name in ("--ok", "--bad", "--odd")]
    for text, ground in pairs:
        bright, dim = sorted((luminance(found[text]), luminance(found[ground])), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, f"{text} on {ground}"
