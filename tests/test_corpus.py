"""The corpus: its programs are right, its faults are seen, and it is as large and as varied as we say."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.compare import MATCH, compare
from gradparity.harness.finding import Finding, SourceLine
from gradparity.harness.layout import native_gradients
from gradparity.harness.names import match
from gradparity.harness.noise import THRESHOLD, Noise, measure_noise
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.workers import Limits, Worker
from planted import CONVENTIONS, DOUBLES, PROGRAMS, SINGLES, Cause, Planted, Program, said, unlisted
from planted.row import CORPUS

SINGLE, _, SECOND, THIRD, FOURTH = SINGLES.values()
ONE, TWO = (tuple(row for rows in table.values() for row in rows) for table in (SINGLES, DOUBLES))
FAULTY = ONE + TWO
Judge = Callable[[Path, Program, Problem], dict[str, float]]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """By native name, how far a candidate is from the reference, in units of noise."""
    known: dict[tuple[str, Problem], dict[str, float]] = {}
    kept = str(tmp_path_factory.mktemp("compiled"))
    with pytest.MonkeyPatch.context() as patched, Worker(Limits(60), kept) as worker:
        patched.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")  # what runs once is compiled sooner

        def judged(path: Path, program: Program, problem: Problem) -> dict[str, float]:
            asked = (path.read_text(), problem)
            if asked not in known:
                known[asked] = ratios(path, program, problem)
            return known[asked]

        def ratios(path: Path, program: Program, problem: Problem) -> dict[str, float]:
            layout, tensors = program.layout, make_tensors(problem)
            target = "gradparity.harness.candidate:call_file"
            asked = (str(path), "gradients", problem, layout, tensors)
            given = worker.call(target, *asked, returns=dict[str, np.ndarray])
            places = layout.placements(problem)
            matches = match({name: array.shape for name, array in given.items()}, places, problem.sizes)
            right = numpy_bptt.gradients(problem, tensors)
            truth = native_gradients(layout, problem, right.quantities)
            noise = measure_noise(problem, tensors, numpy_bptt.gradients)
            mine = {one.matched: given[one.given] for one in matches}
            own = Noise({name: noise.values[places[name].spec.name] for name in mine})
            found = compare(mine, {name: truth[name] for name in mine}, own)
            return {
                d.name: float("inf") if d.ratio is None else d.ratio for d in found.differences if d.verdict != MATCH
            }

        yield judged


def needed(program: Program) -> None:
    missing = [package for package in program.needs if find_spec(package) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def elsewhere(program: Program) -> Iterator[Problem]:
    """Problems of other sizes, one step among them."""
    sizes = ({"T": 1, "B": 2, "I": 3, "H": 4, "O": 5}, {"T": 12, "B": 1, "I": 1, "H": 2, "O": 3})
    alone = {} if program.layout.batched else {"B": 1}
    return (replace(program.problem, **{**one, **alone}, seed=1) for one in sizes)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_every_program_is_right_at_any_size(judge, program):
    needed(program)
    path = CORPUS / f"{program.name}.py"
    for problem in (program.problem, *elsewhere(program)):
        assert judge(path, program, problem) == {}, problem.describe()


@pytest.mark.parametrize("row", FAULTY + CONVENTIONS, ids=str)
def test_every_fault_is_seen(judge, tmp_path, row):
    needed(row.program)
    wrong = judge(row.write(tmp_path), row.program, row.program.problem)
    assert wrong
    assert max(wrong.values()) > 100 * THRESHOLD


@pytest.mark.parametrize("row", TWO, ids=str)
def test_neither_of_two_faults_hides_the_other(judge, tmp_path, row):
    needed(row.program)
    whole = judge(row.write(tmp_path), row.program, row.program.problem)
    for k, edit in enumerate(row.edits):
        alone = replace(row, name=f"only {k}", edits=(edit,))
        assert judge(alone.write(tmp_path), row.program, row.program.problem) not in ({}, whole)


def test_rows_are_edits_of_text_that_stands_once():
    for row in FAULTY + CONVENTIONS:
        assert all(row.program.source.count(old) == 1 and old != new for old, new in row.edits), row
        ast.parse(row.source)
        assert row.source != row.program.source
        lines = row.program.source.splitlines()
        assert all(1 <= line <= len(lines) for line in row.lines)


def test_the_line_of_a_fault_is_where_it_is():
    row = next(row for row in SINGLE if str(row) == "karpathy: bias assigned")
    (line,) = row.lines
    assert row.program.source.splitlines()[line - 1].strip() == "dbh += dhraw"


def test_the_corpus_is_as_large_as_we_say():
    assert unlisted() == set()
    assert len({str(row) for row in FAULTY + CONVENTIONS}) == len(FAULTY + CONVENTIONS)
    assert len(PROGRAMS) >= 12
    assert len(CONVENTIONS) >= 8
    for table, least in ((SINGLES, (44, 24, 40, 30, 30)), (DOUBLES, (12, 6, 6, 8))):
        assert all(len(rows) >= count for rows, count in zip(table.values(), least, strict=True))
    assert sum("torch" in row.program.needs for row in SINGLE) >= 5
    assert all(len(row.causes) == 1 for row in ONE + CONVENTIONS)
    assert all(len(row.causes) == 2 for row in TWO)
    assert all(sum(row.program == program for row in SECOND) in (0, 5) for program in PROGRAMS.values())
    for table in (THIRD, FOURTH):
        assert all(sum(row.program == program for row in table) in (0, 3, 4) for program in PROGRAMS.values())
    for table in SINGLES.values():
        assert {row.program.problem.model for row in table} == {"rnn", "rnn_relu", "lstm", "gru"}
    of = [{row.program.name for row in table} for table in SINGLES.values()]
    assert all(one.isdisjoint(other) for one, other in combinations(of, 2))
    assert set().union(*of) == set(PROGRAMS)


def finding(what: str, reads: str = "", would_read: str = "") -> Finding:
    lines = (SourceLine("numpy_bptt.py", 1, reads, would_read),) if reads else ()
    return Finding("relation", what, "", (), lines=lines)


@pytest.mark.parametrize(
    ("row", "names_it", "neighbour"),
    [
        ("karpathy: carry never added", finding("no error flows back in time"), finding("W_hh is transposed")),
        (
            "karpathy: recurrent product not transposed",
            finding("", "    dh_next = da[t] @ W_hh.T", "    dh_next = da[t] @ W_hh"),
            finding("W_hh is the transpose of what it should be"),
        ),
        (
            "column_class: gradient of W transposed",
            finding("W is transposed"),
            finding("", "dh_next = da[t] @ W_hh.T", "dh_next = da[t] @ W_hh"),
        ),
        (
            "lstm_steps: forget gate not applied to the carry",
            finding("", "dc_next = dc * f", "dc_next = dc"),
            finding("", "dc_next = dc * f", "dc_next = dc * i"),
        ),
        ("relu_layers: biases averaged", finding("b_h is scaled by 1/B"), finding("b_h is scaled by 1/T")),
    ],
)
def test_a_headline_is_judged_by_the_cause_that_it_names(row, names_it, neighbour):
    judged = next(one for one in SINGLE if str(one) == row)
    assert judged.named(names_it)
    assert not judged.named(neighbour)


def test_patterns_compile_and_accept_nothing_empty():
    for row in FAULTY + CONVENTIONS:
        for cause in row.causes:
            assert all(re.compile(pattern) for pattern in cause.accepts)
            assert not cause.named_in("")
            assert not cause.named_in("The gradients differ from the reference's, and nothing explains it.")


def test_a_row_refuses_text_that_is_not_there_or_no_cause():
    program = PROGRAMS["karpathy"]
    with pytest.raises(LookupError, match="0 times"):
        _ = Planted("none", program, (("no such text", ""),), SINGLE[0].causes).source
    with pytest.raises(ValueError, match="nothing would be accepted"):
        Cause("tag", "truth", ())


def test_said_is_one_line():
    assert said(finding("cause", "  a\n", " b")) == "cause a => b;"
