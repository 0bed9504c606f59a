"""What is said of files that cannot be used for a reason that their own error does not tell, and is not of others."""

from time import perf_counter

import pytest
from candidates import SMALL, gradparity, write_candidate
from gradparity.harness.candidate import call
from gradparity.harness.edits import apply, propose
from gradparity.harness.errors import BadInput
from gradparity.harness.hints import paired, shadowing, stopped_at
from gradparity.harness.layout import Layout
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.repair.patching import hunks, unified
from gradparity.harness.visible import few, shortened, visible

SHORT = "def gradients(params, x, y, h0):\n    a = -x\n    return solve(params, a, y, h0)[1]\n"
RAISES = "def gradients(x):\n    raise ValueError('my own')\n"


def said(folder, name: str, source: str, *options: str, code: int = 2) -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)
    done = gradparity("check", name, *SMALL, *options, cwd=folder)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("name", ["numpy", "random", "torch", "typing"])
def test_a_file_that_hides_a_module_is_told_so(tmp_path, name):
    path = tmp_path / f"{name}.py"
    path.write_text(f"import {name}\n{RAISES}")
    assert f"rename {path}: whatever imports {name} gets that file" in shadowing(path)


def test_a_file_beside_it_that_hides_what_it_imports_is_told_so(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("from torch.nn import RNN\nimport helpers\n" + RAISES)
    for name in ("torch", "helpers", "json"):  # helpers is its own; json it does not import
        (tmp_path / f"{name}.py").write_text("")
    assert f"rename {tmp_path / 'torch.py'}" in shadowing(path)


@pytest.mark.parametrize("name", ["mine", "my_numpy", "test_mine", "gradients", "jacobian"])
def test_a_name_that_nobody_has_hides_nothing(tmp_path, name):
    path = tmp_path / f"{name}.py"
    path.write_text("import numpy as np\nimport helpers\nfrom . import random\n" + RAISES)
    (tmp_path / "helpers.py").write_text("")
    assert shadowing(path) == ""


def test_the_command_says_so_only_where_something_went_wrong(tmp_path):
    assert "rename sub/numpy.py" in said(tmp_path, "sub/numpy.py", "import numpy as np\n" + RAISES)
    assert "rename" not in said(tmp_path, "mine.py", "import numpy as np\n" + RAISES)


def test_a_class_and_a_notebook_are_told_what_is_expected(tmp_path):
    (tmp_path / "mine.py").write_text("class Net:\n    def __init__(self, x): pass\n")
    done = gradparity("check", "mine.py:Net", *SMALL, cwd=tmp_path)
    assert done.returncode == 2
    assert "mine.py:Net is a class; expected a function" in done.stderr
    (tmp_path / "mine.ipynb").write_text("{}")
    for target in ("mine.ipynb", "mine.ipynb:gradients"):
        done = gradparity("check", target, *SMALL, cwd=tmp_path)
        assert done.returncode == 2
        assert "mine.ipynb is a notebook; expected a Python file" in done.stderr
        assert "jupyter nbconvert" in done.stderr


def test_an_object_that_can_be_called_is_no_class(tmp_path):
    source = "class Net:\n    def __call__(self, params, x, y, h0):\n        return solve(params, x, y, h0)[1]\n"
    write_candidate(tmp_path, source + "gradients = Net()\n")
    assert gradparity("check", "mine.py", *SMALL, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("source", "says"),
    [("import numpy as np\nwhile True: pass\n", "in line 2 of mine.py, while it was imported; put what"),
     ("import time\ndef gradients(x):\n    helper()\ndef helper():\n    time.sleep(99)\n",
      "in line 5 of mine.py; make the problem smaller")],
    ids=["import", "call"],
)  # fmt: skip
def test_a_program_without_end_is_told_where_it_was(tmp_path, source, says):
    text = said(tmp_path, "mine.py", source, "--time-limit", "4")
    assert f"gave no answer within 4 s and was stopped, {says}" in text
    assert "--time-limit" in text


def test_where_nothing_is_known_nothing_is_said(tmp_path):
    trace = 'Timeout!\nThread 0x1 (most recent call first):\n  File "/usr/lib/other.py", line 3 in f\n'
    assert stopped_at("", tmp_path / "mine.py") == stopped_at(trace, tmp_path / "mine.py")
    assert "line" not in stopped_at(trace, tmp_path / "mine.py")


LSTM = Problem("lstm", T=2)


@pytest.mark.parametrize(
    ("names", "problem", "told"),
    [({"params", "x", "y", "h0"}, LSTM, True), ({"params", "x", "y", "h0", "c0"}, LSTM, False),
     ({"params", "x", "y"}, LSTM, False), ({"params", "x", "y", "h0"}, Problem("gru", T=2), False)],
    ids=["h0 alone", "both", "neither", "gru"],
)  # fmt: skip
def test_who_gets_a_pair_for_h0_is_told_so(names, problem, told):
    assert bool(paired(names, problem)) == told
    got = []
    function = {
        1: lambda h0: got.append(h0), 2: lambda h0, c0: got.append(h0), 0: lambda x: got.append(x),
    }[len(names & {"h0", "c0"})]  # fmt: skip
    with pytest.raises(BadInput):  # returns none
        call(function, problem, Layout(), make_tensors(problem))
    assert isinstance(got[0], tuple) == told  # what is said is what is done


def test_the_command_notes_the_pair(tmp_path):
    write_candidate(
        tmp_path, "def gradients(params, x, y, h0):\n    return solve(params, x, y, *h0, model='lstm')[1]\n"
    )
    done = gradparity("check", "mine.py", *SMALL, "--model", "lstm", cwd=tmp_path)
    assert done.returncode == 0
    assert "h0 was given as the pair (h0, c0), since the function has no parameter c0." in done.stdout
    text = said(tmp_path, "other.py", "def gradients(h0):\n    return h0 * 2.5\n", "--model", "lstm")
    assert "h0 was given as the pair (h0, c0)" in text


@pytest.mark.parametrize(
    "source",
    ["def gradients(x):\n    raise ValueError('\\x1b[31mred\\x1b]0;title\\x07')\n",
     "raise ImportError('\\x1b[31mred')\n",
     "def gradients(x):\n    return {'\\x1b[31mred': x}\n",
     "import os, sys\ndef gradients(x):\n    print('\\x1b[31mred', file=sys.stderr, flush=True)\n    os._exit(3)\n"],
    ids=["message", "import", "name", "stderr"],
)  # fmt: skip
def test_nothing_of_the_users_steers_the_terminal(tmp_path, source):
    text = said(tmp_path, "mine.py", source)
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text


def test_a_path_does_not_steer_it_either(tmp_path):
    done = gradparity("check", "no\x1b[31mX.py", "--model", "\x1b[31m", cwd=tmp_path)
    assert "\x1b" not in done.stderr
    assert "\\x1b[31m" in done.stderr


def test_long_lists_and_lines_are_cut(tmp_path):
    many = "".join(f"def f{k}(): pass\n" for k in range(2_000))
    assert "f0, f1, f2, f3, f4, f5, f6, f7 and 1,992 more" in said(tmp_path, "mine.py", many)
    source = "import sys\ndef gradients(x):\n    sys.stderr.write('x' * 10**7)\n    sys.stderr.flush()\n"
    for end in ("    import os; os._exit(3)\n", "    return {f'n{k}' + 'n' * 1000: x[:k] for k in range(300)}\n"):
        assert len(said(tmp_path, "mine.py", source + end)) < 4000


def test_how_much_was_left_out_is_said():
    assert few(["a", "b", "c"], 2) == "a, b and 1 more"
    assert few(["a", "b"], 2) == "a, b"
    assert shortened("a" * 10, 10) == "a" * 10
    assert shortened("a" * 30 + "b" * 30, 10) == "aaaaa [50 characters] bbbbb"
    assert visible("a\tb\u2028\x85") == "a\\tb\\u2028\\x85"


@pytest.mark.parametrize("where", ["before", "inside", "behind", "in a line"])
def test_a_long_file_costs_the_proposing_little(tmp_path, where):
    """2 MB of comments once took 150 s of a budget of 10: every edit copied or compared the whole of it."""
    comments = "#\n" * 1_000_000
    source = {
        "before": comments + SHORT,
        "inside": SHORT.replace("    return", comments + "    return"),
        "behind": SHORT + comments,
        "in a line": SHORT.replace("-x", "-x  # " + "x" * 2_000_000),
    }[where]
    (tmp_path / "mine.py").write_text(source)
    start = perf_counter()
    found = propose(source)
    took = perf_counter() - start
    edit = next(edit for edit in found if edit.what.startswith("x for -x"))
    (hunk,) = hunks(source, apply(source, edit))
    diff = unified(tmp_path / "mine.py", "mine.py", [hunk])
    assert len(found) == len(propose(SHORT))
    assert f"@@ -{hunk.line - 1 if where != 'before' else hunk.line - 3}," in diff
    assert perf_counter() - start - took < 5
    assert took < 5


def test_the_budget_ends_the_proposing_too():
    assert propose(SHORT, until=perf_counter()) == ()
    assert propose(SHORT, until=perf_counter() + 100) == propose(SHORT)
