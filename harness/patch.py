"""Patches: which line of the user's file to change. What the reports show of a repair."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """One edit: the first line it changes, the change in words, and the kind of edit."""

    line: int
    what: str
    kind: str


@dataclass(frozen=True)
class Hunk:
    """Lines that stand in one piece, before and after; `line` is the first of them in the old file, from 1.

    Either side may be empty. The lines are without their ends.

    Raises:
        ValueError: no file has such a line.
    """

    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.line < 1:
            raise ValueError(f"line {self.line}; the first line is 1")


@dataclass(frozen=True)
class Patch:
    """A change of the user's file.

    Args:
        file: the path that was asked about.
        edits: what is changed, in the order it was found.
        diff: a unified diff of the file, with the file's own line ends.
        hunks: the same as data, for reports that show old and new side by side.
        mends: the gradients that it makes right, under the names that the user sees.
        still_wrong: those it leaves wrong: none, unless it is but a part of a repair.
        tried_on: the number of random problems, other than the one it was found on, on which it was right.
        equivalents: other patches of the same lines that do as well, the plainest first; they have none of their own.
    Raises:
        ValueError: one of the equivalents has some itself.
    """

    file: str
    edits: tuple[Change, ...]
    diff: str
    hunks: tuple[Hunk, ...]
    mends: tuple[str, ...]
    still_wrong: tuple[str, ...] = ()
    tried_on: int = 0
    equivalents: tuple["Patch", ...] = ()

    def __post_init__(self) -> None:
        if any(patch.equivalents for patch in self.equivalents):
            raise ValueError("an equivalent of a patch has equivalents itself")

    @property
    def sentence(self) -> str:
        """'Line 29: dcdHin[t + 1] for dcdHin[t]': the patch in a line, with what it leaves wrong."""
        said = "; ".join(f"line {edit.line}: {edit.what}" for edit in self.edits)
        left = f", but {', '.join(self.still_wrong)} stays wrong" if self.still_wrong else ""
        return f"{said} mends {', '.join(self.mends)}{left}"


@dataclass(frozen=True)
class Repair:
    """What the search for a repair found.

    Args:
        patches: each makes every gradient right, on problems that it was not found on too; the plainest first.
        partial: where there is none: edits that make some gradients right and harm no other.
        tried: mutants that ran. `pruned`: those left out, since the line alone already raises.
        survivors: mutants that made every gradient right on the first problem.
        ended: mutants that came to no gradients, by how they ended: "raised", "timeout", "memory", "exit", "crash".
        whole: every edit there is was tried; False where time ran out, or enough had been found.
        out_of_time: the search was ended by its budget, and came to no whole repair.
        refused: what the user's own program reaches for that is refused where edits are tried, so that none was.
        seconds: all of it. `rate`: mutants decided a second; `ratio`: that, over how often a second the original runs
            in a loop in one process.
    """

    patches: tuple[Patch, ...] = ()
    partial: tuple[Patch, ...] = ()
    tried: int = 0
    pruned: int = 0
    survivors: int = 0
    ended: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True
    seconds: float = 0.0
    rate: float = 0.0
    ratio: float = 0.0
    out_of_time: bool = False
    refused: str = ""
