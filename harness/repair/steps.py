"""The steps of a search: versions of the user's file, and edits with how they came out."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..edits import Edit
from ..edits.source import Source
from .trial import RAISED, Outcome, Survey

Place = tuple[int, int, str]
PER_MUTANT = (0.5, 20.0)  # seconds, and times what the original takes: what a mutant may take, the larger of them


@dataclass(frozen=True)
class Version:
    """The user's file after some edits, and how it was found to do."""

    source: str
    edits: tuple[Edit, ...]
    survey: Survey


@dataclass(frozen=True)
class Step:
    """An edit of a version, and how it came out."""

    edit: Edit
    outcome: Outcome


def wrong_on(survey: Survey) -> list[int]:
    """The questions that were answered, and not rightly."""
    whole = (1 << len(survey.names)) - 1
    return [k for k, right in enumerate(survey.outcome.right) if right not in (RAISED, whole)]


def patience(version: Version) -> float:
    """Seconds that a mutant of a version may take."""
    least, times = PER_MUTANT
    return max(least, times * version.survey.seconds)


def place(edit: Edit) -> Place:
    """What an edit does to the text, whatever it is called."""
    return edit.start, edit.end, edit.new


def touched(source: str, edit: Edit) -> range:
    """The lines, from 1, that an edit changes something of."""
    last = edit.line + source.count("\n", edit.start, edit.end)
    return range(edit.line, last + 1)


def moved(edits: Iterable[Edit], done: Iterable[Edit]) -> set[Place]:
    """Where edits stand after others were made; those that overlap with one of them are gone."""
    places = {place(edit) for edit in edits}
    for start, end, new in map(place, done):
        by = len(new) - (end - start)
        before = {each for each in places if each[1] <= start}
        places = before | {(a + by, b + by, text) for a, b, text in places - before if a >= end}
    return places


def distinct(steps: Iterable[Step], before: Outcome) -> list[Edit]:
    """The edits that spoil nothing that was right; of those that give the same gradients the first.

    What was put to the first question alone may yet differ on the others.
    """
    found: dict[object, Edit] = {}
    for step in steps:
        outcome, whole = step.outcome, len(step.outcome.right) == len(before.right)
        unchanged = whole and outcome.digest == before.digest
        if outcome.fate == "ran" and not unchanged and not max(before.right[0], 0) & ~outcome.right[0]:
            found.setdefault(outcome.digest if whole else step.edit, step.edit)
    return list(found.values())


def gains(after: Outcome, before: Outcome) -> bool:
    kept = all(a & max(b, 0) == max(b, 0) for a, b in zip(after.right, before.right, strict=True) if a != RAISED)
    raised = any(a == RAISED != b for a, b in zip(after.right, before.right, strict=True))
    return kept and not raised and height(after) > height(before)


def height(outcome: Outcome) -> tuple[int, float]:
    """How much is right: whole gradients, on the first problem and on the shorter ones, then entries."""
    return sum(max(marks, 0).bit_count() for marks in outcome.right), round(outcome.share, 6)


def ran(text: Source, edit: Edit, lines: frozenset[int]) -> bool:
    """Whether the statement that an edit is in ran, or that it spans."""
    statement = text.statement(edit.start, edit.end)
    if statement is None:
        return True
    start, end = text.span(statement)
    return any(n in lines for n in range(text.line(start), text.line(end) + 1))
