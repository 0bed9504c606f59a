"""The noun: one replacement in a text."""

import re
from dataclasses import dataclass

from .source import LINE_END, line_starts

WORD = re.compile(r"\w+|[^\w\s]")


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


def apply(source: str, *edits: Edit) -> str:
    """The source with these edits made, insertions at one place in the order given.

    Raises ValueError where two edits overlap.
    """
    pieces, done = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < done:
            raise ValueError(f"edits overlap in line {edit.line}: {edit.what}")
        pieces += [source[done : edit.start], edit.new]
        done = edit.end
    return "".join([*pieces, source[done:]])


def made(source: str, edit: Edit) -> tuple[int, int, str]:
    """The least replacement that comes to the same text: equal for two edits where their results are, and only there.

    Found without making the text, which may be long: only what is around the edit is looked at.
    """
    start, length, by = edit.start, len(source), len(edit.new) - (edit.end - edit.start)

    def result(at: int) -> str:
        """A character of the text with the edit made."""
        return edit.new[at - start] if start <= at < start + len(edit.new) else source[at if at < start else at - by]

    first, short = start, min(length, length + by)
    while first < short and source[first] == result(first):
        first += 1
    last = min(length - edit.end, short - first)  # characters behind, counted from the end
    while last < short - first and source[length - 1 - last] == result(length + by - 1 - last):
        last += 1
    return first, length - last, "".join(map(result, range(first, length + by - last)))


def plainness(source: str, edit: Edit) -> tuple[int, int, int, int, str]:
    """A key to sort edits by, the plainest first: how many words and signs they change, how many characters, where."""
    old = source[edit.start : edit.end]
    words = len(WORD.findall(edit.new)) + len(WORD.findall(old))
    return words, len(edit.new) + len(old), edit.line, edit.start, edit.new


def line_of(source: str, n: int) -> str:
    """The text of line n, from 1, without its line end and the white space around it."""
    starts = [*line_starts(source), len(source)]
    return source[starts[n - 1] : starts[n]].strip()


def line_change(source: str, edit: Edit) -> tuple[str, str]:
    """What the first changed line reads and what it would read; "" for the one where lines are put in or left out."""
    old = source[edit.start : edit.end]
    if not old and LINE_END.search(edit.new):
        return "", LINE_END.split(edit.new.strip())[0]
    if not edit.new and LINE_END.search(old):
        return line_of(source, edit.line), ""
    before, after = (LINE_END.split(text)[edit.line - 1 :] for text in (source, apply(source, edit)))
    return line_of(source, edit.line), next((b.strip() for a, b in zip(before, after, strict=False) if a != b), "")


def common_ends(old: str, new: str) -> tuple[int, int]:
    """How many characters two texts begin with alike, and of the rest how many they end with alike."""
    short = min(len(old), len(new))
    head = next((k for k in range(short) if old[k] != new[k]), short)
    tail = next((k for k in range(short - head) if old[-1 - k] != new[-1 - k]), short - head)
    return head, tail
