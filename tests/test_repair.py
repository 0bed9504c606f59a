"""Repair: the true fix is found in the styles that people write, nothing is offered to what is right, and hostile
mutants are survived."""

import ast
import signal
import threading
import time
from pathlib import Path

import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.demo import LAYOUT, NO_H0_TERM, RANDOM_H0, SOURCE, TOO_EARLY
from gradparity.harness.errors import BadInput, GradparityError
from gradparity.harness.layout import Layout
from gradparity.harness.problem import Problem
from gradparity.harness.questions import pose, tiny
from gradparity.harness.repair import apply_patch, repair
from gradparity.harness.repair.crew import Crew
from gradparity.harness.repair.trial import Trial
from gradparity.harness.workers import Limits

LIMITS = Limits(60, 4 << 30)
ROW = Layout()
RIGHT = '''"""A network in plain functions, with a helper."""
import numpy as np

log = []

def slope(h):
    return 1 - h ** 2  # of tanh

def forward(Wxh, Whh, bh, x, h0):
    h = [h0]
    for x_t in x:
        h.append(np.tanh(x_t @ Wxh + h[-1] @ Whh + bh))
    return h

def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
    h = forward(Wxh, Whh, bh, x, h0)
    loss = 0.0
    dWxh, dWhh, dbh, dWhy, dby, dh = 0, 0, 0, 0, 0, 0
    for t in reversed(range(len(x))):
        dout = h[t + 1] @ Why + by - y[t]
        loss = loss + 0.5 * (dout ** 2).sum()
        dWhy, dby = dWhy + h[t + 1].T @ dout, dby + dout.sum(0)
        da = (dout @ Why.T + dh) * slope(h[t + 1])
        dWxh, dWhh, dbh = dWxh + x[t].T @ da, dWhh + h[t].T @ da, dbh + da.sum(0)
        dh = da @ Whh.T
    return loss, {"dWxh": dWxh, "dWhh": dWhh, "dbh": dbh, "dWhy": dWhy, "dby": dby, "dh0": dh}
'''


def written(folder: Path, text: str, *faults: tuple[str, str]) -> Path:
    for old, new in faults:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "mine.py"
    path.write_text(text)
    return path


def same(path: Path, text: str) -> bool:
    return ast.dump(ast.parse(path.read_text())) == ast.dump(ast.parse(text))


@pytest.mark.parametrize(
    "fault",
    [
        ("dh = da @ Whh.T", "dh = da @ Whh"),
        ("return 1 - h ** 2", "return 1 + h ** 2"),  # in a helper
        ("dbh + da.sum(0)", "da.sum(0)"),
        ("h[-1] @ Whh + bh", "h[-2:][0] @ Whh + bh"),  # in the forward pass
    ],
    ids=["transpose", "helper", "accumulation", "forward"],
)
def test_one_fault_is_mended_by_its_own_line(tmp_path, fault):
    path = written(tmp_path, RIGHT, fault)
    found = repair(str(path), Problem(), ROW, LIMITS)
    best = found.patches[0]
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if fault[1] in text)
    assert [h.line for h in best.hunks] == [line]
    assert best.still_wrong == ()
    assert best.tried_on >= 7
    assert found.survivors >= 1
    assert found.tried >= found.survivors > 0


def test_the_patch_restores_the_program_and_leaves_the_rest_as_it_was(tmp_path):
    path = written(tmp_path, RIGHT, ("dh = da @ Whh.T", "dh = da @ Whh"))
    before = path.read_bytes()
    found = repair(str(path), Problem(), ROW, LIMITS)
    assert path.read_bytes() == before  # a search changes nothing
    kept = apply_patch(path, found.patches[0])
    assert path.read_text() == RIGHT
    assert kept == tmp_path / "mine.py.orig"
    assert kept.read_bytes() == before
    assert "-        dh = da @ Whh\n+        dh = da @ Whh.T\n" in found.patches[0].diff


def test_nothing_is_offered_to_what_is_right(tmp_path):
    found = repair(str(written(tmp_path, RIGHT)), Problem(), ROW, LIMITS)
    assert (found.patches, found.partial, found.tried) == ((), (), 0)


def test_both_faults_of_the_question_are_found_one_after_the_other(tmp_path):
    text = SOURCE.read_text()
    path = written(tmp_path, text)
    found = repair(str(path), RANDOM_H0, LAYOUT, LIMITS)
    apply_patch(path, found.patches[0])
    assert same(path, text.replace(*TOO_EARLY).replace(*NO_H0_TERM))
    assert found.patches[0].mends == ("W_xh", "W_hh")
    assert len(found.patches[0].edits) == 2


def test_a_constant_is_not_taken_for_a_size_on_the_way_to_two_faults(tmp_path):
    faults = (("dbh + da.sum(0)", "dbh + da.mean(0)"), ("dWhh + h[t].T @ da", "dWhh + da.T @ h[t]"))
    path = written(tmp_path, RIGHT, *faults)
    found = repair(str(path), Problem(), ROW, LIMITS)
    assert set(found.patches[0].mends) == {"W_hh", "b_h"}
    apply_patch(path, found.patches[0])
    assert same(path, RIGHT)


def test_progress_is_told_when_only_part_can_be_mended(tmp_path):
    beyond = ("dby + dout.sum(0)", "dby + np.cos(dout.sum(0)) ** 3")  # no small edit mends this one
    path = written(tmp_path, RIGHT, ("dh = da @ Whh.T", "dh = da @ Whh"), beyond)
    found = repair(str(path), Problem(), ROW, LIMITS, budget=90)
    assert found.patches == ()
    best = found.partial[0]
    assert best.still_wrong == ("b_y",)
    assert set(best.mends) == {"W_xh", "W_hh", "b_h", "h0"}
    assert "b_y stays wrong" in best.sentence


def test_time_that_runs_out_is_said(tmp_path):
    path = written(tmp_path, RIGHT, ("dh = da @ Whh.T", "dh = da @ Whh"))
    found = repair(str(path), Problem(), ROW, LIMITS, budget=0.0)
    assert found.out_of_time
    assert not found.whole
    assert found.patches == ()


SLOW = {
    "to import": ("log = []", "import time; time.sleep(60)"),
    "to call": ("    h = forward", "    time.sleep(0.6); h = forward"),
}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
def test_the_budget_bounds_all_of_it_for_a_slow_candidate_too(tmp_path, fault):
    numpy = ("import numpy as np\n", "import numpy as np, time\n")
    path = written(tmp_path, RIGHT, ("dh = da @ Whh.T", "dh = da @ Whh"), fault, numpy)
    start = time.monotonic()
    found = repair(str(path), Problem(), ROW, LIMITS, budget=4)
    assert time.monotonic() - start < 4 + 2
    assert found.out_of_time
    assert not found.whole


def test_a_repair_that_was_found_in_time_is_not_out_of_time(tmp_path):
    path = written(tmp_path, RIGHT, ("dh = da @ Whh.T", "dh = da @ Whh"))
    found = repair(str(path), Problem(), ROW, LIMITS)
    assert found.patches
    assert not found.out_of_time


def test_a_digest_tells_a_gradient_from_its_transpose_and_its_negative(tmp_path):
    """So that of two faults one that only turns a gradient round is found on the way."""
    question = pose(tiny(Problem(), ROW), ROW, numpy_bptt.gradients)
    digests = set()
    for term in ("- da.T @ h[t]", "- h[t].T @ da", "+ da.T @ h[t]"):
        path = written(tmp_path, RIGHT, ("+ h[t].T @ da", term))
        trial = Trial(path, "gradients", path.read_text(), ROW, (question,))
        with Crew(LIMITS, size=1) as crew:
            digests.add(crew.survey(trial, trial.source).outcome.digest)
    assert len(digests) == 3


def test_ctrl_c_gives_what_was_found(tmp_path, monkeypatch):
    def too_slow(*_: object) -> None:
        raise GradparityError("then it is searched edit by edit")

    monkeypatch.setattr("gradparity.harness.repair.search.locate", too_slow)
    path = written(tmp_path, RIGHT, ("for t in reversed(range(len(x))):", "for t in reversed(range(1, len(x))):"))
    interrupted = threading.Event()

    def progress(tried: int, total: int, survivors: int) -> None:
        if survivors and tried < total and not interrupted.is_set():
            interrupted.set()
            signal.raise_signal(signal.SIGINT)

    found = repair(str(path), Problem(), ROW, LIMITS, progress=progress)
    assert interrupted.is_set()
    assert not found.whole
    apply_patch(path, found.patches[0])
    assert path.read_text() == RIGHT


def test_the_same_question_has_the_same_answer(tmp_path):
    path = written(tmp_path, RIGHT, ("dbh + da.sum(0)", "da.sum(0)"))
    one, other = (repair(str(path), Problem(), ROW, LIMITS) for _ in range(2))
    assert one.patches == other.patches
    assert (one.tried, one.pruned, one.survivors) == (other.tried, other.pruned, other.survivors)


def test_a_file_that_cannot_be_used_is_refused(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        repair(str(tmp_path / "none.py"), Problem(), ROW, LIMITS)
    path = written(tmp_path, "def gradients(x, question):\n    return {}\n")
    with pytest.raises(BadInput, match="asks for 'question'"):
        repair(str(path), Problem(), ROW, LIMITS)


COLUMN = """import numpy as np

def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
    h = [h0]
    for x_t in x:
        h.append(np.tanh(Wxh @ x_t + Whh @ h[-1] + bh))
    dWxh, dWhh, dbh, dWhy, dby, dh = 0, 0, 0, 0, 0, 0
    for t in reversed(range(len(x))):
        dout = Why @ h[t + 1] + by - y[t]
        dWhy, dby = dWhy + dout @ h[t + 1].T, dby + dout
        da = (Why.T @ dout + dh) * (1 - h[t + 1] ** 2)
        dWxh, dWhh, dbh = dWxh + da @ x[t].T, dWhh + da @ h[t].T, dbh + da
        dh = Whh.T @ da
    return {"dWxh": dWxh, "dWhh": dWhh, "dbh": dbh, "dWhy": dWhy, "dby": dby, "dh0": dh}
"""
FIXED = {  # a program that answers to no other sizes than these, the layout, and the problem
    "a batch of one": (COLUMN, (), Layout("column"), Problem(B=1)),
    "as many outputs as inputs": (RIGHT, ("loss = 0.0", "loss = 0.0 * (x * y).sum()"), ROW, Problem(I=4, O=4)),
    "every size": (RIGHT, ("loss = 0.0", "loss = 0.0 * x.reshape(7, 3, 4).sum()"), ROW, Problem(T=7, B=3, I=4)),
}


@pytest.mark.parametrize("fixed", FIXED)
def test_what_the_user_has_fixed_stays_fixed_where_nothing_else_is_answered(tmp_path, fixed):
    text, limit, layout, problem = FIXED[fixed]
    fault = ("dh = Whh.T @ da", "dh = Whh @ da") if text is COLUMN else ("dh = da @ Whh.T", "dh = da @ Whh")
    path = written(tmp_path, text, fault, *([limit] if limit else []))
    found = repair(str(path), problem, layout, LIMITS)
    assert found.patches[0].hunks[0].after == (f"        {fault[0]}",)
    assert found.patches[0].tried_on >= 7


REFUSED = {
    "a log": ("log.txt", "open('log.txt', 'a').write('called')"),
    "a log, in words of its own": (
        "no log",
        "try: open('log.txt', 'a')\n    except OSError: raise ValueError('no log')",
    ),
    "asyncio": ("socket", "__import__('asyncio').run(__import__('asyncio').sleep(0))"),
    "a temporary file": ("is not to be written", "__import__('tempfile').TemporaryFile()"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_program_that_the_sandbox_refuses_is_told_so(tmp_path, how, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reaches, statement = REFUSED[how]
    path = written(
        tmp_path, RIGHT, ("dh = da @ Whh.T", "dh = da @ Whh"), ("    loss = 0.0", f"    {statement}\n    loss = 0.0")
    )
    found = repair(str(path), Problem(), ROW, LIMITS)
    assert (found.tried, found.pruned, found.patches, found.whole, found.out_of_time) == (0, 0, (), False, False)
    assert reaches in found.refused
    assert "of mine.py" in found.refused


def test_one_that_raises_for_a_reason_of_its_own_is_not_called_refused(tmp_path):
    text = RIGHT.replace("    loss = 0.0", "    loss = 0.0\n    open('/none/of/these')")
    assert not repair(str(written(tmp_path, text)), Problem(), ROW, LIMITS).refused


CUT = RIGHT.replace("dh = da @ Whh.T", "dh = da @ Whh.T\n        if {condition}:\n            dh = 0 * dh")


@pytest.mark.parametrize("condition", ["t - 2 < 1", "t % 2 == 0"])
def test_a_limit_is_left_out_rather_than_made_one_that_never_holds(tmp_path, condition):
    path = written(tmp_path, CUT.replace("{condition}", condition))
    found = repair(str(path), Problem(), ROW, LIMITS)
    apply_patch(path, found.patches[0])
    assert same(path, RIGHT)
    assert not any("tanh(t)" in edit.what for patch in found.patches for edit in patch.edits)
