"""Findings: why gradients differ. One explanation each, with its evidence; all of a problem's make its Diagnosis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import frexp, isfinite
from typing import Literal

from .problem import Problem

Confidence = Literal["confirmed", "fits", "lead"]
Levels = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Residual:
    """How far a gradient is from the candidate's, in units of noise: `before` from the reference's gradient, `after`
    from what the explanation says it would be."""

    name: str
    before: float
    after: float


@dataclass(frozen=True)
class SourceLine:
    """A line of source, and what it would have to read for its gradients to be the candidate's, or the candidate's to
    be right; "" for the one where it is put in or left out."""

    file: str
    line: int
    reads: str
    would_read: str


@dataclass(frozen=True)
class Finding:
    """One explanation of why a candidate's gradients differ.

    Args:
        means: how it was found: "line", "relation", "where it starts", "credit map", "fault dictionary", "not a bug",
            "consensus".
        what: the cause in a few words: "W_hh is transposed".
        sentence: the same so that a student understands it, with what to look for in the code.
        gradients: the gradients that it explains, under the names that the user sees.
        steps: the timesteps it speaks of, where it speaks of any.
        residuals: the evidence, one for each of `gradients`.
        confidence: "confirmed": explains the difference down to the noise, here and on further problems that it was
            not chosen on; "fits": here alone, where no other problem could be asked; "lead": explains it partly.
        whole: it explains every wrong gradient there is, and not only some.
        lines: of the user's source, for a line; of the reference's, for the fault dictionary.
    """

    means: str
    what: str
    sentence: str
    gradients: tuple[str, ...]
    steps: tuple[int, ...] = ()
    residuals: tuple[Residual, ...] = ()
    confidence: Confidence = "confirmed"
    whole: bool = False
    lines: tuple[SourceLine, ...] = ()


@dataclass(frozen=True)
class Suspect:
    """An expression of the user's whose value, were it another one, would make gradients right, nothing else changed.

    Or a statement that stands in the wrong place or should read otherwise, and an array to which one should be added.

    Args:
        line, last: where it stands in the user's file, from 1. `text`: the expression, the statement, or the array.
        role: what the statement does with its value: "assigned", "added", "returned", "yielded", "made", "passed";
            "left" of an array, in which something is missing behind the line; "statement" where no value is meant.
        residuals: the gradients that it makes right, before and after. `whole`: they are all that are wrong.
        rank, reach: of the numbers in the gradients it moves `reach`, and they answer to `rank` unknowns. What it
            explains beyond its rank is evidence; with none, any fault of those gradients would be explained.
        turns: how often it is evaluated; `changed`: how often its value must be another one.
        turn: the first of those, from 0. `now`, `needed`: its value then, and what it must be; "" of a statement.
        cure: an edit that gives the needed values, and is right on further problems, "Whh.T for Whh"; "" where none
            was found. `reads`, `would_read`: the line before and after it.
    """

    line: int
    last: int
    text: str
    role: str
    residuals: tuple[Residual, ...]
    whole: bool
    rank: int
    reach: int
    turns: int
    changed: int
    turn: int
    now: str
    needed: str
    cure: str = ""
    reads: str = ""
    would_read: str = ""

    @property
    def evidence(self) -> int:
        return self.reach - self.rank

    @property
    def handed(self) -> bool:
        """It makes no value, and only hands one on that has a name: what is wrong is wrong before."""
        return self.role in ("returned", "yielded", "passed") and self.text.isidentifier()

    @property
    def sure(self) -> int:
        """3: cured and confirmed; 2: it explains more numbers than it has unknowns; 1: it explains no more."""
        return 3 if self.cure else 2 if self.evidence else 1


@dataclass(frozen=True)
class SourceMap:
    """The user's source with its suspects.

    Args:
        lines: the text, without line ends. `problem`: in a line, the one on which it was found.
        suspects: the surest first.
        cleared: lines that ran, and at which alone the fault cannot be cured.
    """

    file: str
    lines: tuple[str, ...]
    problem: str
    suspects: tuple[Suspect, ...]
    cleared: tuple[int, ...] = ()

    def sure(self, line: int) -> int:
        """How suspect a line is: 3 to 1 as a Suspect is; 0: cleared; -1: it did not run, or makes no value."""
        marks = [one.sure for one in self.suspects if one.line <= line <= one.last]
        return max(marks, default=0 if line in self.cleared else -1)


@dataclass(frozen=True)
class CreditMap:
    """Which step's loss reaches which step's adjoint: row s, column t is ||dL_s/da_t||, the loss confined to step s.

    Args:
        reference, candidate: the T x T magnitudes; a correct map is full on and below the diagonal, zero above.
        marks: by cell "match", "missing" (the candidate has zero there), "unexpected" (it alone has something there),
            or "mismatch".
        sentence: what the picture shows, in words.
    Raises:
        ValueError: the three are not squares of one size.
    """

    reference: tuple[tuple[float, ...], ...]
    candidate: tuple[tuple[float, ...], ...]
    marks: tuple[tuple[str, ...], ...]
    sentence: str = ""

    def __post_init__(self) -> None:
        T = len(self.reference)
        if any([len(row) for row in rows] != [T] * T for rows in (self.reference, self.candidate, self.marks)):
            raise ValueError("the parts of a credit map are not squares of one size")

    @property
    def levels(self) -> tuple[Levels, Levels]:
        """The shades of both maps on one scale: 9 for the largest, each below for half as much, 0 for nothing.

        By halves, since a gradient fades by a factor with every step that it goes back.
        """
        maps = (self.reference, self.candidate)
        peak = max((v for rows in maps for row in rows for v in row if isfinite(v)), default=0.0)
        shaded = [tuple(tuple(_level(value, peak) for value in row) for row in rows) for rows in maps]
        return shaded[0], shaded[1]


@dataclass(frozen=True)
class SmallestCase:
    """The smallest problem on which the candidate still fails, with numbers that can be checked by hand.

    Args:
        problem: its sizes.
        tensors: every tensor given to the candidate, under its native name, as Python source of nested lists.
        name, place: the gradient that is wrong, and the entry in words; `value` is the candidate's, `value_b` right.
        test: a ready pytest file that fails until the candidate is right.
    """

    problem: Problem
    tensors: Mapping[str, str]
    name: str
    place: str
    value: float
    value_b: float
    test: str


@dataclass(frozen=True)
class Diagnosis:
    """Why a candidate's gradients differ.

    Args:
        findings: explanations that hold down to the noise, ranked: the first is the headline.
        leads: what explains the difference partly.
        credit: the T x T picture, where the model has an input matrix.
        smallest: the smallest failing case.
        notes: what else a reader should know: what could not be asked, and how many mutants were dropped.
        seconds: what each of the means took.
        source: the user's file with the lines at which the fault could be cured.
    """

    findings: tuple[Finding, ...] = ()
    leads: tuple[Finding, ...] = ()
    credit: CreditMap | None = None
    smallest: SmallestCase | None = None
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    source: SourceMap | None = None


def _level(value: float, peak: float) -> int:
    if not value > 0:
        return 0
    if value >= peak:
        return 9
    share = value / peak  # a power of two has an exponent one above its logarithm
    return max(1, 8 + frexp(share)[1]) if share > 0 else 1
