"""The diagnosis in markdown: the cause first, what else was found below it, and the smallest case with its test."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ._diagnosis import (
    AXES,
    DRAWN,
    PARTLY,
    UNEXPLAINED,
    changed,
    entry,
    explains,
    grids,
    legend,
    length,
    remarks,
    took,
    unsaid,
    verb,
    whose,
)
from ._figures import counted, shape
from ._markup import code, fenced, fitted, folded, prose
from ._source import excerpt, more
from ._source import legend as legend_of

if TYPE_CHECKING:
    from ..harness.finding import CreditMap, Diagnosis, Finding, SmallestCase, SourceLine, SourceMap

MOST = 6  # gradients of a finding, lines of source, further findings, leads


def cause(diagnosis: "Diagnosis") -> list[str]:
    """The headline: what explains most."""
    shown = lines(diagnosis.source) if diagnosis.source else []
    if diagnosis.findings:
        return [*_headline(diagnosis.findings[0]), *shown]
    return [f"**{UNEXPLAINED}**", *shown] if diagnosis.seconds else shown


def besides(diagnosis: "Diagnosis") -> list[str]:
    """What else there is to show of it, but the smallest case, which is long."""
    rest, parts = diagnosis.findings[1:], []
    if rest:
        parts += ["**Also found**", _listed(rest)]
    if diagnosis.leads:
        parts += [f"**Leads**: {PARTLY}", _listed(diagnosis.leads)]
    if diagnosis.credit:
        listed = (*diagnosis.findings[: MOST + 1], *diagnosis.leads[:MOST])
        parts += _credit(diagnosis.credit, unsaid(diagnosis.credit, listed))
    parts += map(prose, diagnosis.notes)
    times = took(diagnosis.seconds)
    return [*parts, f"<sub>Diagnosis: {prose(times)}</sub>"] if times else parts


def smallest(case: "SmallestCase") -> str:
    """The case as it can be done by hand, and its test folded away."""
    tensors = "\n".join(f"{name} = {value}" for name, value in case.tensors.items())
    parts = [
        f"**Smallest failing case**: {code(case.problem.describe())}",
        fitted(tensors, "python"),
        f"{code(case.name)} at {prose(case.place)}: **{entry(case)}**",
    ]
    if case.test.strip():
        parts.append(folded(f"A pytest test of it, {length(case)}", fitted(case.test, "python")))
    return "\n\n".join(parts)


def _headline(finding: "Finding") -> Iterable[str]:
    yield f"**Why: {prose(finding.what, line=' ')}**"
    yield prose(finding.sentence)
    yield f"- {verb(finding)} {explains(finding, MOST, code)}\n- found by {prose('; '.join(remarks(finding)))}"
    yield from (_source(finding, line) for line in finding.lines[:MOST])
    if len(finding.lines) > MOST:
        yield f"… and {counted(len(finding.lines) - MOST, 'line')} more"


def lines(source: "SourceMap") -> list[str]:
    """The suspects of the user's file, with the lines around them."""
    shown = []
    for row in excerpt(source):
        shown += [f"{row.sign} {row.number:>4}  {row.text}"] if row else ["     ⋯"]
        shown += [f"          {note}" for note in row.notes] if row else []
    said = ", ".join(f"{sign} {meant}" for sign, _, meant in legend_of(source) if sign.strip())
    parts = [f"**Lines** of {code(source.file)}, on {code(source.problem)}", fenced("\n".join(shown), "text"), said]
    return [*parts, more(source)] if more(source) else parts


def _source(finding: "Finding", line: "SourceLine") -> str:
    """A line of source, and what it would have to read."""
    lines = "\n".join(changed(line))
    return f"{whose(finding).capitalize()}, {code(line.file)} line {line.line}:\n\n{fenced(lines, 'diff')}"


def _listed(findings: Sequence["Finding"]) -> str:
    """Findings, one a point, each with its evidence."""
    points = [_point(finding) for finding in findings[:MOST]]
    points += [f"- … and {len(findings) - MOST} more"] if len(findings) > MOST else []
    return "\n".join(points)


def _point(finding: "Finding") -> str:
    lines = [f"{code(line.file)} line {line.line}{_would_read(line)}" for line in finding.lines[:1]]
    said = "; ".join([f"{verb(finding)} {explains(finding, MOST, code)}", *map(prose, remarks(finding)), *lines])
    return f"- **{prose(finding.what, line=' ')}**. {prose(finding.sentence)} ({said})"


def _would_read(line: "SourceLine") -> str:
    """Behind a line's number: what it would read, or that it would not be there."""
    return f": {code(line.would_read)}" if line.would_read.strip() else f", {code(line.reads)}, left out"


def _credit(credit: "CreditMap", sentence: str) -> Iterable[str]:
    yield f"**Credit map**: {AXES}. {prose(sentence)}".rstrip()
    own, given = grids(credit)
    if not own:
        T = len(credit.reference)
        yield f"{shape((T, T))}: too large for more than {DRAWN} steps in text; the HTML report shows it."
        return
    pairs = zip(["reference", *own], ["yours", *given], strict=True)
    width = max(map(len, own)) + 4
    yield fenced("\n".join([*(f"{left:{width}}{right}" for left, right in pairs), "", legend(credit)]), "text")
