"""The shelf: arrays kept on disk between runs, in the user's cache folder. What is missing or damaged is only slow."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
VARIABLE = "GRADPARITY_CACHE"


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
        with (folder() / f"{name}.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return {key: kept[key] for key in kept.files}
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
    except (OSError, RuntimeError) as error:  # RuntimeError: no home folder
        if beside:
            Path(beside).unlink(missing_ok=True)
        return getattr(error, "strerror", None) or str(error)
    return ""
