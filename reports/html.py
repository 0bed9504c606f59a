"""HTML: one self-contained page, without scripts, fonts or anything else to fetch."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..harness.compare import CANNOT_TELL, MATCH, Comparison, Difference, mismatches
from . import Report, _diagnosis, _figures, _repair, _source

if TYPE_CHECKING:
    from ..harness.patch import Patch
    from ..harness.result import Panel, Result

TEMPLATES = Path(__file__).parent / "templates"


def render(result: "Result") -> str:
    """The page. Every text is escaped: autoescape is on, and control characters are written out."""
    return _template().render(
        result=result,
        groups=by_model(result.panels),
        meanings=_figures.MEANINGS,
        words=_diagnosis,
        mending=_repair,
    )


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_shown,  # sees every expression, so that no text can be forgotten
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    figures = ("figure", "signed", "ratio", "cosine", "seconds", "shape", "versions", "mark", "counted", "matching")
    why = ("remarks", "took", "changed", "entry", "length", "cell", "wrong_signs", "unsaid", "localises", "whose")
    environment.filters |= {name: getattr(_figures, name) for name in figures}
    fix = ("as_well", "others", "said", "searched", "sides", "spent", "tested")
    environment.filters |= {f"why_{name}": getattr(_diagnosis, name) for name in why}
    environment.filters |= {f"fix_{name}": getattr(_repair, name) for name in fix}
    environment.filters |= {f"src_{name}": getattr(_source, name) for name in ("rows", "excerpt", "legend", "more")}
    own = (agreement, breakable, pictured, right, spans, tone, unified, wrong)
    environment.filters |= {function.__name__: function for function in own}
    return environment.get_template("report.html.j2")


def _shown(value: Any) -> Any:
    return _figures.visible(value, keep="\n") if isinstance(value, str) and not hasattr(value, "__html__") else value


def by_model(panels: Iterable["Panel"]) -> list[tuple[str, list[tuple[int, "Panel"]]]]:
    """The panels with a matrix to show, numbered, under the model that they have in common."""
    shown = [(number, panel) for number, panel in enumerate(panels, 1) if len(panel.matrix.names) > 1]
    grouped = groupby(shown, key=lambda entry: entry[1].problem.model if entry[1].problem else "")
    return [(model, list(entries)) for model, entries in grouped]


def agreement(panel: "Panel", threshold: float) -> str:
    """The verdict on a matrix. It is not the panel's where a candidate stands apart from those that it compares."""
    if panel.verdict == CANNOT_TELL:
        return CANNOT_TELL
    ratios = [ratio for line in panel.matrix.ratios for ratio in line if ratio is not None]
    return MATCH if all(ratio <= threshold for ratio in ratios) else "mismatch"


def wrong(comparison: Comparison) -> list[Difference]:
    """What does not match, worst first."""
    return list(mismatches(comparison))


def right(comparison: Comparison) -> list[Difference]:
    return [difference for difference in comparison.differences if difference.verdict == MATCH]


def pictured(differences: Iterable[Difference]) -> list[Difference]:
    """Those whose heatmap says more than the figures do: not a single cell, and not equal throughout."""
    return [d for d in differences if d.heat and d.max_norm and (len(d.heat.rows) > 1 or len(d.heat.columns) > 1)]


def tone(verdict: str) -> str:
    """The class that a verdict or status is coloured by; the mark beside it says the same."""
    return {"✓": "ok", "✗": "bad"}.get(_figures.mark(verdict), "odd")


def breakable(name: str) -> Any:
    """A name that may be broken after an underscore, where room is short."""
    from markupsafe import Markup

    return Markup("_<wbr>").join(_figures.visible(name).split("_"))


def unified(patch: "Patch") -> Any:
    """The unified diff of a patch, its tabs kept, so that it can be taken from the page and applied."""
    from markupsafe import escape

    return escape(_figures.visible(_repair.diff(patch), keep="\n\t"))


def spans(labels: Sequence[str]) -> list[tuple[str, str, int]]:
    """A heatmap's labels, neighbours that differ only in their number taken together: ("gate i hidden ", "0–4", 5).

    Pooled labels, "hidden 0 to hidden 3", count by where they start; where the next begins is said beside the next.
    """
    groups = [list(group) for _, group in groupby(labels, key=lambda label: _stem(label.partition(" to ")[0]))]
    return [(*_span(group), len(group)) for group in groups]


def _span(group: list[str]) -> tuple[str, str]:
    first, last = group[0].partition(" to ")[0], group[-1].rpartition(" to ")[2]
    stem = _stem(first)
    number = first.removeprefix(stem)
    if len(group) == 1:
        return stem, number
    return stem, f"{number}–{last.removeprefix(stem)}" if _stem(last) == stem else f"{number} …"


def _stem(label: str) -> str:
    return re.sub(r"\d+$", "", label)


REPORT = Report("html", ".html", "one self-contained page with heatmaps", render)
