"""A repair in the terminal: the patch as a coloured diff, what else would do, and what the search has tried."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..harness.visible import shortened
from ._layout import indented, plain
from ._repair import APPLY, NOTHING, as_well, diff, others, said, searched, spent, tested

if TYPE_CHECKING:
    from ..harness.patch import Patch, Repair

MOST = 4  # other patches
HEADS = ("bold", "cyan")
STYLES = {"---": "bold", "+++": "bold", "@@": "cyan", "-": "red", "+": "green"}


def mended(repair: "Repair") -> Iterator[Any]:
    """All of it, in one block."""
    if repair.patches:
        yield from _first("Repair", repair.patches)
        yield plain(APPLY)
        yield plain(searched(repair), "dim")
    else:
        yield plain(f"{NOTHING}.", "bold")
        yield plain(searched(repair))
        if repair.partial:
            yield from _first("Partial repair", repair.partial)
    if figures := spent(repair):
        yield plain(f"Search: {figures}", "dim")


def _first(title: str, patches: "Sequence[Patch]") -> Iterator[Any]:
    """The first patch with its diff, the others in a sentence each."""
    text = plain(f"{title}: {said(patches[0])}")
    text.stylize("bold", 0, len(title))
    yield text
    yield from map(indented, map(_code, diff(patches[0]).rstrip().split("\n")))
    yield plain(tested(patches[0]))
    if rest := others(patches):
        yield plain(f"{as_well(rest)}:")
        yield from (indented(plain(said(patch))) for patch in rest[:MOST])
        if len(rest) > MOST:
            yield indented(plain(f"and {len(rest) - MOST} more", "dim"))


def _code(line: str) -> Any:
    """A line of a diff. Where it wraps, it stays right of its sign, so that its rest is not taken for a line."""
    from rich.table import Table

    line = shortened(line)
    style = next((style for start, style in STYLES.items() if line.startswith(start)), "")
    if style in HEADS:
        return plain(line, style)
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(plain(line[:1], style), plain(line[1:].expandtabs(4), style))
    return grid
