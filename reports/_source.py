"""The user's source with its suspects, line by line, as every report shows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._figures import counted

if TYPE_CHECKING:
    from ..harness.finding import SourceMap, Suspect

SIGNS = {3: "█", 2: "▓", 1: "░", 0: " ", -1: " "}
WORDS = {
    3: "this edit cures it",
    2: "a cure could stand here",
    1: "all that is wrong passes here",
    0: "cleared: no cure here alone",
}
KINDS = {3: "cure", 2: "suspect", 1: "passes", 0: "cleared", -1: "other"}  # what HTML calls them
AROUND = 1  # lines shown before and after a suspect
MOST = 4  # suspects with their values


@dataclass(frozen=True)
class Row:
    """A line of source: its number, its text, how sure it is a suspect, and what is said below it."""

    number: int
    text: str
    sure: int
    notes: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        return SIGNS[self.sure]

    @property
    def kind(self) -> str:
        return KINDS[self.sure]


def rows(source: "SourceMap") -> list[Row]:
    """Every line of the file."""
    told: dict[int, list[str]] = {}
    for suspect in source.suspects[:MOST]:
        told.setdefault(suspect.last, []).extend(notes(suspect))
    numbered = enumerate(source.lines, start=1)
    return [Row(n, text, source.sure(n), tuple(told.get(n, ()))) for n, text in numbered]


def excerpt(source: "SourceMap") -> Iterator[Row | None]:
    """The suspects shown with values, and the lines around them; None where lines are left out."""
    wanted = {
        n for one in source.suspects[:MOST] for n in range(one.line - AROUND, one.last + AROUND + 1)
    }  # fmt: skip
    before = 0
    for row in rows(source):
        if row.number in wanted:
            if before and row.number > before + 1:
                yield None
            yield row
            before = row.number


def notes(suspect: "Suspect") -> list[str]:
    """'is [...] at execution 2 of 3' over 'must be [...]', over the line as it would read."""
    when = f" at execution {suspect.turn + 1} of {suspect.turns}" if suspect.turns > 1 else ""
    values = [f"is       {suspect.now}{when}", f"must be  {suspect.needed}"] if suspect.needed else []
    both = suspect.reads and suspect.would_read  # else a line is put in, or left out, and the cure says so
    return [*values, f"with     {suspect.would_read.strip() if both else suspect.cure}"] if suspect.cure else values


def more(source: "SourceMap") -> str:
    """'and 2 suspects more', or nothing."""
    rest = len(source.suspects) - MOST
    return f"and {counted(rest, 'suspect')} more" if rest > 0 else ""


def legend(source: "SourceMap") -> list[tuple[str, str, str]]:
    """The marks that the file shows: sign, kind and meaning."""
    there = sorted({row.sure for row in rows(source)} & WORDS.keys(), reverse=True)
    return [(SIGNS[sure], KINDS[sure], WORDS[sure]) for sure in there]
