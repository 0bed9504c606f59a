"""The steps of a search: versions of the user's file, and edits with how they came out."""

from dataclasses import dataclass

from ..edits import Edit
from ..edits.source import Source
from .trial import RAISED, Outcome, Survey

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
