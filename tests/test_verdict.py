"""What is no match: a comparison that could not have failed, a coarser dtype than was asked, an overflow."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.check import candidate_panel, concluded
from gradparity.harness.compare import CANNOT_TELL, MATCH, MISMATCH, compare
from gradparity.harness.errors import BackendFailed
from gradparity.harness.gradients import Gradients, Maker
from gradparity.harness.layout import Layout
from gradparity.harness.noise import Noise, measure_noise
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.result import Result, from_json, to_json
from gradparity.harness.run import Answer, Asked, conclude, panel
from gradparity.reports import discover

Array = np.ndarray
Given = dict[str, Array]
CHAOTIC = Problem(T=100, H=20, weight_scale=10.0, dtype="float32")
OVERFLOWING = Problem("rnn_relu", T=100, weight_scale=10.0, dtype="float32")
NAMES = ("W_xh", "W_hh", "b_h", "W_hy", "b_y", "h0")


def asked_of(problem: Problem, **others: Callable[[Given], Given]) -> Asked:
    """The NumPy reference's answer, and those of others who change it."""
    tensors = make_tensors(problem)
    found = numpy_bptt.gradients(problem, tensors)
    answers = [Answer(Maker("numpy"), found)]
    for name, change in others.items():
        answers.append(Answer(Maker(name), Gradients(found.loss, found.outputs, change(dict(found.named)))))
    return Asked(problem, tensors, tuple(answers), measure_noise(problem, tensors, numpy_bptt.gradients))


def checked(asked: Asked, change: Callable[[str, Array], Any] = lambda _, a: a) -> Result:
    """The result of a candidate that returns the reference's gradients, changed."""
    truth = asked.gradients_of("numpy").named
    given = {name: np.asarray(change(name, truth[name])) for name in NAMES}
    return concluded("check", (candidate_panel(given, Maker("mine.py:gradients"), asked, Layout()),))


def verdicts(result: Result) -> dict[str, str]:
    return {d.name: d.verdict for d in result.panels[0].comparisons[0].differences}


@pytest.fixture(scope="module")
def chaotic() -> Asked:
    return asked_of(CHAOTIC)


@pytest.fixture(scope="module")
def plain() -> Asked:
    return asked_of(Problem(T=3))


@pytest.fixture(scope="module")
def overflowing() -> Asked:
    with np.errstate(all="ignore"):
        return asked_of(OVERFLOWING)


@pytest.mark.parametrize("factor", [0, 1.01])
def test_a_comparison_that_could_not_have_failed_is_no_match(chaotic: Asked, factor: int) -> None:
    result = checked(chaotic, lambda n, a: a if n in ("W_hy", "b_y") else factor * a)
    assert (result.exit_code, result.verdict) == (2, CANNOT_TELL)
    said = "rounding alone moves this gradient by 100 % or more; make the problem shorter, or the weights smaller"
    assert said in result.headline
    assert verdicts(result) == {n: MATCH if n in ("W_hy", "b_y") else CANNOT_TELL for n in verdicts(result)}


def test_a_mismatch_beside_what_cannot_be_told_is_one(chaotic: Asked) -> None:
    result = checked(chaotic, lambda n, a: 1000 * a if n == "b_y" else 1.01 * a)
    assert (result.exit_code, result.verdict) == (1, MISMATCH)
    assert "b_y differs" in result.headline
    assert "rounding leaves nothing to tell by" in result.headline
    assert verdicts(result)["b_y"] == MISMATCH


def test_what_is_the_same_to_the_bit_needs_no_noise(chaotic: Asked) -> None:
    assert checked(chaotic).exit_code == 0


def test_a_problem_that_can_be_judged_is(plain: Asked) -> None:
    assert checked(plain).exit_code == 0
    assert checked(plain, lambda n, a: 0 * a if n == "h0" else a).exit_code == 1


@pytest.mark.parametrize("problem", [
    Problem("rnn", T=150, weight_scale=0.3), Problem("gru", T=30, B=1, I=1, H=2, loss_on="last", weight_scale=0.01),
], ids=str)  # fmt: skip
def test_what_really_vanishes_is_compared_on_its_own_scale(problem: Problem) -> None:
    asked = asked_of(problem)
    truth = asked.gradients_of("numpy").named
    given = {spec.name: truth[spec.name] for spec in problem.asked}
    for change, expected in ((1, MATCH), (-1, MISMATCH)):
        one = {**given, "h0": change * given["h0"]}
        assert candidate_panel(one, Maker("mine"), asked, Layout()).verdict == expected


def test_true_zeros_match_and_what_stands_in_their_place_does_not() -> None:
    noise = Noise({"W": 1e-16, "V": 1e-16, "b": 2e-17, "dead": 2.3e-308})
    right = {"W": np.ones(3), "V": np.ones(3), "b": np.full(3, 1e-17), "dead": np.zeros(3)}
    assert compare({**right, "b": np.full(3, -2e-17)}, right, noise).outcome == MATCH
    assert compare({**right, "b": np.zeros(3)}, right, noise).outcome == MATCH
    for name in ("b", "dead"):
        found = compare({**right, name: np.full(3, 1e-12)}, right, noise)
        assert [d.name for d in found.differences if d.verdict == MISMATCH] == [name]
    drowned = Noise({**noise.values, "b": 1e-3})
    assert compare({**right, "b": np.zeros(3)}, {**right, "b": np.full(3, 1e-2)}, drowned).outcome == CANNOT_TELL


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2])
@pytest.mark.parametrize("factor", [1.0, 1.05, 0.0])
def test_a_coarser_dtype_than_was_asked_is_no_match(plain: Asked, dtype: Any, factor: float) -> None:
    result = checked(plain, lambda _, a: (factor * a).astype(dtype))
    assert result.exit_code == 1
    assert not set(verdicts(result).values()) & {MATCH, CANNOT_TELL}
    if set(verdicts(result).values()) == {"wrong dtype"}:
        assert f"given in {np.dtype(dtype).name}, where float64 was asked" in result.headline


def test_the_dtype_that_was_asked_and_a_finer_one_match() -> None:
    asked = asked_of(Problem(T=3, dtype="float32"))
    assert checked(asked).exit_code == 0
    assert checked(asked, lambda _, a: a.astype(np.float64)).exit_code == 0


@pytest.mark.parametrize("value", [1.0, np.inf, np.nan])
def test_a_problem_that_overflows_accuses_nobody(overflowing: Asked, value: float) -> None:
    with np.errstate(all="ignore"):
        result = checked(overflowing, lambda n, a: a if np.isfinite(a).all() else value * a)
        ran = conclude("run", (panel(overflowing),), 32.0)
    assert (result.exit_code, result.verdict) == (2, CANNOT_TELL)
    assert "the problem overflows in float32" in result.headline
    assert ran.exit_code in (2, 3)


def test_infinities_on_a_problem_that_does_not_overflow_are_the_candidates(plain: Asked) -> None:
    assert checked(plain, lambda n, a: a * np.inf if n == "h0" else a).exit_code == 1


def test_references_that_disagree_with_nothing_to_decide_between_them_judge_nobody() -> None:
    asked = asked_of(Problem(T=3), other=lambda named: {**named, "h0": 2 * named["h0"]})
    with pytest.raises(BackendFailed, match="nothing decides between them") as failed:
        checked(asked)
    assert failed.value.exit_code == 3
    decided = asked_of(Problem(T=3), other=lambda named: {**named, "h0": 2 * named["h0"]}, third=lambda named: named)
    assert checked(decided).exit_code == 0


def test_every_report_says_that_it_cannot_be_told(chaotic: Asked) -> None:
    result = checked(chaotic, lambda n, a: a if n in ("W_hy", "b_y") else 0 * a)
    assert from_json(to_json(result)) == result
    written = {name: report.render(result) for name, report in discover().items()}
    for name, text in written.items():
        assert "cannot tell" in text, name
    (found,) = json.loads(written["sarif"])["runs"][0]["results"]
    assert (found["kind"], found["level"]) == ("open", "none")
    assert "✗" not in written["terminal"]
    assert json.loads(to_json(result))["exit_code"] == 2


def test_a_run_that_cannot_tell_says_so(chaotic: Asked) -> None:
    (one,) = chaotic.answers
    assert one.gradients
    other = replace(one.gradients, named={name: 1.01 * array for name, array in one.gradients.named.items()})
    other = replace(other, named={**other.named, **{n: one.gradients.named[n] for n in ("W_hy", "b_y")}})
    both = replace(chaotic, answers=(one, Answer(Maker("other"), replace(other, adjoints={}))))
    result = conclude("run", (panel(both),), 32.0)
    assert (result.exit_code, result.panels[0].verdict) == (2, CANNOT_TELL)
    assert "cannot tell: rounding alone moves this gradient by" in result.headline


STEP = """
import numpy as np
def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
    h = [h0]
    for x_t in x:
        h.append(np.tanh(x_t @ Wxh + h[-1] @ Whh + bh){epsilon})
    d = h[{step} + 1] @ Why + by - y
    dWxh, dWhh, dbh, dh = 0 * Wxh, 0 * Whh, 0 * bh, d @ Why.T
    for t in reversed(range({step} + 1)):
        da = dh * (1 - h[t + 1] ** 2)
        dWxh, dWhh, dbh = dWxh + x[t].T @ da, dWhh + h[t].T @ da, dbh + da.sum(0)
        dh = da @ Whh.T
    return dict(dWxh={factor} * dWxh, dWhh=dWhh, dbh=dbh, dWhy=h[{step} + 1].T @ d, dby=d.sum(0), dh0=dh)
"""


def gradparity(*args: str) -> tuple[int, str]:
    """The exit code and the output of a command, in this process."""
    from gradparity.harness.cli import app
    from gradparity.harness.errors import GradparityError
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, list(args))
    if isinstance(done.exception, GradparityError):
        return done.exception.exit_code, str(done.exception)
    return done.exit_code, done.output


@pytest.mark.parametrize(("step", "code"), [("2", 0), ("0", 1), ("last", 1), ("7", 2), ("-1", 2)])
def test_the_command_line_takes_a_step_for_the_loss(tmp_path: Path, step: str, code: int) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(STEP.format(step=2, factor=1, epsilon=""))
    found, said = gradparity("check", str(mine), "--loss-on", step, "--backends", "numpy", "--no-why")
    assert found == code, said
    assert code != 2 or "expected all or last, or a step below T = 7" in said


@pytest.mark.parametrize("threshold", ["32", "1e9"])
def test_the_threshold_holds_for_the_diagnosis_too(tmp_path: Path, threshold: str) -> None:
    mine, written = tmp_path / "mine.py", tmp_path / "result.json"
    mine.write_text(STEP.format(step=2, factor=2, epsilon=" + 1e-12"))
    options = ("--loss-on", "2", "--backends", "numpy", "--threshold", threshold, "--json", str(written))
    code, said = gradparity("check", str(mine), *options)
    assert code == 1, said
    (only,) = json.loads(written.read_text())["panels"]
    wrong = {d["name"] for d in only["comparisons"][0]["differences"] if d["verdict"] == MISMATCH}
    named = {name for finding in only["diagnosis"]["findings"] for name in finding["gradients"]}
    if threshold == "32":
        assert wrong == set(NAMES)
    else:
        assert wrong == named == {"W_xh"}
        assert "1 for 2 in 2 * dWxh" in json.loads(written.read_text())["headline"]
        assert "<= 1e+09 * noise" in only["diagnosis"]["smallest"]["test"]
