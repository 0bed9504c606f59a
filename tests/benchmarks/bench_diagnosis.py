"""Diagnosis: how often the headline is the true cause, what correct code is told, and what it costs"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from gradparity.harness.check import check, references
from gradparity.harness.finding import Diagnosis
from gradparity.harness.workers import Limits
from planted import CONVENTIONS, DOUBLES, PROGRAMS, SINGLES, Planted, Program, said
from planted.row import CORPUS

QUICK = ("numpy", "complex_step", "finite_difference")


@dataclass(frozen=True)
class Judged:
    """A faulty candidate, and what its diagnosis said."""

    row: Planted
    diagnosis: Diagnosis

    @property
    def right(self) -> bool:
        """The headline names a true cause."""
        return any(self.row.named(finding) for finding in self.diagnosis.findings[:1])

    @property
    def complete(self) -> bool:
        """Every cause is named in some finding."""
        texts = [said(finding) for finding in self.diagnosis.findings]
        return all(any(cause.named_in(text) for text in texts) for cause in self.row.causes)

    @property
    def headline(self) -> str:
        return said(self.diagnosis.findings[0]) if self.diagnosis.findings else "nothing is claimed"


def rows() -> list[tuple[str, str, str]]:
    single, double = (
        {name: [judged(row) for row in ready(table)] for name, table in tables.items()} for tables in (SINGLES, DOUBLES)
    )
    conventions = [judged(row) for row in ready(CONVENTIONS)]
    singles, doubles = single["corpus"], double["corpus"]
    groups = (*single.values(), *double.values(), conventions)
    told = [program.name for program in PROGRAMS.values() if usable(program) and findings_of(program)]
    seconds = [sum(one.diagnosis.seconds.values()) for one in singles]
    complete = sum(one.complete for one in doubles)
    claimed = [one for one in singles if one.diagnosis.findings]
    return [
        *(share(f"one fault, {name}: the headline is the true cause", found, "95 %") for name, found in single.items()),
        ("one fault: of those with a headline, it is the true cause", _of([j.right for j in claimed]), ""),
        *(share(f"two faults, {name}: the headline is one of them", found, "") for name, found in double.items()),
        ("two faults: both are named", f"{complete} of {len(doubles)}", ""),
        share("not a bug: named for what it is", conventions, "all"),
        ("findings on correct candidates", ", ".join(told) or "none", "none"),
        ("seconds that diagnosis takes, median and worst", f"{median(seconds):.2f}, {max(seconds):.2f}", "at most 5"),
        *means(singles),
        *(missed(one) for group in groups for one in group if not one.right),
    ]


def ready(table: Iterable[Planted]) -> Iterator[Planted]:
    return (row for row in table if usable(row.program))


def usable(program: Program) -> bool:
    return all(find_spec(package) for package in program.needs)


def judged(row: Planted) -> Judged:
    with TemporaryDirectory() as folder:
        found = Judged(row, asked(row.write(Path(folder)), row.program))
    print("." if found.right else "x", end="", flush=True, file=sys.stderr)  # noqa: T201
    return found


def asked(path: Path, program: Program) -> Diagnosis:
    """What a check of this file says of why it differs."""
    result = check(str(path), program.problem, program.layout, references(QUICK), Limits(120))
    return result.panels[0].diagnosis or Diagnosis()


def findings_of(program: Program) -> bool:
    return bool(asked(CORPUS / f"{program.name}.py", program).findings)


def share(what: str, found: list[Judged], target: str) -> tuple[str, str, str]:
    return what, _of([one.right for one in found]), target


def _of(right: list[bool]) -> str:
    return f"{sum(right)} of {len(right)} = {sum(right) / max(1, len(right)):.0%}"


def means(found: list[Judged]) -> Iterator[tuple[str, str, str]]:
    """The seconds of each of the means."""
    for name in dict.fromkeys(name for one in found for name in one.diagnosis.seconds):
        took = [one.diagnosis.seconds.get(name, 0.0) for one in found]
        yield f"  seconds of {name}, median and worst", f"{median(took):.2f}, {max(took):.2f}", ""


def missed(one: Judged) -> tuple[str, str, str]:
    """For a person to read: a headline that does not name the cause can be true, and another way to say it."""
    return f"  missed: {one.row}", one.headline, "; ".join(cause.truth for cause in one.row.causes)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    print(*rows(), sep="\n")  # noqa: T201
