"""Progress bars on stderr, for a person who is watching; nobody else sees any."""

import sys
from contextlib import contextmanager


@contextmanager
def progress(total: int):
    """A progress bar on stderr when a person is watching; gives the function that advances it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=total)
        yield lambda who: bar.update(task, advance=1, description=who)


@contextmanager
def searching():
    """A bar of edits tried and survivors on stderr when a person is watching."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    survived = TextColumn("{task.fields[survivors]} right on the first problem")
    columns = (TextColumn("edits tried"), BarColumn(), MofNCompleteColumn(), survived)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("edits", total=None, survivors=0)
        yield lambda done, total, survivors: bar.update(task, completed=done, total=total, survivors=survivors)
