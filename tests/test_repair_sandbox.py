"""The sandbox of a repair: whatever a mutant does, it is counted, and the next one finds everything as it was."""

import time
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.edits import Edit
from gradparity.harness.layout import Layout
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.questions import Question, pose, tiny
from gradparity.harness.repair.crew import Crew, TimeUp
from gradparity.harness.repair.trial import RAISED, Outcome, Trial
from gradparity.harness.workers import Limits

ROW = Layout()
SOURCE = """import os
import random
import sys
import numpy as np
import beside

count = 0

def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
    global count
    count += 1
    print("noise")
    dWxh = Wxh * 0
    dWhh = Whh * 0
    pass
    return {"dWxh": dWxh, "dWhh": dWhh, "dbh": bh * count, "dWhy": Why * random.random(), "dby": by * beside.state[0]}
"""
PASS = SOURCE.index("pass")


def mutant(new: str) -> Edit:
    return Edit("planted", PASS, PASS + 4, new, 15, new)


@pytest.fixture
def tried(tmp_path):
    """Outcomes of mutants that have these statements in the place of `pass`, of all that there is time for."""
    (tmp_path / "beside.py").write_text("state = [1.0]\n")
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    question = pose(tiny(Problem(), ROW), ROW, numpy_bptt.gradients)

    def outcomes(*statements: str, seconds: float = 0.3, left: float = 600) -> Sequence[Outcome | None]:
        limits = Limits(60, 2 << 30)
        with Crew(limits, size=1 if left < 600 else 2) as crew:
            trial = Trial(path, "gradients", SOURCE, ROW, (question,), seconds=seconds)
            survey = crew.survey(trial, SOURCE)
            trial = Trial(path, "gradients", SOURCE, ROW, (question,), survey.matches, survey.names, seconds)
            crew.until = perf_counter() + left
            return crew.outcomes(trial, SOURCE, [mutant(one) for one in statements])

    return outcomes


HOSTILE = {
    "while True: pass": "timeout",
    "while True:\n        try: sum(range(10 ** 9))\n        except BaseException: pass": "timeout",
    "f = lambda n: f(n + 1); f(0)": "raised",
    "np.ones(10 ** 11)": "memory",
    "sys.exit(0)": "exit",
    "os._exit(3)": "crash",
    "os.abort()": "crash",
    "np.nothing": "raised",
}


def test_hostile_mutants_are_counted_and_their_neighbours_run(tried):
    row = [*HOSTILE][::2]  # one straight after the other, and one of every end but that for memory
    outcomes = tried(*(one for statement in HOSTILE for one in (statement, "x = x")), *row)
    fates = [one.fate for one in outcomes]
    assert fates[: 2 * len(HOSTILE) : 2] == list(HOSTILE.values())
    assert set(fates[1 : 2 * len(HOSTILE) : 2]) == {"ran"}
    assert fates[2 * len(HOSTILE) :] == [HOSTILE[statement] for statement in row]


REACHES = (
    "open('{0}', 'w').write('here')",
    "np.save('{0}', x)",
    "os.system('touch {0}')",
    "__import__('subprocess').run(['touch', '{0}'])",
    "os.mkdir('{0}')",
    "__import__('socket').create_server(('127.0.0.1', 0))",
    "os.fork()",
)


def test_files_other_processes_and_the_network_are_refused(tried, tmp_path):
    target = tmp_path / "reached.npy"
    outcomes = tried("open(os.devnull, 'w').close()", *(reach.format(target) for reach in REACHES), "open(__file__)")
    assert [one.fate for one in outcomes] == ["ran", *["raised"] * len(REACHES), "ran"]
    assert not target.exists()


CHANGES = ("Wxh += 1", "globals().__setitem__('count', 7)", "random.seed(5)", "np.random.seed(3)")


def test_no_mutant_sees_what_another_left(tried):
    outcomes = tried("x = x", *(one for change in CHANGES for one in (change, "x = x")))
    assert len(set(outcomes[::2])) == 1


def test_what_a_mutant_leaves_in_another_module_goes_with_its_process(tried):
    alone = tried(*["x = x"] * 3)[0]
    outcomes = tried("x = x", "beside.state[0] = 5.0", "x = x", "y = y")
    assert [outcomes[k] for k in (0, 2, 3)] == [alone] * 3
    assert outcomes[1] != alone


def test_at_the_end_of_the_time_a_mutant_is_stopped_and_what_ran_before_it_counts(tried):
    start = perf_counter()
    outcomes = tried("x = x", "np.nothing", "while True: pass", "x = x", seconds=60, left=3)
    assert perf_counter() - start < 3 + 8  # and what it takes to load it
    assert [one and one.fate for one in outcomes] == ["ran", "raised", None, None]


def test_nothing_of_a_repair_outlasts_its_time(tmp_path):
    with Crew(Limits(60), perf_counter() + 4) as crew:
        assert crew.aside(time.sleep, [0.0, 30.0, 0.0]) == [None]
        assert perf_counter() - crew.until < 1
        with pytest.raises(TimeUp):
            crew.survey(Trial(tmp_path / "mine.py", "gradients", SOURCE, ROW, ()), SOURCE)


def test_a_further_question_is_put_only_to_what_is_right_on_those_before(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def gradients(Wxh, y):\n    k = 1.0\n    return {'dWxh': Wxh * k}\n")
    source = path.read_text()
    start = source.index("1.0")
    edits = [Edit("planted", start, start + 3, new, 2, new) for new in ("1.00", "3.0", "len(y)", "y()")]
    questions = tuple(
        Question(p, t, {"W_xh": t.params["W_xh"]}, {"W_xh": 1e-12})
        for p, t in ((p, make_tensors(p)) for p in (Problem(T=1), Problem(T=3)))
    )
    trial = Trial(path, "gradients", source, ROW, questions, {"dWxh": "W_xh"}, ("W_xh",))
    with Crew(Limits(60)) as crew:
        loose, strict = (
            [one.right for one in crew.outcomes(each, source, edits) if one]
            for each in (trial, replace(trial, strict=True))
        )
    assert loose == [(1, 1), (0, 0), (1, 0), (RAISED, RAISED)]
    assert strict == [(1, 1), (0,), (1, 0), (RAISED,)]
