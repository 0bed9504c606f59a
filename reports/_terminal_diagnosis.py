"""The diagnosis in the terminal: the cause first, what else was found below it, two small maps, the smallest case."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

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
from ._figures import counted, shape, visible
from ._layout import indented, plain
from ._source import excerpt, more
from ._source import legend as legend_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..harness.finding import CreditMap, Diagnosis, Finding, SmallestCase, SourceMap

MOST = 4  # gradients of a finding, lines of source, further findings, leads
SURE = {3: "bold red", 2: "yellow", 1: "", 0: "", -1: ""}
SIGNED = {"-": "red", "+": "green", "○": "bold red", "!": "bold red", "✗": "bold red"}


def cause(diagnosis: "Diagnosis") -> Iterator[Iterable[Any]]:
    """The headline, what explains most, in a block."""
    if diagnosis.findings:
        yield _headline(diagnosis.findings[0])
    elif diagnosis.seconds:
        yield [plain(UNEXPLAINED, "bold")]
    if diagnosis.source:
        yield _lines(diagnosis.source)


def besides(diagnosis: "Diagnosis", console: "Console") -> Iterator[Iterable[Any]]:
    """What else there is to show of it, but the test of the smallest case, in blocks."""
    rest = diagnosis.findings[1:]
    if rest:
        yield _further("Also found", rest)
    if diagnosis.leads:
        yield _further(f"Leads: {PARTLY}", diagnosis.leads)
    if diagnosis.credit:
        listed = (*diagnosis.findings[: MOST + 1], *diagnosis.leads[:MOST])
        yield _credit(diagnosis.credit, unsaid(diagnosis.credit, listed), console)
    if diagnosis.smallest:
        yield _smallest(diagnosis.smallest)
    times = took(diagnosis.seconds)
    if said := [*diagnosis.notes, *([f"Diagnosis: {times}"] if times else [])]:
        yield [plain(text, "dim") for text in said]


def _headline(finding: "Finding") -> Iterator[Any]:
    yield plain(f"Why: {visible(finding.what)}", "bold")
    yield plain(finding.sentence)
    yield indented(_evidence(finding))
    yield from _source(finding)


def _evidence(finding: "Finding") -> "Table":
    """Which gradients a finding explains, how well, and how that is known."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(verb(finding), plain(explains(finding, MOST)))
    grid.add_row("found by", plain("; ".join(remarks(finding))))
    return grid


def _lines(source: "SourceMap") -> Iterator[Any]:
    """The suspects of the user's file, with the lines around them."""
    title = plain(f"Lines of {visible(source.file)}, on {source.problem}")
    title.stylize("bold", 0, len("Lines"))
    yield title
    for row in excerpt(source):
        if row is None:
            yield indented(plain("     ⋯", "dim"))
            continue
        yield indented(_unwrapped(f"{row.sign} {row.number:>4}  {visible(row.text)}", SURE[row.sure]))
        yield from (indented(_unwrapped(f"          {visible(note)}", "dim")) for note in row.notes)
    yield indented(plain(", ".join(f"{sign} {said}" for sign, _, said in legend_of(source) if sign.strip()), "dim"))
    if said := more(source):
        yield indented(plain(said, "dim"))


def _unwrapped(text: str, style: str) -> "Text":
    """A line of source, which is cut rather than wrapped."""
    line = plain(text, style)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _source(finding: "Finding") -> Iterator[Any]:
    """Lines of source, and what they would have to read."""
    for line in finding.lines[:MOST]:
        yield indented(plain(f"{whose(finding)}, {visible(line.file)} line {line.line}:", "dim"))
        yield from (indented(indented(plain(one, SIGNED[one[0]]))) for one in changed(line))
    if len(finding.lines) > MOST:
        yield indented(plain(f"and {counted(len(finding.lines) - MOST, 'line')} more", "dim"))


def _further(title: str, findings: Sequence["Finding"]) -> Iterator[Any]:
    yield plain(title, "bold")
    for finding in findings[:MOST]:
        text = plain(f"{visible(finding.what)}: {finding.sentence}")
        text.stylize("bold", 0, len(visible(finding.what)))
        yield indented(text)
        said = "; ".join([f"{verb(finding)} {explains(finding, MOST)}", *remarks(finding)])
        yield indented(indented(plain(said, "dim")))
        yield from map(indented, _source(finding))
    if len(findings) > MOST:
        yield indented(plain(f"and {len(findings) - MOST} more", "dim"))


def _credit(credit: "CreditMap", sentence: str, console: "Console") -> Iterator[Any]:
    from rich.table import Table

    title = plain(f"Credit map: {AXES}")
    title.stylize("bold", 0, len("Credit map"))
    yield title
    if sentence:
        yield plain(sentence)
    own, given = grids(credit)
    if not own:
        T = len(credit.reference)
        yield plain(f"{shape((T, T))}: more than {DRAWN} steps are shown by the HTML report", "dim")
        return
    beside = 2 * len(own[-1]) + 4 + 4 <= console.width
    maps = Table.grid(padding=(0, 4 if beside else 0, 0, 0))
    left, right = _map("reference", own), _map("yours", given)
    rows = [(left, right)] if beside else [(left,), (right,)]
    for row in rows:
        maps.add_row(*row)
    yield indented(maps)
    yield indented(plain(legend(credit), "dim"))


def _map(title: str, lines: Iterable[str]) -> "Text":
    """A map's lines, what is wrong in them coloured."""
    from rich.text import Text

    head, *rows = lines
    signs = {sign: style for sign, style in SIGNED.items() if sign not in "-+"}
    painted = [Text(row, no_wrap=True) for row in rows]
    for row in painted:
        for sign, style in signs.items():
            row.highlight_words([sign], style)
    return Text("\n", no_wrap=True).join([Text(title), Text(head, "dim"), *painted])


def _smallest(case: "SmallestCase") -> Iterator[Any]:
    title = plain(f"Smallest failing case: {case.problem.describe()}")
    title.stylize("bold", 0, len("Smallest failing case"))
    yield title
    for name, value in case.tensors.items():
        yield indented(plain(f"{visible(name)} = {value}"))
    yield indented(plain(f"{visible(case.name)} at {visible(case.place)}: {entry(case)}", "bold"))
    if case.test.strip():
        yield indented(plain(f"--html and --markdown hold a pytest test of it, {length(case)}", "dim"))
