"""The words and characters of a diagnosis that the reports have in common."""

import math
from collections.abc import Callable, Iterable, Mapping
from textwrap import dedent
from typing import TYPE_CHECKING

from ..harness.errors import listed
from ._figures import counted, figure, ratio, seconds, visible

if TYPE_CHECKING:
    from ..harness.finding import CreditMap, Finding, Residual, SmallestCase, SourceLine

UNEXPLAINED = "No explanation was found that holds down to the noise."
PARTLY = "they explain it partly, and are no more than hints"
AXES = "how much of the loss of step s (row) reaches step t (column)"
CONFIDENCE = {
    "confirmed": "confirmed on further problems",
    "fits": "fits this problem (no other could be asked)",
    "lead": "explains it partly",
}
DECIDED = {"confirmed": "decided by an oracle", "fits": "decided by the majority"}  # between references

SHADES = "·░░░▒▒▓▓██"  # by level
MARKS = {"missing": "○", "unexpected": "!", "mismatch": "✗"}
MEANT = {"missing": "missing", "unexpected": "unexpected", "mismatch": "another value"}
DRAWN = 24  # steps of a map in characters; the HTML report shows larger ones


def confidence(finding: "Finding") -> str:
    return (DECIDED if finding.means == "consensus" else CONFIDENCE).get(finding.confidence, finding.confidence)


def remarks(finding: "Finding") -> list[str]:
    """How a finding was found, how sure it is and which timesteps it speaks of."""
    said = [visible(finding.means), confidence(finding)]
    return [*said, timesteps(finding.steps)] if finding.steps else said


def explains(finding: "Finding", most: int, spell: Callable[[str], str] = visible) -> str:
    """'dWhh 4.6e+15 -> 0.80, dWxh 3.1e+15 -> 0.50 times the noise: all that is wrong'.

    What says where a fault starts explains no figure: its evidence is what is wrong and what is right.
    """
    names = [spell(name) for name in finding.gradients]
    if finding.residuals:
        names = [f"{spell(r.name)} {ratio(r.before)}{_after(finding, r)}" for r in finding.residuals]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    unit = " times the noise" if finding.residuals else ""
    return f"{', '.join(names[:most])}{unit}{more}{': all that is wrong' if finding.whole else ''}"


def _after(finding: "Finding", residual: "Residual") -> str:
    if residual.after == residual.before:
        return ""
    between = " where wrong, {} elsewhere" if localises(finding) else " -> {}"
    return between.format(ratio(residual.after))


def verb(finding: "Finding") -> str:
    return "shown by" if localises(finding) else "explains"


def whose(finding: "Finding") -> str:
    """Whose source its lines are of."""
    return "in your file" if finding.means == "line" else "in the reference"


def localises(finding: "Finding") -> bool:
    """Whether it says where the fault is, and no more: then there is no figure that it brings down."""
    unchanged = bool(finding.residuals) and all(r.after == r.before for r in finding.residuals)
    return unchanged or (finding.means == "where it starts" and not finding.whole)


def timesteps(steps: tuple[int, ...]) -> str:
    """'timestep 3', 'timesteps 0 to 3 and 6'."""
    runs: list[list[int]] = []
    for step in sorted(set(steps)):
        if runs and step == runs[-1][-1] + 1:
            runs[-1].append(step)
        else:
            runs.append([step])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return f"timestep{'' if len(set(steps)) == 1 else 's'} {listed(words, 'and')}"


def took(times: Mapping[str, float]) -> str:
    """'relations 12 ms, fault dictionary 1.5 s'; those that took no time are left out."""
    return ", ".join(f"{visible(means)} {seconds(value)}" for means, value in times.items() if value > 0)


def changed(line: "SourceLine") -> list[str]:
    """'- as it reads' over '+ as it would read'."""
    texts = (("-", line.reads), ("+", line.would_read))
    return [f"{sign} {one}" for sign, text in texts for one in dedent(text).strip().splitlines()]


def entry(case: "SmallestCase") -> str:
    """'yours 0.5, right 0.25': with as many digits as tell the two apart, six at least."""
    yours, right = case.value, case.value_b
    if not math.isfinite(yours) or not math.isfinite(right):
        return f"yours {_number(yours)}, right {_number(right)}"
    digits = next((n for n in range(6, 17) if f"{yours:.{n}g}" != f"{right:.{n}g}"), 17)
    return f"yours {_number(yours, digits)}, right {_number(right, digits)}"


def length(case: "SmallestCase") -> str:
    """Of its test: '23 lines'."""
    return counted(len(case.test.strip("\n").splitlines()), "line")


def unsaid(credit: "CreditMap", findings: "Iterable[Finding]") -> str:
    """What a map shows, in words, unless one of the findings has said so."""
    return "" if any(finding.sentence == credit.sentence for finding in findings) else credit.sentence


def grids(credit: "CreditMap") -> tuple[list[str], list[str]]:
    """Both maps as lines of characters, a head above; none where they are too large to be drawn so."""
    T = len(credit.reference)
    if T > DRAWN:
        return [], []
    reference, candidate = credit.levels
    own = [[SHADES[level] for level in row] for row in reference]
    given = [[cell(*of) for of in zip(*rows, strict=True)] for rows in zip(candidate, credit.marks, strict=True)]
    return _drawn(own), _drawn(given)


def cell(level: int, mark: str) -> str:
    """The sign of a candidate's cell: a shade where it is right, else what is wrong with it."""
    return SHADES[level] if mark == "match" else MARKS.get(mark, MARKS["mismatch"])


def legend(credit: "CreditMap") -> str:
    """What the signs in the maps say, in a line."""
    return ", ".join(["· nothing", "░▒▓█ little to much", *(f"{sign} {meant}" for sign, meant in wrong_signs(credit))])


def wrong_signs(credit: "CreditMap") -> list[tuple[str, str]]:
    """The signs of wrong cells that a map holds, each with what it says."""
    there = {mark for row in credit.marks for mark in row}
    return [(MARKS[mark], MEANT[mark]) for mark in MARKS if mark in there]


def _drawn(cells: list[list[str]]) -> list[str]:
    """The head counts in single digits, so that cells stay narrow."""
    head = "s\\t " + " ".join(str(t % 10) for t in range(len(cells)))
    return [head, *(f"{s:>3} {' '.join(row)}" for s, row in enumerate(cells))]


def _number(value: float, digits: int = 6) -> str:
    return f"{value:.{digits}g}" if math.isfinite(value) else figure(value)
