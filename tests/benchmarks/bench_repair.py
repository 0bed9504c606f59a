"""Repair: the share of planted faults mended, how long that takes, and whether any patch that is offered is wrong

python tests/benchmarks/bench_repair.py [EVERY]     each row as it comes; of the corpus every EVERYth fault only
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from gradparity.backends import numpy_bptt
from gradparity.harness.demo import LAYOUT, RANDOM_H0, SOURCE
from gradparity.harness.layout import Layout
from gradparity.harness.patch import Patch, Repair
from gradparity.harness.problem import Problem
from gradparity.harness.questions import pose
from gradparity.harness.repair import apply_patch, repair
from gradparity.harness.repair.crew import Crew
from gradparity.harness.repair.patching import source_of
from gradparity.harness.repair.trial import RAISED, Trial
from gradparity.harness.workers import Limits
from planted import DOUBLES, PROGRAMS, SINGLES, Planted, Program

LIMITS = Limits(60, 4 << 30)
PROBLEMS = 100
TABLES = (
    *((f"one fault, {name}", rows, 0.9) for name, rows in SINGLES.items()),
    *((f"two faults, {name}", rows, 0.6) for name, rows in DOUBLES.items()),
)


@dataclass(frozen=True)
class Tried:
    """A planted fault and its repair: `exact` when the first patch restores the program, `line` when it changes no
    other lines than the fault did; `wrong` patches of all those offered."""

    row: Planted
    repair: Repair
    exact: bool
    line: bool
    wrong: int

    def __str__(self) -> str:
        r = self.repair
        how = "exact" if self.exact else "same lines" if self.line else "other lines" if r.patches else "none"
        return f"{r.seconds:5.1f} s  {how:11}  {len(r.patches)} wrong {self.wrong}  {self.row}  {first(r)}"


def first(repair: Repair) -> str:
    return " | ".join(p.sentence for p in (repair.patches or repair.partial)[:1])


def tried(row: Planted, folder: Path) -> Tried:
    path = row.write(folder)
    found = repair(f"{path}:gradients", row.program.problem, row.program.layout, LIMITS)
    offered = [one for patch in found.patches for one in (patch, *patch.equivalents)]
    texts = [patched(path, patch) for patch in offered]
    lines = {n for patch in found.patches[:1] for h in patch.hunks for n in range(h.line, h.line + len(h.before))}
    exact = bool(texts) and ast.dump(ast.parse(texts[0])) == ast.dump(ast.parse(row.program.source))
    wrong = sum(not right(path, text, row.program.problem, row.program.layout) for text in texts[:3])
    return Tried(row, found, exact, bool(lines) and lines <= set(row.lines), wrong)


def patched(path: Path, patch: Patch) -> str:
    """The text with the patch applied, to a copy."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(path.read_bytes())
        apply_patch(copy, patch)
        return source_of(copy)


def right(path: Path, text: str, problem: Problem, layout: Layout, count: int = PROBLEMS) -> bool:
    """Whether every gradient is right on this many random problems; those are all new."""
    random = Random(0)
    letters = [letter for letter in "TBIHO" if letter != "B" or layout.batched]
    sizes = [{letter: random.randint(1, 9) for letter in letters} for _ in range(count)]
    asked = [
        replace(problem, **each, seed=10_000 + k, weight_scale=random.choice((0.1, 0.5, 1.0, 2.0)))
        for k, each in enumerate(sizes)
    ]
    posed = tuple(pose(one, layout, numpy_bptt.gradients) for one in asked)
    with Crew(Limits(900), size=1) as crew:  # jax compiles every shape anew
        trial = Trial(path, "gradients", text, layout, posed, seconds=10.0)
        found = crew.survey(trial, text)
    return all(one == (1 << len(found.names)) - 1 and one != RAISED for one in found.outcome.right)


def installed(program: Program) -> bool:
    return all(find_spec(package) for package in program.needs)


def corpus(every: int, rows: Sequence[Planted]) -> Iterator[Tried]:
    with TemporaryDirectory() as folder:
        for row in list(rows)[::every]:
            if installed(row.program):
                yield tried(row, Path(folder))


def rows(every: int = 1, show: bool = False) -> list[tuple[str, str, str]]:
    shown: list[tuple[str, str, str]] = [*demo()]
    for name, planted, target in TABLES:
        found = []
        for one in corpus(every, planted):
            found.append(one)
            if show:
                print(one, flush=True)  # noqa: T201
        seconds = [one.repair.seconds for one in found]
        mended = sum(bool(one.repair.patches) for one in found)
        exact, line = sum(one.exact for one in found), sum(one.exact or one.line for one in found)
        shown += [
            (f"{name}: repaired", f"{mended} of {len(found)}", ""),
            (f"{name}: the true fix first", f"{line} of {len(found)}, {exact} word for word", f"{target:.0%}"),
            (f"{name}: seconds", f"median {median(seconds):.1f}, worst {max(seconds):.1f}", "median 5, worst 60"),
            (f"{name}: patches wrong on {PROBLEMS} further problems", str(sum(one.wrong for one in found)), "0"),
        ]
    correct = [program for program in PROGRAMS.values() if installed(program)][::every]
    offers = sum(
        bool(repair(f"{CORPUS / program.name}.py", program.problem, program.layout, LIMITS).patches)
        for program in correct
    )
    return [*shown, (f"offered to {len(correct)} correct programs", str(offers), "0")]


def demo() -> Iterator[tuple[str, str, str]]:
    """The class of the question, with a random h0: both of its faults."""
    found = repair(f"{SOURCE}:gradients", RANDOM_H0, LAYOUT, LIMITS)
    pruned = found.pruned / (found.pruned + found.tried)
    yield "demo: both faults", f"{first(found)}; {found.seconds:.1f} s", "the true fixes"
    yield "demo: mutants a second, two processes", f"{found.rate:.0f}", "above 1000"
    yield "demo: the same over calls a second of the original in a loop", f"{found.ratio:.3f}", ""
    yield "demo: pruned before they ran", f"{pruned:.0%}", ""


CORPUS = Path(__file__).parents[1] / "corpus"


if __name__ == "__main__":
    print(*rows(int((sys.argv[1:] or ["1"])[0]), show=True), sep="\n")  # noqa: T201
