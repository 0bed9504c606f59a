"""Progress bars on stderr, for a person who is watching; nobody else sees any."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .visible import visible


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], Any]]:
    """A bar of what has answered; gives the function that advances it."""
    with bar("{task.description:<18}", total) as update:
        yield lambda who: update(advance=1, description=visible(who))


@contextmanager
def searching() -> Iterator[Callable[[int, int, int], Any]]:
    """A bar of edits tried and survivors."""
    with bar("edits tried", None, "{task.fields[survivors]} right on the first problem", survivors=0) as update:
        yield lambda done, total, survivors: update(completed=done, total=total, survivors=survivors)


@contextmanager
def bar(before: str, total: int | None, behind: str = "", **fields: Any) -> Iterator[Callable[..., Any]]:
    """A bar between two texts; gives the function that updates it, which does nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda **_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    texts = [TextColumn(before, markup=False), *([TextColumn(behind)] if behind else [])]
    columns = (texts[0], BarColumn(), MofNCompleteColumn(), *texts[1:])
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("starting", total=total, **fields)
        yield lambda **changes: shown.update(task, **changes)
