"""The terminal: the headline, then a line for what matches and a table for what does not."""

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from ..harness.compare import MATCH, Comparison, Difference, mismatches
from . import Report
from ._figures import MEANINGS, NONE, cosine, figure, mark, matching, ratio, shape, signed, versions, visible
from ._layout import COLOURS, indented, marked, new_table, plain, put, wish
from ._terminal_diagnosis import besides, cause
from ._terminal_repair import mended

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..backends import Backend
    from ..harness.result import Panel, Result

WIDTH = 100  # of a report that is written to a file
WIDE = 136  # from here on, words and figures stand in one table
MOST = 40  # rows of one comparison; the rest is counted


def render(result: "Result") -> str:
    """The report as text without colour."""
    from rich.console import Console

    file = StringIO()
    show(result, Console(file=file, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False))
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def show(result: "Result", console: "Console | None" = None) -> None:
    """Print the result, on standard output unless told otherwise."""
    put(console, lambda console: _report(result, console))


def show_backends(backends: Sequence["Backend"], console: "Console | None" = None) -> None:
    """What is installed, in which version, and how to get the rest."""
    put(console, lambda _: _backends(backends))


def _report(result: "Result", console: "Console") -> Iterator[Any]:
    yield marked(result.verdict, result.headline, "bold")
    yield from (plain(note, "dim") for note in result.notes)
    yield plain("")
    alone = len(result.panels) == 1
    for panel in result.panels:
        if panel.verdict == MATCH and not alone and not panel.diagnosis and not panel.repair:
            yield marked(panel.verdict, f"{visible(panel.title)}: {panel.sentence}")
        else:
            yield from _panel(panel, console, alone, result.threshold)
            yield plain("")
    absent = [maker for maker in result.makers if maker.status not in ("ok", "unsupported")]
    if absent and result.panels and result.panels[-1].verdict == MATCH and not alone:
        yield plain("")
    for maker in absent:
        yield marked(maker.status, f"{visible(maker.name)} {maker.status}: {maker.detail}")


def _panel(panel: "Panel", console: "Console", alone: bool, threshold: float) -> Iterator[Any]:
    """All of one problem; what matches takes a line, unless the problem is the only one."""
    yield marked(panel.verdict, panel.title, "bold")
    yield from (indented(plain(text)) for text in (panel.sentence, *panel.notes))
    for block in _told(panel, console):
        yield plain("")
        yield from map(indented, block)
    if len(panel.matrix.names) > 2:
        yield plain("")
        yield indented(_matrix(panel, threshold))
    for compared in panel.comparisons:
        if compared.verdict != MATCH:
            yield from _comparison(compared, list(mismatches(compared)), console)
    agreeing = [compared for compared in panel.comparisons if compared.verdict == MATCH]
    if alone and panel.verdict == MATCH and agreeing:
        yield from _comparison(agreeing[0], list(agreeing.pop(0).differences), console)
    if agreeing:
        yield plain("")
    for compared in agreeing:
        text = f"{visible(compared.a)}: {matching(len(compared.differences))}, largest ratio {ratio(compared.ratio)}"
        yield indented(marked(MATCH, text))
    if alone and panel.matches:
        yield plain("")
        yield indented(_names(panel))


def _told(panel: "Panel", console: "Console") -> Iterator[Iterable[Any]]:
    """Why it is wrong, how to mend it, and what else was found, in blocks."""
    if panel.diagnosis:
        yield from cause(panel.diagnosis)
    if panel.repair:
        yield mended(panel.repair)
    if panel.diagnosis:
        yield from besides(panel.diagnosis, console)


def _comparison(compared: Comparison, shown: list[Difference], console: "Console") -> Iterator[Any]:
    yield plain("")
    yield indented(plain(f"{visible(compared.a)} against {visible(compared.b)}", "bold"))
    wide, columns = console.width >= WIDE, tuple(MEANINGS)
    table = _differences(shown[:MOST], columns, wide)
    if not wide and wish(table, console) > console.width - 2:
        columns = columns[:3]
        table = _differences(shown[:MOST], columns, wide)
    yield indented(table)
    if len(shown) > MOST:
        yield indented(plain(f"and {len(shown) - MOST} more", "dim"))
    for d in shown[:MOST]:
        said = [f"at {d.place}"] if d.place else []
        said += _remarks(d)
        if d.ratio is not None:  # the figures that found no room in the table
            said += [f"{_title(name)} {value}" for name, value in _figures(d).items() if name not in columns]
        if said and not wide and (d.verdict != MATCH or d.note):
            line = plain(f"{visible(d.name)}: {'; '.join(said)}")
            line.stylize("bold", 0, len(visible(d.name)))
            yield indented(line)
    rest = [visible(d.name) for d in compared.differences if d.verdict == MATCH]
    if rest and len(shown) < len(compared.differences):
        yield indented(marked(MATCH, f"{matching(len(rest))}" + (f": {', '.join(rest)}" if len(rest) <= MOST else "")))


def _remarks(d: Difference) -> list[str]:
    """What is to be said of a gradient beside its figures and its place."""
    said = [] if d.verdict in (MATCH, "mismatch") else [d.verdict]
    if d.value is not None and d.verdict != MATCH:
        said.append(f"{figure(d.value)} against {figure(d.value_b)}")
    return [*said, d.note] if d.note else said


def _figures(d: Difference) -> dict[str, str]:
    """The figures of a gradient under the names of their columns."""
    shown = (figure(d.max_norm), figure(d.noise), ratio(d.ratio), figure(d.abs_sum), figure(d.relative),
             cosine(d.cosine), signed(d.signed_sum))  # fmt: skip
    return dict(zip(MEANINGS, shown, strict=True))


def _title(name: str) -> str:
    return f"{name} (a trap)" if name == "signed sum" else name


def _differences(differences: Iterable[Difference], columns: tuple[str, ...], wide: bool) -> "Table":
    """These figures, one gradient a row; on a wide terminal also where, which verdict and what to note."""
    table = new_table()
    table.add_column("gradient", overflow="fold", min_width=8)
    if wide:
        table.add_column("where", overflow="fold", max_width=34)
    for name in columns:
        style = "dim italic" if name == "signed sum" else ""
        table.add_column(
            _title(name).replace(" (", "\n(").replace(" |", "\n|"), justify="right", no_wrap=True, style=style
        )
    if wide:
        table.add_column("verdict", no_wrap=True)
        table.add_column("note", overflow="fold", ratio=1)
    for d in differences:
        name, colour = plain(f"{mark(d.verdict)} {visible(d.name)}"), COLOURS[mark(d.verdict)]
        name.stylize(colour, 0, 1)
        figures = _figures(d)
        cells = [plain(figures[name], f"bold {colour}" if name == "ratio" else "") for name in columns]
        if wide:
            note = "; ".join(one for one in _remarks(d) if one != d.verdict)
            place = d.place or (shape(d.shape) if d.verdict != MATCH else "") or NONE
            cells = [plain(place), *cells, plain(d.verdict, colour), plain(note)]
        table.add_row(name, *cells)
    return table


def _matrix(panel: "Panel", threshold: float) -> "Table":
    table = new_table()
    table.add_column("ratio", overflow="fold")
    for name in panel.matrix.names:
        broken = visible(name).replace("_", "_\n")  # six backends have to fit into 80 columns
        table.add_column(plain(broken), justify="right", vertical="bottom", overflow="fold")
    for name, ratios in zip(panel.matrix.names, panel.matrix.ratios, strict=True):
        table.add_row(plain(visible(name)), *(_cell(value, threshold) for value in ratios))
    return table


def _cell(value: float | None, threshold: float) -> "Text":
    if value is None:
        return plain("·", "dim")
    verdict = MATCH if value <= threshold else "mismatch"
    return plain(f"{mark(verdict)} {ratio(value)}", COLOURS[mark(verdict)])


def _names(panel: "Panel") -> "Table":
    table = new_table()
    for title in ("you gave", "read as", "matched by"):
        table.add_column(title, overflow="fold")
    for one in panel.matches:
        table.add_row(*(plain(visible(text)) for text in (one.given, one.matched, one.by)))
    return table


def _backends(backends: Sequence["Backend"]) -> Iterator[Any]:
    table = new_table()
    table.add_column("backend", no_wrap=True)
    table.add_column("versions", overflow="fold")
    table.add_column("what it is, or how to get it", overflow="fold", ratio=1)
    for backend in backends:
        verdict = "missing" if backend.missing else "ok"
        name = plain(f"{mark(verdict)} {visible(backend.name)}", COLOURS[mark(verdict)])
        table.add_row(
            name,
            plain("" if backend.missing else versions(backend.versions)),
            plain(backend.missing or backend.title),
        )
    yield table


REPORT = Report("terminal", ".txt", "plain text, as the terminal shows it", render)
