"""Reading and writing files at the edge: written beside and renamed, so that nothing half-written is ever left."""

import os
import tempfile
from pathlib import Path

from .errors import BadInput, listed


def writable(path: Path) -> None:
    """Raise BadInput where a report could not be written, before any work is done for it."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder; name a file to write to")
    if not path.parent.is_dir():
        raise BadInput(f"{path} cannot be written: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise BadInput(f"{path} cannot be written: the folder {path.parent} is read-only")


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all. Raises BadInput, with the system's reason."""
    beside = ""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False, newline="\n") as file:
            beside = file.name
            file.write(text)
        os.chmod(beside, 0o666 & ~_umask())  # a temporary file is private; a report need not be
        os.replace(beside, path)
    except OSError as error:
        if beside:
            Path(beside).unlink(missing_ok=True)
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_text(path: Path) -> str:
    """The text of a file. Raises BadInput: missing, unreadable, or no UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not text; give a file that --json wrote") from None


def format_of(path: Path) -> str:
    """The report format that a path's ending asks for. Raises BadInput, naming the endings there are."""
    from ..reports import discover

    by_suffix = {report.suffix: name for name, report in discover().items() if report.suffix}
    if path.suffix not in by_suffix:
        raise BadInput(f"{path}: no report format ends in {path.suffix!r}; expected {listed(by_suffix)}")
    return by_suffix[path.suffix]
