"""The nouns of the corpus: a Program is right; Planted is the same with a fault in it, and with the truth about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gradparity.harness.finding import Finding
from gradparity.harness.layout import Layout
from gradparity.harness.problem import Problem

CORPUS = Path(__file__).parents[1] / "corpus"
ROW = Layout()
FEW = 3  # lines that a person can look at


@dataclass(frozen=True)
class Program:
    """A correct program of tests/corpus/, with the options it was written for. `needs`: packages that it imports."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    layout: Layout = ROW
    needs: tuple[str, ...] = ()

    @cached_property
    def source(self) -> str:
        return (CORPUS / f"{self.name}.py").read_text()

    @property
    def problem(self) -> Problem:
        return Problem(**{"B": 3 if self.layout.batched else 1, **self.options})


@dataclass(frozen=True)
class Cause:
    """What is wrong, as a tag and a true sentence.

    `accepts`: patterns, any of which a finding shows only if it has named this very cause.
    """

    tag: str
    truth: str
    accepts: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.accepts:
            raise ValueError(f"nothing would be accepted as naming this cause: {self.truth}")

    def named_in(self, text: str) -> bool:
        return any(re.search(pattern, text, re.IGNORECASE) for pattern in self.accepts)


@dataclass(frozen=True)
class Planted:
    """A program made faulty. Each of `edits` is text that stands once in the program, and what takes its place; read
    backwards they are the true fix. One cause, or two that are independent of each other."""

    name: str
    program: Program
    edits: tuple[tuple[str, str], ...]
    causes: tuple[Cause, ...]

    @cached_property
    def source(self) -> str:
        text = self.program.source
        for old, new in self.edits:
            if text.count(old) != 1:
                raise LookupError(f"{self}: {old!r} stands {text.count(old)} times in {self.program.name}.py, not once")
            text = text.replace(old, new)
        return text

    @property
    def lines(self) -> tuple[int, ...]:
        """Of the program, from 1: where each edit begins to differ."""
        return tuple(self.program.source[: self._start(*edit)].count("\n") + 1 for edit in self.edits)

    def _start(self, old: str, new: str) -> int:
        same = next((k for k, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        return self.program.source.index(old) + same

    def write(self, folder: Path) -> Path:
        """The faulty file; its name can be imported, and is no other candidate's."""
        path = folder / f"{re.sub('[^a-z0-9]+', '_', str(self))}.py"
        path.write_text(self.source)
        return path

    def named(self, finding: Finding) -> bool:
        """The finding names a true cause, or of at most three lines one that is faulty."""
        text = said(finding)
        lines = {int(n) for n in re.findall(r"\bline (\d+)", finding.what)} if finding.means == "line" else set()
        at_line = len(lines) <= FEW and bool(lines & set(self.lines))
        return at_line or any(cause.named_in(text) for cause in self.causes)

    def __str__(self) -> str:
        return f"{self.program.name}: {self.name}"


def said(finding: Finding) -> str:
    """What a finding says of the cause, in one line: words, then the reference's lines as "reads => would read;"."""
    lines = (f"{line.reads.strip()} => {line.would_read.strip()};" for line in finding.lines)
    return " ".join(" ".join((finding.what, finding.sentence, *lines)).split())


def planted(
    program: Program, name: str, *edits: tuple[str, str], tag: str, truth: str, accepts: tuple[str, ...]
) -> Planted:
    """A row of one cause."""
    return Planted(name, program, edits, (Cause(tag, truth, accepts),))


def both(one: Planted, other: Planted) -> Planted:
    """Two faults at once, in one program."""
    if one.program != other.program:
        raise ValueError(f"{one} and {other} are of different programs")
    return Planted(f"{one.name}; {other.name}", one.program, one.edits + other.edits, one.causes + other.causes)
