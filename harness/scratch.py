"""Folders for a while: gone at the end of a run, and with the next run where one was killed before it could tidy up."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

try:
    import fcntl
except ImportError:  # Windows: what a killed run has left stays
    fcntl = None

PREFIX = "gradparity-tmp-"
OURS = re.compile(re.escape(PREFIX) + r"\w{8}")
YOUNG = 60.0  # seconds in which a folder may be one whose owner has not locked it yet


@contextmanager
def scratch() -> Iterator[str]:
    """An empty folder. Its owner holds a lock on it for as long as it lives: that is how others know."""
    sweep()
    folder = tempfile.mkdtemp(prefix=PREFIX)
    lock = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def sweep() -> None:
    """Remove the folders of runs that are no more."""
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).iterdir():
            if OURS.fullmatch(folder.name) and _abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _abandoned(folder: Path) -> bool:
    try:
        state = folder.lstat()
    except OSError:
        return False
    if fcntl is None or state.st_uid != os.getuid() or time() - state.st_mtime < YOUNG:
        return False
    lock = _lock(str(folder))
    if lock is not None:
        os.close(lock)
    return lock is not None


def _lock(folder: str) -> int | None:
    """A descriptor of a folder that holds its lock; None where another has it, or nobody can."""
    if fcntl is None:
        return None
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    return held
