"""Markdown: reads well as the comment on a pull request, and fits into one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..harness.compare import MATCH, Comparison, Difference, mismatches
from . import Report
from ._figures import MEANINGS, cosine, counted, figure, matching, ratio, seconds, signed, versions, visible
from ._markdown_diagnosis import besides, cause, smallest
from ._markdown_repair import mended
from ._markup import code, entities, folded, prose, sign, table

if TYPE_CHECKING:
    from ..harness.result import Panel, Result

FITS = 60_000  # characters; GitHub refuses a comment of more than 65 536
MOST = 40  # rows of one comparison; the rest is counted
HEAD = ("gradient", "verdict", "where", *MEANINGS, "note")


def render(result: "Result") -> str:
    """The comment. Where it would outgrow GitHub's limit, details are left out, and it says how many."""
    opening = [f"## {sign(result.verdict)} {prose(result.headline, line=' ')}", _rule(result)]
    opening += [prose(note) for note in result.notes]
    if result.panels:
        opening.append(_overview(result))
    closing = [_backends(result)] if result.makers else []
    closing.append(f"<sub>gradparity {prose(result.gradparity)}</sub>")
    alone = len(result.panels) == 1
    details = [part for panel in filter(_telling, result.panels) for part in _parts(panel)]
    details += filter(None, (_rest(panel, alone) for panel in result.panels))

    room = FITS - sum(map(len, opening)) - sum(map(len, closing))
    kept: list[str] = []
    for detail in details:
        room -= len(detail)
        if room > 0:
            kept.append(detail)
    if left := len(details) - len(kept):
        kept.append(
            f"*{counted(left, 'section')} left out to fit a comment; the HTML and JSON reports hold everything.*"
        )
    return "\n\n".join([*opening, *kept, *closing]) + "\n"


def _rule(result: "Result") -> str:
    rule = f"gradients match up to {ratio(result.threshold)} × the noise, the rounding error measured on each problem"
    return f"{code(f'gradparity {result.command}')} · {rule}"


def _overview(result: "Result") -> str:
    rows = ((sign(p.verdict), code(p.title), prose(p.verdict), prose(p.sentence)) for p in result.panels)
    return table(("", "problem", "verdict", "what was found"), rows)


def _differs(panel: "Panel") -> bool:
    return any(compared.verdict != MATCH for compared in panel.comparisons)


def _telling(panel: "Panel") -> bool:
    return _differs(panel) or panel.diagnosis is not None or panel.repair is not None


def _parts(panel: "Panel") -> Iterable[str]:
    """One problem: what is wrong, why, and how to mend it, the smallest case, and what does not match, worst first."""
    said = [f"### {sign(panel.verdict)} {code(panel.title)}", prose(panel.sentence)]
    said += map(prose, panel.notes) if _differs(panel) else []
    said += cause(panel.diagnosis) if panel.diagnosis else []
    said += mended(panel.repair) if panel.repair else []
    said += besides(panel.diagnosis) if panel.diagnosis else []
    yield "\n\n".join(said)
    if panel.diagnosis and panel.diagnosis.smallest:
        yield smallest(panel.diagnosis.smallest)
    if _differs(panel):
        yield _wrong(panel)


def _wrong(panel: "Panel") -> str:
    parts = []
    for compared in panel.comparisons:
        if compared.verdict != MATCH:
            wrong = list(mismatches(compared))
            parts += [f"**{code(compared.a)}** against {code(compared.b)}", _differences(wrong[:MOST])]
            parts += [f"… and {len(wrong) - MOST} more that do not match"] if len(wrong) > MOST else []
            parts.append(_matching_names([d.name for d in compared.differences if d.verdict == MATCH]))
    return "\n\n".join(part for part in parts if part)


def _matching_names(names: list[str]) -> str:
    if not names:
        return ""
    return f"{sign(MATCH)} {', '.join(map(code, names)) if len(names) <= MOST else matching(len(names))}"


def _differences(differences: Iterable[Difference]) -> str:
    head = [f"{name} (a trap: differences cancel in it)" if name == "signed sum" else name for name in HEAD]
    return table([name.replace("|a-b|", "&#124;a−b&#124;") for name in head], map(_row, differences), len(MEANINGS), 3)


def _row(d: Difference) -> tuple[str, ...]:
    figures = (figure(d.max_norm), figure(d.noise), f"**{ratio(d.ratio)}**" if d.ratio is not None else ratio(None),
               figure(d.abs_sum), figure(d.relative), cosine(d.cosine), signed(d.signed_sum))  # fmt: skip
    values = f"{figure(d.value)} against {figure(d.value_b)}" if d.verdict != MATCH and d.value is not None else ""
    where = "<br>".join(filter(None, (prose(d.place), values)))
    return (code(d.name), f"{sign(d.verdict)} {prose(d.verdict)}", where, *figures, prose(d.note))


def _rest(panel: "Panel", alone: bool) -> str:
    """What matches, who agrees with whom and how names were read: folded away. All figures where a panel is alone."""
    agreeing = [c for c in panel.comparisons if c.verdict == MATCH]
    parts = [_matching(agreeing)] if agreeing else []
    parts += [_differences(c.differences[:MOST]) for c in agreeing[:1] if alone]
    if len(panel.matrix.names) > 2:
        parts.append(_matrix(panel))
    if panel.matches:
        rows = ((code(m.given), code(m.matched), prose(m.by)) for m in panel.matches)
        parts.append(table(("you gave", "read as", "matched by"), rows))
    absent = [m for m in panel.makers if m.status not in ("ok", "missing")]
    parts += [f"{sign(m.status)} {code(m.name)} {prose(m.status)}: {prose(m.detail)}" for m in absent]
    if not _differs(panel):
        parts = [*map(prose, panel.notes), *parts]
    if not parts:
        return ""
    return folded(f"{entities(visible(panel.title), '=._')}: details", *parts)


def _matching(comparisons: Iterable[Comparison]) -> str:
    rows = ((f"{sign(MATCH)} {code(c.a)}", code(c.b), str(len(c.differences)), ratio(c.ratio)) for c in comparisons)
    return table(("all match", "against", "gradients", "largest ratio"), rows, right=2, left=2)


def _matrix(panel: "Panel") -> str:
    names = [code(name) for name in panel.matrix.names]
    rows = ([name, *map(ratio, line)] for name, line in zip(names, panel.matrix.ratios, strict=True))
    return table(["largest ratio", *names], rows, right=len(names), left=1)


def _backends(result: "Result") -> str:
    head = ("backend", "status", "versions", "device", "dtype", "precision", "time", "")
    rows = (
        (code(m.name), f"{sign(m.status)} {prose(m.status)}", prose(versions(m.versions)), prose(m.device),
         prose(m.dtype), prose(m.precision), seconds(m.seconds), prose(m.detail))
        for m in result.makers
    )  # fmt: skip
    return "### Backends\n\n" + table(head, rows, right=1, left=6)


REPORT = Report("markdown", ".md", "a comment for a pull request", render)
