"""Edits of Python source: small changes of one place, as text, so that comments, layout and line ends stay.

The fault dictionary makes mutants of the reference with them, repair makes cures of the user's code. Each kind of edit
is one file of this folder that holds a `KIND`; `propose` collects what all kinds have to offer.
"""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """One replacement: source[start:end] becomes `new`.

    Args:
        kind: the kind's name, such as "shift an index".
        start, end: character offsets in the source.
        new: the text that takes the place.
        line: the first line that is changed, from 1.
        what: the change in words: "dh[t + 1] for dh[t]".
    """

    kind: str
    start: int
    end: int
    new: str
    line: int
    what: str


def propose(source: str, functions: Collection[str] | None = None) -> tuple[Edit, ...]:
    """Every edit of every kind inside these functions, or all of the file.

    Args:
        functions: qualified names, "lstm", "RNN.backward"; what is nested in a function belongs to it.
    Returns:
        Edits in a fixed order, no two with the same resulting text; each result is valid Python and parses to another
        tree than the source.
    """
    raise NotImplementedError


def apply(source: str, *edits: Edit) -> str:
    """The source with these edits made. Raises ValueError where two overlap."""
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        source = source[: edit.start] + edit.new + source[edit.end :]
    return source
