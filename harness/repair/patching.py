"""Patches of the user's own text: its encoding and line ends stay, and so does every line that is not changed."""

import difflib
import io
import os
import re
import stat
import tokenize
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ..errors import BadInput
from ..patch import Hunk, Patch
from ..writing import is_protected

HEAD = re.compile(r"([-+])(\d+)")  # in the line that says where a part of a unified diff begins
AROUND = 4  # lines beside a change, one more than a unified diff shows
LONG = 2_000  # lines: from here on those that are everywhere, such as blank ones, do not decide what is alike
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # str.splitlines parts at form feeds too, Python does not


def source_of(path: Path) -> str:
    """The text of a Python file as Python reads it: its own encoding, every line end "\\n".

    Raises:
        BadInput: it cannot be read, or is no text in the encoding that it says.
    """
    return re.sub(r"\r\n?", "\n", _text(path)[0])


def hunks(old: str, new: str) -> tuple[Hunk, ...]:
    """What differs between two texts, line by line."""
    head, tail = _alike(old, new)
    before = old.count("\n", 0, head)
    a, b = ([_bare(line) for line in _lines(text[head : len(text) - tail])] for text in (old, new))
    codes = difflib.SequenceMatcher(None, a, b, autojunk=max(len(a), len(b)) > LONG).get_opcodes()
    return tuple(Hunk(before + i + 1, tuple(a[i:j]), tuple(b[k:m])) for tag, i, j, k, m in codes if tag != "equal")


def _alike(old: str, new: str) -> tuple[int, int]:
    """How many characters of whole lines two texts begin with alike, and how many they end with: few lines differ."""
    short = min(len(old), len(new))
    head = bisect_left(range(1, short + 1), True, key=lambda n: old[:n] != new[:n])
    head = old.rfind("\n", 0, head) + 1
    rest = short - head
    tail = bisect_left(range(1, rest + 1), True, key=lambda n: old[-n:] != new[-n:])
    first = old.find("\n", len(old) - tail) + 1 if tail else 0
    return head, len(old) - first if first else 0


def unified(path: Path, shown: str, changes: Sequence[Hunk]) -> str:
    """The unified diff of a file, with its own line ends."""
    before = _lines(_text(path)[0])
    after = _patched(before, changes, shown)
    start, same = 0, 0
    if changes:  # what is far from all changes is not looked at, since a file may have a million lines
        start = max(0, changes[0].line - 1 - AROUND)
        same = max(0, len(before) - (changes[-1].line - 1 + len(changes[-1].before) + AROUND))
    old, new = (lines[start : len(lines) - same] for lines in (before, after))
    diff = difflib.unified_diff(old, new, f"a/{shown}", f"b/{shown}")
    moved = (HEAD.sub(lambda at: f"{at[1]}{int(at[2]) + start}", line) if line[:2] == "@@" else line for line in diff)
    return "".join(line if _end(line) else f"{line}\n\\ No newline at end of file\n" for line in moved)


def apply_patch(path: Path, patch: Patch) -> Path:
    """Make the patch in the file itself: links to it, its mode and its owner stay. The old text is kept beside it, at
    the path returned, and put back where the new one cannot be written.

    Raises:
        BadInput: the lines are no longer those that the patch changes, the file is write-protected, or the system
            refuses, because its folder is read-only or the disk full. Then the file is as it was.
    """
    text, encoding = _text(path)
    changed = "".join(_patched(_lines(text), patch.hunks, path.name)).encode(encoding)
    real = Path(os.path.realpath(path))
    if is_protected(real):
        raise BadInput(f"{path} is write-protected and was left as it is; make it writable, chmod u+w, or edit it")
    try:
        old = real.read_bytes()
        kept = _kept(real, old)
        try:
            _rewrite(real, changed, old)
        except BaseException:
            kept.unlink()
            raise
    except OSError as error:
        raise BadInput(f"{path} cannot be changed: {error.strerror}") from None
    return kept


def _kept(path: Path, data: bytes) -> Path:
    """A copy at FILE.orig, or FILE.orig2 and so on where there is one already: the very first file is never lost."""
    there, count = path.stat(), 1
    while True:
        kept = path.with_name(f"{path.name}.orig{count if count > 1 else ''}")
        try:
            number = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            break
        except FileExistsError:
            count += 1
    try:
        with open(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(number)
        with suppress(OSError, AttributeError):  # not ours to give away
            os.chown(kept, there.st_uid, there.st_gid)
        os.chmod(kept, stat.S_IMODE(there.st_mode))
    except BaseException:
        kept.unlink()
        raise
    return kept


def _rewrite(path: Path, new: bytes, old: bytes) -> None:
    """Put other bytes into a file; where that fails halfway, the old ones again, for which there was room."""
    with open(path, "r+b", buffering=0) as file:
        try:
            _fill(file, new)
        except BaseException:
            _fill(file, old)
            raise


def _fill(file: io.FileIO, data: bytes) -> None:
    file.seek(0)
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
    file.truncate(len(data))
    os.fsync(file.fileno())


def _text(path: Path) -> tuple[str, str]:
    """The text with its own line ends, and its encoding."""
    try:
        data = path.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding), encoding
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except (SyntaxError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is no Python source: {error}") from None


@lru_cache(maxsize=2)
def _lines(text: str) -> tuple[str, ...]:
    """The lines with their ends, parted where Python parts them."""
    return tuple(LINE.findall(text))


def _patched(lines: Sequence[str], changes: Sequence[Hunk], shown: str) -> list[str]:
    """The lines with the hunks made; a new line gets the end of the one it stands for, or of the first in the file."""
    usual = next((_end(line) for line in lines), "") or "\n"
    done, at = list[str](), 0
    for hunk in changes:
        start, stop = hunk.line - 1, hunk.line - 1 + len(hunk.before)
        old = lines[start:stop]
        if [_bare(line) for line in old] != list(hunk.before):
            raise BadInput(f"{shown} has changed since the patch was found (line {hunk.line}); look for it again")
        ends = [_end(line) or usual for line in old] + [usual] * (len(hunk.after) - len(old))
        done += lines[at:start]
        done += [line + end for line, end in zip(hunk.after, ends, strict=False)]
        at = stop
    done += lines[at:]
    if lines and done and not _end(lines[-1]):  # a last line without an end stays so
        done[-1] = _bare(done[-1])
    return done


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def _end(line: str) -> str:
    return line[len(_bare(line)) :]
