"""Why the gradients differ, end to end: from the command line, in a failing pytest, and with the cure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from candidates import gradparity

MINE = """\
import numpy as np

def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
    h = [h0]
    for x_t in x:
        h.append(np.tanh(x_t @ Wxh + h[-1] @ Whh + bh))
    dWxh, dWhh, dbh, dWhy, dby, dh = 0, 0, 0, 0, 0, 0
    for t in reversed(range(len(x))):
        dout = h[t + 1] @ Why + by - y[t]
        dWhy, dby = dWhy + h[t + 1].T @ dout, dby + dout.sum(0)
        da = (dout @ Why.T + dh) * (1 - h[t + 1] ** 2)
        dWxh, dWhh, dbh = dWxh + x[t].T @ da, dWhh + h[t].T @ da, dbh + da.sum(0)
        dh = da @ Whh  # carried back
    return {"dWxh": dWxh, "dWhh": dWhh, "dbh": dbh, "dWhy": dWhy, "dby": dby, "dh0": dh}
"""
RIGHT = MINE.replace("da @ Whh ", "da @ Whh.T ")
QUICK = ("--backends", "numpy,complex_step")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    return file


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("lasting") / "mine.py"
    file.write_text(MINE)
    return file


@pytest.fixture(scope="module")
def explained(lasting: Path) -> dict:
    """The result of a check of it, for all who only read that."""
    return checked(lasting)


def checked(file: Path, *options: str) -> dict:
    """The result of a check as JSON, from the command line."""
    to = file.with_suffix(".json")
    run = gradparity("check", file, *QUICK, "--json", to, *options, cwd=file.parent)
    assert "Traceback" not in run.stderr, run.stderr
    return json.loads(to.read_text())


def test_a_check_says_why_in_its_headline(explained):
    found = explained["panels"][0]["diagnosis"]
    first = found["findings"][0]
    assert first["whole"]
    assert first["confidence"] == "confirmed"
    line = first["lines"][0]
    assert (line["line"], line["would_read"].split("#")[0].strip()) == (13, "dh = da @ Whh.T")
    assert found["source"]["suspects"][0]["line"] == 13
    assert first["what"] in explained["headline"]
    assert not any("could not be used" in note for note in found["notes"])
    assert all(residual["after"] < 32 < residual["before"] for residual in first["residuals"])


def test_no_why_says_only_that(mine):
    assert checked(mine, "--no-why")["panels"][0]["diagnosis"] is None


def test_right_gradients_have_no_diagnosis(mine):
    mine.write_text(RIGHT)
    result = checked(mine, "--fix")
    assert result["exit_code"] == 0
    assert result["panels"][0]["diagnosis"] is None
    assert result["panels"][0]["repair"] is None


def test_a_large_problem_is_explained_on_a_smaller_one(mine):
    found = checked(mine, "-T", "40", "-H", "64", "-B", "16")["panels"][0]["diagnosis"]
    assert found["findings"][0]["whole"]
    assert any("smaller sizes" in note and "T=12 B=5 I=4 H=8" in note for note in found["notes"])


def test_the_smallest_case_comes_as_a_test_that_the_fault_fails(lasting, explained, tmp_path):
    small = explained["panels"][0]["diagnosis"]["smallest"]
    test = tmp_path / "test_smallest.py"
    test.write_text(small["test"])
    assert small["problem"]["T"] <= 2
    assert _pytest(test) == 1
    lasting.write_text(RIGHT)
    assert _pytest(test) == 0


def test_apply_writes_the_cure_and_keeps_the_old_file(mine):
    result = checked(mine, "--apply")
    patch = result["panels"][0]["repair"]["patches"][0]
    assert mine.read_text() == RIGHT
    assert mine.with_name("mine.py.orig").read_text() == MINE
    assert "+        dh = da @ Whh.T  # carried back" in patch["diff"]
    assert not patch["still_wrong"]  # and what is right has exit code 0: above


def test_fix_alone_leaves_the_file(mine):
    run = gradparity("check", mine, *QUICK, "--fix", cwd=mine.parent)
    assert run.returncode == 1
    assert mine.read_text() == MINE
    assert "+        dh = da @ Whh.T" in run.stdout
    headline, _, _ = run.stdout.partition("\n\n")
    assert headline.count("line 13") == 1


def test_a_failing_pytest_says_why_once(mine):
    (mine.parent / "test_mine.py").write_text(
        "from mine import gradients\n"
        "from gradparity.harness.testing import parametrize_problems\n"
        '@parametrize_problems(models=["rnn"], dtypes=["float64"], losses=["mse"])\n'
        "def test_mine(gradparity_check, problem):\n"
        "    gradparity_check(gradients, problem, backends=['numpy'])\n"
    )
    run = subprocess.run(  # -rN: where CI is set, pytest's summary repeats every message in full
        [sys.executable, "-m", "pytest", "-q", "-rN", "test_mine.py"], cwd=mine.parent, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert run.stdout.count("+ dh = da @ Whh.T") == 1


def _pytest(test: Path) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", "-q", test.name], cwd=test.parent).returncode
