"""What the fault dictionary says: edits of the reference as lines of source, and as sentences."""

from collections.abc import Sequence

from ..edits import Edit
from ..errors import listed
from ..finding import SourceLine
from .mutants import FILE, Mutant, source


def lines(edit: Edit) -> tuple[SourceLine, ...]:
    """The lines of the reference that an edit changes, each with what it would read; one where lines come or go."""
    text = source()
    start = text.rfind("\n", 0, edit.start) + 1
    whole_lines = edit.end > edit.start and text[edit.end - 1] == "\n"
    end = edit.end - 1 if whole_lines else text.find("\n", edit.end)
    new = text[start : edit.start] + edit.new.removesuffix("\n" if whole_lines else "") + text[edit.end : end]
    old_lines, new_lines = (block.split("\n") for block in (text[start:end], new))
    number = text.count("\n", 0, start) + 1
    while old_lines and new_lines and old_lines[0] == new_lines[0]:
        number, old_lines, new_lines = number + 1, old_lines[1:], new_lines[1:]
    while old_lines and new_lines and old_lines[-1] == new_lines[-1]:
        old_lines, new_lines = old_lines[:-1], new_lines[:-1]
    if len(old_lines) != len(new_lines):
        old_lines, new_lines = ([_joined(block)] for block in (old_lines, new_lines))
    return tuple(
        SourceLine(FILE, number + k, a.strip(), b.strip())
        for k, (a, b) in enumerate(zip(old_lines, new_lines, strict=True))
        if a != b
    )


def _joined(block: Sequence[str]) -> str:
    return "\n".join(line.strip() for line in block)


def what(mutant: Mutant) -> str:
    """'line 118 of the reference reads `dh_next = da[t] @ W_hh`': the cause in a few words."""
    said = [f"line {line.line} {_reading('reads', line)}" for edit in mutant for line in lines(edit)[:1]]
    return f"as if in the reference {listed(said, 'and')}"


def sentence(mutant: Mutant, equivalents: int, subject: str = "Your gradients are") -> str:
    """The same so that a student understands it.

    Args:
        equivalents: further edits that give the same.
    """
    parts = []
    for edit in mutant:
        first = lines(edit)[0]
        reading = _reading("read", first)
        parts.append(f"line {first.line}, `{_short(first.reads)}`, {reading} ({edit.what})")
    text = f"{subject} exactly what the reference gives if {listed(parts, 'and')}. "
    text += "Look for the place in your code that does the same step."
    if equivalents == 1:
        text += " One other edit of the reference gives the same numbers."
    elif equivalents:
        text += f" {equivalents} other edits of the reference give the same numbers."
    return text


def _reading(verb: str, line: SourceLine) -> str:
    if not line.would_read:
        return "were left out" if verb == "read" else "is left out"
    return f"{verb} `{_short(line.would_read)}`"


def _short(text: str) -> str:
    """Several lines as one."""
    return "; ".join(text.split("\n"))
