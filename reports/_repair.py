"""The words of a repair that the reports have in common, and its lines as they stand side by side."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

from ._figures import counted, ratio, seconds, visible

if TYPE_CHECKING:
    from ..harness.patch import Hunk, Patch, Repair

NOTHING = "No edit was found that makes every gradient right"
REFUSED = (
    "edits run where no file may be written, and no network, no other program and no temporary file be used, and there "
    "your own program, as it stands, ends with"
)
APPLY = "Nothing is written unless --apply is given."
ENDED = {
    "raised": "raised",
    "timeout": "ran out of time",
    "memory": "ran out of memory",
    "exit": "left their process",
    "crash": "crashed",
}
LINE_END = re.compile(r"\r\n|\r|\n")  # not splitlines, which parts at form feeds too


class Line(NamedTuple):
    """A line of code and its number, in three: what differs from the line that it stands beside is in the middle."""

    number: int
    head: str
    changed: str = ""
    tail: str = ""


def said(patch: "Patch") -> str:
    """What a patch changes and mends, as a sentence."""
    return f"{patch.sentence[:1].upper()}{patch.sentence[1:]}."


def tested(patch: "Patch") -> str:
    """'Every gradient is right on 12 further random problems, which it was not found on.'"""
    if not patch.tried_on:
        return "It was tried on no other problem than the one it was found on."
    what = "What it mends" if patch.still_wrong else "Every gradient"
    return f"{what} is right on {_many(patch.tried_on, 'further random problem')}, which it was not found on."


def others(patches: "Sequence[Patch]") -> "list[Patch]":
    """All patches beside the first: those of its own lines, then those of others."""
    rest = [one for patch in patches[1:] for one in (patch, *patch.equivalents)]
    return [*patches[0].equivalents, *rest]


def as_well(patches: "Sequence[Patch]") -> str:
    """'2 other edits do as well'."""
    number, partial = len(patches), any(patch.still_wrong for patch in patches)
    verb = ("mends a part", "mend a part") if partial else ("does", "do")
    return f"{_many(number, 'other edit')} {verb[number != 1]} as well"


def searched(repair: "Repair") -> str:
    """'3,441 edits were tried and 812 left out, since their line alone raises: every edit there is.'"""
    if repair.refused:
        return f"No edit was tried: {REFUSED} {visible(repair.refused)}. Take that out to have a repair looked for."
    if not repair.tried and not repair.pruned:
        return "Time ran out before an edit was tried." if repair.out_of_time else "No edit was tried."
    left_out = f" and {repair.pruned:,} left out, since the changed line alone raises" if repair.pruned else ""
    early = "time ran out" if repair.out_of_time else "the search ended"
    whole = "that is every edit there is" if repair.whole else f"{early} before all were tried"
    return f"{_many(repair.tried, 'edit')} {'was' if repair.tried == 1 else 'were'} tried{left_out}; {whole}."


def spent(repair: "Repair") -> str:
    """'2 edits right on the first problem; 412 raised, 3 ran out of time; 12 s, 290 edits a second'."""
    right = f"{_many(repair.survivors, 'edit')} right on the first problem" if repair.survivors else ""
    ended = ", ".join(f"{number:,} {ENDED.get(how, visible(how))}" for how, number in repair.ended.items() if number)
    rate = f"{repair.rate:,.0f} edits a second" if repair.rate >= 1 else ""
    loop = f"{ratio(repair.ratio)} times as many as the original runs in a loop" if rate and repair.ratio else ""
    pace = ", ".join(filter(None, (seconds(repair.seconds), rate, loop)))
    return "; ".join(filter(None, (right, ended, pace)))


def diff(patch: "Patch") -> str:
    """The unified diff, every line end a newline."""
    return "\n".join(LINE_END.split(patch.diff)).rstrip("\n")


def sides(patch: "Patch") -> Iterator[tuple[list[Line], list[Line]]]:
    """Old and new lines of each place that is changed, without the indentation that they share."""
    shift = 0
    for hunk in patch.hunks:
        before, after = _dedented(hunk)
        paired = len(before) == len(after)
        yield (
            [Line(hunk.line + k, *_parted(one, after[k]) if paired else (one,)) for k, one in enumerate(before)],
            [
                Line(hunk.line + shift + k, *_parted(one, before[k]) if paired else (one,))
                for k, one in enumerate(after)
            ],
        )
        shift += len(after) - len(before)


def _dedented(hunk: "Hunk") -> tuple[list[str], list[str]]:
    """A line stays one: what else dedent or the screen could take for a line end is written out."""
    lines = [visible(line.expandtabs(4)) for line in (*hunk.before, *hunk.after)]
    lines = dedent("\n".join(lines)).split("\n") if lines else []
    return lines[: len(hunk.before)], lines[len(hunk.before) :]


def _parted(text: str, other: str) -> tuple[str, str, str]:
    """The text before, in and after what it does not have in common with the other."""
    start = _alike(text, other)
    end = _alike(text[start:][::-1], other[start:][::-1])
    return text[:start], text[start : len(text) - end], text[len(text) - end :]


def _alike(text: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))


def _many(number: int, noun: str) -> str:
    """'3,441 edits'."""
    return counted(number, noun).replace(str(number), f"{number:,}", 1)
