"""The shelf: arrays kept on disk between runs, in the user's cache folder. What is missing or damaged is only slow.

It holds so much and no more: what was not used for longest goes first.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
VARIABLE = "GRADPARITY_CACHE"
MOST = 128 << 20  # bytes: some thirty dictionaries; one of a reference that has changed since is never used again


def folder() -> Path:
    """Where the shelf is: $GRADPARITY_CACHE, or the system's place for caches."""
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gradparity"


def load(name: str) -> dict[str, Array] | None:
    """The arrays kept under a name; None where there are none, or they cannot be read whole. Pickles are refused."""
    try:
        # Opened here: np.load leaves the file open when it is no whole zip.
        path = folder() / f"{name}.npz"
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            arrays = {key: kept[key] for key in kept.files}
        with suppress(OSError):  # a shelf that is read-only can be read
            os.utime(path)
        return arrays
    except Exception:  # a damaged zip raises anything, and so does a home that cannot be found
        return None


def store(name: str, arrays: Mapping[str, Array]) -> str:
    """Keep arrays under a name, written beside and renamed. Returns why it could not be done, else ""."""
    beside = ""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder(), suffix=".part", delete=False) as file:
            beside = file.name
            np.savez(file, **dict[str, Any](arrays))  # numbers and bytes alone: nothing here is pickled
        os.replace(beside, folder() / f"{name}.npz")
        with suppress(FileNotFoundError):  # others tidy too
            _tidy(name.partition("-")[0])
    except (OSError, RuntimeError) as error:  # RuntimeError: no home folder
        if beside:
            Path(beside).unlink(missing_ok=True)
        return getattr(error, "strerror", None) or str(error)
    return ""


def _tidy(family: str) -> None:
    """Remove what was used last longest ago, until the rest is small enough; nothing that is not of this family."""
    found = [(path, path.stat()) for path in folder().glob(f"{family}-*.npz")]
    room = MOST
    for path, stat in sorted(found, key=lambda one: one[1].st_mtime, reverse=True):
        room -= stat.st_size
        if room < 0:
            path.unlink(missing_ok=True)
