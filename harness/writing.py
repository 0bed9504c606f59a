"""Reading and writing files at the edge. A report is written beside and renamed, so that nothing half-written is left.

That goes for regular files, at the end of any symbolic links. What is none, such as a pipe or a terminal, is written to
as it is: renamed onto, it would be gone.
"""

import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import BadInput, listed


def writable(path: Path, inputs: Iterable[Path] = ()) -> None:
    """Raise BadInput where a report could not be written, or would destroy an input, before any work is done for it."""
    with _refused(path):
        there = _status(path)
        if there is None or stat.S_ISREG(there.st_mode):
            folder = Path(os.path.realpath(path)).parent
            if not folder.is_dir():
                raise BadInput(f"{path} cannot be written: there is no folder {folder_as_given(path)}; make it first")
            if not os.access(folder, os.W_OK):
                raise BadInput(f"{path} cannot be written: the folder {folder_as_given(path)} is read-only")
        if there is None:
            return
        if stat.S_ISDIR(there.st_mode):
            raise BadInput(f"{path} is a folder; name a file to write to")
        if stat.S_ISBLK(there.st_mode):
            raise BadInput(f"{path} is a disk; name a file to write to")
        for one in inputs:
            if stat.S_ISREG(there.st_mode) and (other := _status(one)) and os.path.samestat(there, other):
                what = "itself" if one == path else f"{one}, which is"
                raise BadInput(f"{path} is {what} read; name another file to write to")
        if is_protected(path):
            raise BadInput(f"{path} is write-protected; name another file, or make it writable: chmod u+w")


def folder_as_given(path: Path) -> Path:
    """The folder a report would go to, as the user wrote it, or where the link that the user wrote leads."""
    return Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent


def is_protected(path: Path) -> bool:
    """Whether nobody is to write to a file that is there: not even who could all the same, as root can."""
    return os.path.exists(path) and not (os.stat(path).st_mode & 0o222 and os.access(path, os.W_OK))


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all. Raises BadInput, with the system's reason."""
    data = text.encode()
    with _refused(path):
        there = _status(path)
        stream = _own_stream(there) if there else None
        if stream is not None:
            with open(stream, "wb", closefd=False) as file:
                file.write(data)
        elif there is None or stat.S_ISREG(there.st_mode):
            _exchange(Path(os.path.realpath(path)), data, there)
        else:
            with open(path, "wb") as file:
                file.write(data)


def _exchange(path: Path, data: bytes, there: os.stat_result | None) -> None:
    """Put a regular file in place at once, with the mode and the owner of the one that was there."""
    number, beside = tempfile.mkstemp(dir=path.parent)
    try:
        with open(number, "wb") as file:
            file.write(data)
        if there:
            with suppress(OSError, AttributeError):  # not ours to give away
                os.chown(beside, there.st_uid, there.st_gid)
        os.chmod(beside, stat.S_IMODE(there.st_mode) if there else 0o666 & ~_umask())  # a temporary file is private
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _own_stream(there: os.stat_result) -> int | None:
    """The number of our standard output or error where that is the file: opened anew, it would be emptied."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # a stream that is no file has no number
            number = stream.fileno()
            if os.path.samestat(there, os.fstat(number)):
                stream.flush()
                return number
    return None


def _status(path: Path) -> os.stat_result | None:
    """What is at a path, at the end of any symbolic links; None where nothing is."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Turn the system's refusal into BadInput."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}") from None


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
