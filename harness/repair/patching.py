"""Patches of the user's own text: its encoding and line ends stay, and so does every line that is not changed."""

import difflib
import io
import os
import re
import shutil
import tokenize
from collections.abc import Sequence
from pathlib import Path

from ..errors import BadInput
from ..patch import Hunk, Patch

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # str.splitlines parts at form feeds too, Python does not


def source_of(path: Path) -> str:
    """The text of a Python file as Python reads it: its own encoding, every line end "\\n".

    Raises:
        BadInput: it cannot be read, or is no text in the encoding that it says.
    """
    return "".join(_bare(line) + "\n" * bool(_end(line)) for line in _lines(_text(path)[0]))


def hunks(old: str, new: str) -> tuple[Hunk, ...]:
    """What differs between two texts, line by line."""
    a, b = ([_bare(line) for line in _lines(text)] for text in (old, new))
    codes = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return tuple(Hunk(i + 1, tuple(a[i:j]), tuple(b[k:m])) for tag, i, j, k, m in codes if tag != "equal")


def unified(path: Path, shown: str, changes: Sequence[Hunk]) -> str:
    """The unified diff of a file, with its own line ends."""
    before = _lines(_text(path)[0])
    diff = difflib.unified_diff(before, _patched(before, changes, shown), f"a/{shown}", f"b/{shown}")
    return "".join(line if _end(line) else f"{line}\n\\ No newline at end of file\n" for line in diff)


def apply_patch(path: Path, patch: Patch) -> Path:
    """Write the file with the patch made, as a whole or not at all. The old one is kept beside, at the path returned.

    Raises:
        BadInput: the lines are no longer those that the patch changes, or the folder cannot be written to.
    """
    text, encoding = _text(path)
    changed = "".join(_patched(_lines(text), patch.hunks, path.name))
    kept = _beside(path)
    new = path.with_name(f"{path.name}.new")
    try:
        shutil.copy2(path, kept)
        new.write_bytes(changed.encode(encoding))
        shutil.copymode(path, new)
        os.replace(new, path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise BadInput(f"{path} cannot be changed: {error.strerror}") from None
    return kept


def _beside(path: Path) -> Path:
    """FILE.orig, or FILE.orig2 and so on where there is one already: the very first file is never lost."""
    kept, count = path.with_name(f"{path.name}.orig"), 1
    while kept.exists():
        count += 1
        kept = path.with_name(f"{path.name}.orig{count}")
    return kept


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


def _lines(text: str) -> list[str]:
    """The lines with their ends, parted where Python parts them."""
    return LINE.findall(text)


def _patched(lines: list[str], changes: Sequence[Hunk], shown: str) -> list[str]:
    """The lines with the hunks made; a new line gets the end of the one it stands for, or of the first in the file."""
    usual = next((_end(line) for line in lines), "") or "\n"
    done, at = [], 0
    for hunk in changes:
        start, stop = hunk.line - 1, hunk.line - 1 + len(hunk.before)
        old = lines[start:stop]
        if [_bare(line) for line in old] != list(hunk.before):
            raise BadInput(f"{shown} has changed since the patch was found (line {hunk.line}); look for it again")
        ends = [_end(line) or usual for line in old] + [usual] * (len(hunk.after) - len(old))
        done += lines[at:start] + [line + end for line, end in zip(hunk.after, ends, strict=False)]
        at = stop
    done += lines[at:]
    if lines and done and not _end(lines[-1]):  # a last line without an end stays so
        done[-1] = _bare(done[-1])
    return done


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def _end(line: str) -> str:
    return line[len(_bare(line)) :]
