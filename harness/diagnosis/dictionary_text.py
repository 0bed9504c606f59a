"""What the fault dictionary says: edits of the reference as lines of source, and as sentences."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from ..edits import Edit, apply
from ..edits.source import Source
from ..errors import listed
from ..finding import SourceLine
from .mutants import FILE, Mutant, source

Edits = Sequence[Edit]


def lines(*edits: Edit) -> tuple[SourceLine, ...]:
    """The lines of the reference that edits change, each with what it would read; one where lines come or go.

    A line that several edits change is one line, with all of them made.
    """
    return tuple(line for group in _together(edits) for line in _changed(group))


def _together(edits: Edits) -> list[list[Edit]]:
    """Edits by the lines that they stand in."""
    groups: list[list[Edit]] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if groups and edit.start < _span(groups[-1])[1]:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _span(edits: Edits) -> tuple[int, int]:
    """From where the first line of these edits begins to where the last one ends, its line end included."""
    text, last = source(), edits[-1]
    whole = last.end > last.start and text[last.end - 1] == "\n"
    end = last.end if whole else text.find("\n", last.end) + 1
    return text.rfind("\n", 0, edits[0].start) + 1, end or len(text)


def _changed(edits: Edits) -> list[SourceLine]:
    start, end = _span(edits)
    old, new = source()[start:end], _made(edits, start, end)
    number = source().count("\n", 0, start) + 1
    old_lines, new_lines = (block.removesuffix("\n").split("\n") for block in (old, new))
    while old_lines and new_lines and old_lines[0] == new_lines[0]:
        number, old_lines, new_lines = number + 1, old_lines[1:], new_lines[1:]
    while old_lines and new_lines and old_lines[-1] == new_lines[-1]:
        old_lines, new_lines = old_lines[:-1], new_lines[:-1]
    if len(old_lines) != len(new_lines):
        old_lines, new_lines = (["\n".join(line.strip() for line in block)] for block in (old_lines, new_lines))
    return [
        SourceLine(FILE, number + k, a.strip(), b.strip())
        for k, (a, b) in enumerate(zip(old_lines, new_lines, strict=True))
        if a != b
    ]


def _made(edits: Edits, start: int, end: int) -> str:
    """A stretch of the reference with edits made."""
    moved = (replace(edit, start=edit.start - start, end=edit.end - start) for edit in edits)
    return apply(source()[start:end], *moved)


# --- in words --------------------------------------------------------------------------------------------------------


def what(mutant: Mutant, alone: Sequence[str] = ()) -> str:
    """'it does `dh_next = da[t] @ W_hh` where `dh_next = da[t] @ W_hh.T` is meant': the cause in a few words.

    Args:
        alone: the gradients that it is about, where others are right.
    """
    said = f"it {listed([_does(group) for group in _together(mutant)], 'and')}"
    return f"for {listed(alone, 'and')} alone, {said}" if alone else said


def sentence(mutant: Mutant, equivalents: int, alone: Sequence[str] = ()) -> str:
    """Where in the reference that is, so that a student finds the same step in his own code.

    Args:
        equivalents: further edits that give the same.
        alone: the gradients that it is about, where not all.
    """
    explained = listed(alone, "and") if alone else "gradients"
    read = listed([_reading(group) for group in _together(mutant)], "and")
    text = f"In terms of the reference, {FILE} gives exactly your {explained} if {read}. "
    text += f"Look for the place in your code that does the same step{f' for {explained}' if alone else ''}."
    if equivalents == 1:
        text += " One other edit of the reference gives the same numbers."
    elif equivalents:
        text += f" {equivalents} other edits of the reference give the same numbers."
    return text


def _does(edits: Edits) -> str:
    first, below = _moved(edits)
    if below:
        return f"does `{first}` only after `{below}`"
    if edits[0].what.startswith("it "):  # of several places at once: said in words
        return edits[0].what.removeprefix("it ")
    old, new = _texts(edits)
    if not new:
        return f"leaves out `{old}`"
    name, meant, given = _named(old, new)
    if name:
        return f"gives `{given}` for {name} where `{meant}` is meant"
    return f"does `{new}` where `{old}` is meant" if old else f"does `{new}` as well"


def _reading(edits: Edits) -> str:
    number = _changed(edits)[0].line
    first, below = _moved(edits)
    if below:
        return f"line {number}, `{first}`, came after `{below}`"
    old, new = _texts(edits)
    if not old:
        return f"line {number} were preceded by `{new}`"
    return f"line {number}, `{old}`, {f'read `{new}`' if new else 'were left out'}"


def _moved(edits: Edits) -> tuple[str, str]:
    """What was moved below what, where that is the change."""
    first, _, below = edits[0].what.partition(" moved below ")
    return first, below


def _named(old: str, new: str) -> tuple[str, str, str]:
    """The name, what is meant and what is done, of one entry of the dictionary of results: "h0": dh_next."""
    meant, given = (re.fullmatch(r'"(\w+)": ([^;]*)', text) for text in (old, new))
    return (meant[1], meant[2], given[2]) if meant and given and meant[1] == given[1] else ("", "", "")


def _texts(edits: Edits) -> tuple[str, str]:
    """What is meant and what is done, "" for nothing: of a lambda itself alone, else whole lines."""
    for start, end in _lambdas():
        if start <= edits[0].start and edits[-1].end <= end:
            return source()[start:end], _made(edits, start, end)
    changed = _changed(edits)
    old, new = _plain([line.reads for line in changed]), _plain([line.would_read for line in changed])
    return old, "" if new == "pass" else new


def _plain(blocks: Sequence[str]) -> str:
    """Lines of source as words of a sentence: without their comments, commas and colons at the end."""
    found = (re.sub(r"\s{2,}# .*$", "", line).rstrip(",:") for block in blocks for line in block.split("\n"))
    return "; ".join(filter(None, found))


@cache
def _lambdas() -> list[tuple[int, int]]:
    """Where the reference's lambdas stand."""
    parsed = Source(source())
    return [parsed.span(node) for node in ast.walk(parsed.tree) if isinstance(node, ast.Lambda)]
