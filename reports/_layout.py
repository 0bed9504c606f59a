"""Pieces that the terminal report is laid out from; Rich is imported when one of them is made."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ._figures import mark, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

COLOURS = {"✓": "green", "✗": "red", "!": "yellow", "?": "yellow", "○": "yellow"}
ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "○": "o", "×": "x", "·": ".", "…": "~", "−": "-", "░": ":", "▒": "=", "▓": "%", "█": "#"}
)


def put(console: "Console | None", parts: "Callable[[Console], Iterable[Any]]") -> None:
    """Print all of it at once. Raises OSError where that cannot be written: nobody reads it, or the disk is full."""
    from rich.console import Console

    console = console or Console()
    with console.capture() as captured:
        for part in parts(console):
            console.print(part, highlight=False)
    text = captured.get()
    if not console.encoding.lower().startswith("utf"):  # a terminal lacks our signs, and letters that users' names have
        text = text.translate(ASCII).encode(console.encoding, "backslashreplace").decode(console.encoding)
    console.file.write(text)
    console.file.flush()


def plain(text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(visible(text, keep="\n"), style=style)


def marked(verdict: str, text: str, style: str = "") -> "Table":
    """A line with its mark in front; where it wraps, it stays right of the mark."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(plain(mark(verdict), f"bold {COLOURS[mark(verdict)]}"), plain(text, style))
    return grid


def indented(part: Any) -> "Padding":
    from rich.padding import Padding

    return Padding(part, (0, 0, 0, 2), expand=False)


def new_table() -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")


def wish(table: "Table", console: "Console") -> int:
    """The columns that a table would like to have."""
    return console.measure(table, options=console.options.update(width=1000)).maximum
