"""Text that may be anybody's, so that it can be shown: names, messages and paths come from users' files."""

import unicodedata
from collections.abc import Sequence

LONGEST = 1000  # characters of a line that is said on stderr


def visible(text: str, keep: str = "") -> str:
    """The text with control, format and surrogate characters written out, since names come from users' files.

    An escape sequence would otherwise reach the terminal, a right-to-left override would turn a name around, and a
    lone surrogate could not be written to a file at all. `keep` are characters to leave alone, such as the newline.
    """
    return "".join(c if c in keep or c == " " or unicodedata.category(c)[0] not in "CZ" else _written(c) for c in text)


def shortened(line: str, most: int = LONGEST) -> str:
    """A line with its middle left out, and how much that is, where it is too long to be read."""
    left_out = len(line) - most
    return line if left_out <= 0 else f"{line[: most // 2]} [{left_out:,} characters] {line[-(most // 2) :]}"


def few(names: Sequence[str], most: int = 8) -> str:
    """'a, b, c and 20 more'."""
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _written(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode() if character != "\n" else "\\n"
