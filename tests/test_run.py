"""`gradparity run`: the outlier is named, and a backend that fails is a row, never the end."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.consensus import Witness, judge
from gradparity.harness.layout import Layout
from gradparity.harness.noise import THRESHOLD, measure_noise
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.readings import readings
from gradparity.harness.result import Result, from_json, to_json

PROBLEM = Problem()
TENSORS = make_tensors(PROBLEM)
RIGHT = numpy_bptt.gradients(PROBLEM, TENSORS)
NOISE = measure_noise(PROBLEM, TENSORS, numpy_bptt.gradients)


def wrong(name="W_hh", factor=1.5):
    return replace(RIGHT, named={**RIGHT.named, name: RIGHT.named[name] * factor})


def judged(*witnesses):
    return judge(PROBLEM, witnesses, NOISE, readings(PROBLEM, Layout()), THRESHOLD)


def test_all_agree():
    found = judged(Witness("a", RIGHT), Witness("b", RIGHT))
    assert (found.agreed, found.outliers, found.reference) == (True, (), "a")


def test_the_outlier_of_three_is_named_with_its_gradient():
    found = judged(Witness("bad", wrong()), Witness("b", RIGHT), Witness("c", RIGHT))
    assert (found.outliers, found.reference) == (("bad",), "b")
    assert found.sentence == "bad in W_hh differs from 2 others"


def test_an_oracle_outweighs_a_majority_that_shares_a_fault():
    found = judged(Witness("a", wrong()), Witness("b", wrong()), Witness("truth", RIGHT, oracle=True))
    assert (found.outliers, found.believed) == (("a", "b"), ("truth",))
    assert "the oracle truth" in found.sentence


def test_two_that_disagree_without_an_oracle_are_not_judged():
    found = judged(Witness("a", wrong()), Witness("b", RIGHT))
    assert (found.outliers, found.agreed) == ((), False)
    assert found.sentence == "the backends disagree and nothing decides between them: a; b"


def test_a_lost_gradient_and_a_nan_make_outliers():
    lost = replace(RIGHT, named={name: value for name, value in RIGHT.named.items() if name != "b_h"})
    broken = replace(RIGHT, named={**RIGHT.named, "x": np.full_like(RIGHT.named["x"], np.nan)})
    found = judged(Witness("a", RIGHT), Witness("b", RIGHT), Witness("lost", lost), Witness("nan", broken))
    assert found.outliers == ("lost", "nan")


def test_what_one_cannot_give_is_not_held_against_it():
    found = judged(Witness("a", RIGHT), Witness("no adjoints", replace(RIGHT, adjoints={})))
    assert found.agreed


def test_one_alone_compares_nothing():
    assert judged(Witness("a", RIGHT)).sentence == "fewer than two backends answered, so nothing could be compared"


PACKAGE = """
import os, time
import numpy as np
from dataclasses import replace
from gradparity.backends import Backend, numpy_bptt

def wrong(problem, tensors):
    right = numpy_bptt.gradients(problem, tensors)
    return replace(right, named={**right.named, "W_hh": right.named["W_hh"].T})

def crashes(problem, tensors): os.abort()
def hangs(problem, tensors): time.sleep(60)
def raises(problem, tensors): raise ZeroDivisionError("no such luck")
def right(problem, tensors): return numpy_bptt.gradients(problem, tensors)

def backend(name, function):
    return Backend(name=name, gradients=function, models=("rnn", "lstm"), adjoints=True, rank=90)

WRONG, CRASHES, HANGS = backend("wrong", wrong), backend("crashes", crashes), backend("hangs", hangs)
RAISES, RIGHT = backend("raises", raises), backend("right", right)
"""
ENTRY_POINTS = "[gradparity.backends]\n" + "\n".join(
    f"{name} = theirs:{name.upper()}" for name in ("wrong", "crashes", "hangs", "raises", "right", "absent")
)


@pytest.fixture
def command(tmp_path):
    """The command line beside a package of someone else's with backends, good and bad, on entry points."""
    home = tmp_path / "site"
    (home / "theirs-1.0.dist-info").mkdir(parents=True)
    (home / "theirs.py").write_text(PACKAGE)
    (home / "theirs-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (home / "theirs-1.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)

    def run(*options: str) -> tuple[int, Result, str]:
        out = tmp_path / "result.json"
        done = subprocess.run(
            [sys.executable, "-m", "gradparity.harness", "run", "--model", "rnn,lstm", "--dtype", "float64",
             "--time-limit", "3", "--json", str(out), *options],
            capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(home)},
        )  # fmt: skip
        return done.returncode, from_json(out.read_text()), done.stdout + done.stderr

    return run


def test_other_peoples_backends_come_through_entry_points(command):
    code, result, _ = command("--backends", "numpy,right")
    assert code == 0
    assert [panel.verdict for panel in result.panels] == ["match", "match"]


def test_a_plugin_takes_nobodys_name(tmp_path):
    """Neither a built-in's nor another plugin's; the commands say so in a line."""
    for name, entries in {"builtin": "a = twin:NUMPY", "twice": "a = twin:ONE\nb = twin:TWO"}.items():
        home = tmp_path / name
        (home / "twin-1.0.dist-info").mkdir(parents=True)
        (home / "twin.py").write_text(
            "from gradparity.backends import Backend\n"
            "NUMPY, ONE, TWO = Backend(name='numpy'), Backend(name='mine'), Backend(name='mine')\n"
        )
        (home / "twin-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: twin\nVersion: 1.0\n")
        (home / "twin-1.0.dist-info" / "entry_points.txt").write_text(f"[gradparity.backends]\n{entries}\n")
        done = subprocess.run(
            [sys.executable, "-m", "gradparity.harness", "backends"],
            capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(home)},
        )  # fmt: skip
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
        taken = "'numpy', a name that is taken (built in)" if name == "builtin" else "'mine', a name that is taken"
        assert taken in done.stderr


def test_crash_hang_and_exception_are_rows_and_exit_3(command):
    code, result, said = command("--backends", "numpy,right,crashes,hangs,raises,absent")
    status = {maker.name: (maker.status, maker.detail) for maker in result.makers}
    assert code == 3
    assert "Traceback" not in said
    assert [panel.verdict for panel in result.panels] == ["match", "match"]
    assert status["numpy"][0] == status["right"][0] == "ok"
    assert "SIGABRT" in status["crashes"][1]
    assert "no answer within 3 s" in status["hangs"][1]
    assert status["raises"] == ("failed", "ZeroDivisionError: no such luck")
    assert status["absent"][0] == "failed"  # it is installed, and cannot be used
    assert "cannot be loaded" in status["absent"][1]


def test_a_mismatch_is_exit_1_even_beside_a_failure(command):
    code, result, _ = command("--backends", "numpy,complex_step,wrong,raises")
    assert code == 1
    assert {panel.outliers for panel in result.panels if panel.problem and panel.problem.model == "rnn"} == {("wrong",)}
    assert "wrong in W_hh" in result.headline


def test_a_result_survives_json_to_the_digit(command):
    _, result, _ = command("--backends", "numpy,right,wrong,crashes")
    assert from_json(to_json(result)) == result
    json.loads(to_json(result), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
