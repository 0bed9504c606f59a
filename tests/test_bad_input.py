"""Bad input through the command line: exit code 2, what came and how to mend it in a few words, no stack trace."""

import json
import os
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
from candidates import PLAIN, SMALL, gradparity, python, write_candidate
from gradparity.harness.errors import BadInput
from gradparity.harness.writing import write

DEF = "def gradients(params, x, y, h0):\n    "


@dataclass(frozen=True)
class Bad:
    """A candidate that cannot be used, and fragments of what has to be said of it."""

    name: str
    source: str
    says: tuple[str, ...]
    options: tuple[str, ...] = ()
    function: str = ""


CANDIDATES = [
    Bad("no-function", "def backward(x): pass\ndef forward(x): pass\n",
        ("has no 'gradients'", "it has backward, forward", "FILE:FUNCTION")),
    Bad("no-such-function", PLAIN, ("has no 'backward'", "gradients"), function="backward"),
    Bad("no-such-method", "class Net: pass\n", ("has no 'Net.backward'",), function="Net.backward"),
    Bad("nothing-defined", "import math\n", ("it defines no function",)),
    Bad("not-a-function", "gradients = 3\n", ("is no function but of type int",)),
    Bad("method-without-self", "class Net:\n    def backward(self, x): pass\n", ("asks for 'self'",),
        function="Net.backward"),
    Bad("no-signature", "gradients = max\n", ("does not say what it takes", "def gradients(params, x, y, h0)")),
    Bad("syntax-error", "def gradients(x:\n    pass\n", ("cannot be imported", "SyntaxError", "line 3")),
    Bad("indentation", "def gradients(x):\npass\n", ("IndentationError", "line 4")),
    Bad("null-byte", "x = 1\0\n", ("null bytes",)),
    Bad("missing-import", "import nosuchmodule\n", ("No module named 'nosuchmodule'", "line 3 of mine.py")),
    Bad("exits-when-imported", "raise SystemExit(0)\n", ("cannot be imported", "SystemExit")),
    Bad("hangs-when-imported", "while True: pass\n", ("within 1 s", "--time-limit"), ("--time-limit", "1")),
    Bad("raises", DEF + "return x @ x\n",
        ("raised ValueError: matmul", "line 4 of mine.py", "x (3, 2, 4)", "--layout")),
    Bad("wrong-key", DEF + "return params['Wxh']\n", ("raised KeyError: 'Wxh'", "params['W_xh'] (4, 5)")),
    Bad("long-message", DEF + "raise ValueError('long ' * 9999)\n", ("raised ValueError: long",)),
    Bad("odd-error", "class E(BaseException): pass\n" + DEF + "raise E('odd')\n", ("E: odd",)),
    Bad("error-without-words", "class E(Exception):\n    def __str__(self): raise ValueError\n" + DEF + "raise E\n",
        ("mine.py:gradients",)),
    Bad("hangs", DEF + "while True: pass\n", ("no answer within 1 s", "--time-limit"), ("--time-limit", "1")),
    Bad("hangs-with-a-child", "import os, time\n" + DEF + "os.fork() or time.sleep(9)\n    os._exit(0)\n",
        ("no answer within 1 s",), ("--time-limit", "1")),
    Bad("closes-the-pipe", "import os, time\n" + DEF + "os.closerange(3, 99)\n    time.sleep(99)\n",
        ("closed the pipe", "no answer")),
    Bad("ends-the-process", "import os\n" + DEF + "os._exit(3)\n", ("ended its process", "code 3")),
    Bad("crashes", "import os, signal\n" + DEF + "os.kill(os.getpid(), signal.SIGSEGV)\n", ("killed by SIGSEGV",)),
    Bad("exits", "import sys\n" + DEF + "sys.exit('bye')\n", ("raised SystemExit: bye", "line 5 of mine.py")),
    Bad("interrupts", DEF + "raise KeyboardInterrupt\n", ("KeyboardInterrupt",)),
    Bad("recursion", "def gradients(x):\n    return gradients(x)\n", ("RecursionError", "recursion depth")),
    Bad("huge-array", DEF + "return np.ones(2**29)\n", ("Unable to allocate", "raise --memory"), ("--memory", "1")),
    Bad("ever-more-memory", DEF + "a = []\n    while True: a.append(bytes(2**26))\n", ("MemoryError", "raise --memory"),
        ("--memory", "1")),
    Bad("reads-the-keyboard", DEF + "input()\n", ("EOFError",)),
    Bad("none", DEF + "x * 2\n", ("returned None: is its return missing?", "return dict(W_xh=..., W_hh=...")),
    Bad("list", DEF + "return [x, x[0]]\n", ("a list of 2: shapes (3, 2, 4), (2, 4)", "expected a mapping")),
    Bad("number", DEF + "return 3.0\n", ("returned a float", "mend it")),
    Bad("generator", DEF + "yield x\n", ("returned a generator", "mend it")),
    Bad("empty", DEF + "return {}\n", ("returned an empty mapping", "one array for each of the weights")),
    Bad("key-no-string", DEF + "return {1: x}\n", ("the key 1", "every key is the name of a gradient")),
    Bad("all-none", DEF + "return dict.fromkeys(params)\n",
        ("no gradient given for W_xh, W_hh, b_h", "expected  W_xh (4, 5)")),
    Bad("one-missing", DEF + "return {n: a for n, a in params.items() if n != 'W_hh'}\n",
        ("no gradient given for W_hh.", "given     W_xh (4, 5), b_h (5,)", "expected  W_xh (4, 5), W_hh", "optional")),
    Bad("unknown-names", DEF + "return {f'foo{k}': np.ones((9, k)) for k in range(5)}\n",
        ("no gradient given for W_xh", "foo1 (9, 1)", "expected  W_xh (4, 5)")),
    Bad("two-names-for-one", DEF + "return {**params, 'dWxh': params['W_xh']}\n",
        ("'W_xh' and 'dWxh' all read as W_xh", "rename", "expected  W_xh (4, 5)")),
    Bad("unknown-parameter", "def gradients(weights, x): pass\n",
        ("asks for 'weights'", "params, x, y, h0", "W_xh, W_hh, b_h")),
]  # fmt: skip
OPTIONS = [
    (("--model", "mamba"), "unknown model 'mamba'; expected gru, lstm, rnn or rnn_relu"),
    (("--backends", "theano"), "unknown backend 'theano'; expected numpy"),
    (("--backends", "numpy,theano"), "unknown backend 'theano'"),
    (("--layout", "diagonal"), "unknown layout 'diagonal'; expected row, column or torch"),
    (("--loss", "hinge"), "unknown loss 'hinge'; expected mse or softmax_xent"),
    (("--loss-on", "first"), "unknown loss_on 'first'; expected all or last"),
    (("--gates", "ifgo"), "--gates ifgo does not fit rnn, whose gates are none"),
    (("--model", "lstm", "--gates", "ifg"), "--gates ifg does not fit lstm, whose gates are ifgo"),
    (("--dtype", "float8"), "unknown dtype 'float8'; expected float64 or float32"),
    (("--dtype", "longdouble"), "unknown dtype 'longdouble'; expected float64 or float32"),
    (("-H", "0"), "size H = 0; every size is 1 or more"),
    (("-T", "-1"), "size T = -1; every size is 1 or more"),
    (("-B", "two"), "Invalid value for '-B'"),
    (("-H", "9999999"), "is 1.0e+14 numbers with its gradients"),
    (("-T", "20000000"), "8.05 GiB in float64; no more than 268,435,456 are taken: make the problem smaller"),
    (("-T", "1000000000"), "size T = 1000000000; every size is 1 or more, and none above 268,435,456"),
    (("-T", "9" * 500), "every size is 1 or more, and none above"),
    (("-T", "9" * 5000), "Invalid value for '-T'"),
    (("--seed", "9" * 50), "Invalid value for '--seed'"),
    (("--unbatched", "-B", "2"), "--unbatched takes no batch, but B = 2; leave -B out"),
    (("--seed", "-1"), "Invalid value for '--seed'"),
    (("--threshold", "nan"), "nan is no positive number"),
    (("--threshold", "0"), "0.0 is no positive number"),
    (("--time-limit", "-1"), "-1.0 is no positive number"),
    (("--memory", "inf"), "inf is no positive number"),
    (("--weight-scale", "nan"), "nan is no positive number"),
    (("--fast",), "No such option: --fast"),
    (("--html", "no/such/folder.html"), "there is no folder no/such; make it first"),
    (("--markdown", "."), ". is a folder; name a file to write to"),
    (("-o", "report.pdf"), "no report format ends in '.pdf'; expected .html, .json, .md, .sarif or .txt"),
    (("-o", "report"), "no report format ends in ''"),
    (("--json", "a.json", "-o", "./a.json"), "two reports would go to"),
]  # fmt: skip
COMMANDS = [
    (("check", "nothing.py"), "nothing.py is not there; give a Python file, FILE.py or FILE.py:FUNCTION"),
    (("check", "."), ". is a folder; give a Python file"),
    (("check", "notes.txt"), "notes.txt is no Python file; give one that ends in .py"),
    (("check",), "Missing argument"),
    (("prove", "mine.py"), "No such command 'prove'"),
    (("run", "--model", "rnn,mamba"), "unknown model 'mamba'"),
    (("run", "--dtype", ","), "--dtype names no dtype"),
    (("diff", "good.npz", "nothing.npz"), "nothing.npz does not exist; expected a file"),
    (("diff", "good.npz", "notes.txt"), "expected .npz, .npy, .safetensors"),
    (("diff", "good.npz", "weights.pt"), "it may be a pickle, which can run any code"),
    (("diff", "good.npz", "."), "expected exactly one"),
    (("diff", "good.npz", "good.npz", "--html", "no/such.html"), "there is no folder no; make it first"),
    (("report", "nothing.json"), "nothing.json cannot be read: No such file or directory"),
    (("report", "."), ". cannot be read: Is a directory"),
]  # fmt: skip


class Trap:
    """A pickle that leaves a file behind when it is read."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("TRAPPED",)


def npz(array: np.ndarray) -> bytes:
    file = BytesIO()
    np.savez(file, W_xh=array)
    return file.getvalue()


GOOD = npz(np.ones((3, 5)))
RESULT = {"version": 1, "panels": [], "command": "run", "headline": "all is well", "exit_code": 0, "threshold": 32.0}
PANEL = {
    "title": "rnn", "verdict": "mismatch", "sentence": "", "makers": [{"name": "jax", "status": "failed"}],
    "comparisons": [{"a": "mine", "b": "numpy", "differences": [{"name": "W_hh", "verdict": "mismatch"}]}],
}  # fmt: skip


def contradicting(verdict: str = "mismatch", **changed: object) -> bytes:
    """A result of one wrong panel in which something says else."""
    return json.dumps({**RESULT, "exit_code": 1, "panels": [{**PANEL, "verdict": verdict}], **changed}).encode()


FILES = [
    ("cut.npz", GOOD[:100], "cut.npz is damaged (File is not a zip file); expected what np.savez writes"),
    ("empty.npz", b"", "empty.npz is damaged"),
    ("objects.npz", npz(np.array([Trap()])), "holds pickled Python objects, which are never read"),
    ("pickle.npz", pickle.dumps(Trap()), "pickle.npz is damaged"),
    ("long.safetensors", struct.pack("<Q", 10**12) + b"{}", "header too large"),
    ("text.safetensors", struct.pack("<Q", 8) + b"not json", "invalid JSON in header"),
    ("short.safetensors", b"\1", "short.safetensors is damaged"),
    ("text.json", b"{", "text.json is not JSON"),
    ("binary.json", b"\xff\xfe\0", "binary.json is not text; give a file that --json wrote"),
    ("list.json", b"[]", "is JSON, but no gradparity result; give a file that --json wrote"),
    ("newer.json", json.dumps({**RESULT, "version": 99}).encode(), "version 99; this gradparity reads version 1"),
    ("panels.json", json.dumps({**RESULT, "panels": 3}).encode(), "panels.json is damaged"),
    ("lacking.json", b'{"version": 1, "panels": []}', "lacking.json is damaged"),
    ("zero.json", contradicting(exit_code=0), "exit code 0, where the panels come to 1"),
    ("one.json", contradicting(exit_code=1, panels=[]), "exit code 1, where the panels come to 0"),
    ("verdict.json", contradicting(verdict="match"), "which holds a mismatch"),
    ("failed.json", contradicting(panels=[{**PANEL, "verdict": "match", "comparisons": []}], exit_code=0), "come to 3"),
    ("typed.json", json.dumps({**RESULT, "panels": [{"title": 3}]}).encode(), "3 where str is expected"),
]  # fmt: skip


def refused(folder: Path, *args: str) -> str:
    """What a command that must refuse says: exit code 2, no stack trace, nothing written."""
    before = sorted(folder.rglob("*"))
    ran = gradparity(*args, cwd=folder)
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    assert ran.stdout == ""
    assert sorted(folder.rglob("*")) == before
    return ran.stderr


@pytest.mark.parametrize("bad", CANDIDATES, ids=attrgetter("name"))
def test_a_candidate_that_cannot_be_used(tmp_path, bad):
    name = write_candidate(tmp_path, bad.source).name + (f":{bad.function}" if bad.function else "")
    said = refused(tmp_path, "check", name, *SMALL, "--json", "result.json", *bad.options)
    assert all(fragment in said for fragment in bad.says), said
    assert len(said) < 1000


@pytest.mark.parametrize(("options", "says"), OPTIONS, ids=[" ".join(options) for options, _ in OPTIONS])
def test_an_option_that_cannot_be_met(tmp_path, options, says):
    write_candidate(tmp_path, PLAIN)
    assert says in refused(tmp_path, "check", "mine.py", "--backends", "numpy", *options)


@pytest.mark.parametrize(("args", "says"), COMMANDS, ids=[" ".join(args) for args, _ in COMMANDS])
def test_a_command_that_cannot_be_run(tmp_path, args, says):
    write_candidate(tmp_path, PLAIN)
    (tmp_path / "notes.txt").write_text("def gradients(x): pass\n")
    (tmp_path / "good.npz").write_bytes(GOOD)
    assert says in refused(tmp_path, *args)


@pytest.mark.parametrize(("name", "content", "says"), FILES, ids=[name for name, _, _ in FILES])
def test_a_file_that_is_damaged_or_hostile(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.npz").write_bytes(GOOD)
    args = ("report", name) if name.endswith(".json") else ("diff", "good.npz", name)
    assert says in refused(tmp_path, *args, "--out", "report.md")


def test_the_trap_is_one(tmp_path):
    (tmp_path / "pickle").write_bytes(pickle.dumps(Trap()))
    python("-c", "import pickle; pickle.load(open('pickle', 'rb'))", cwd=tmp_path)
    assert (tmp_path / "TRAPPED").is_dir()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="a folder that even root cannot write to")
def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "good.npz").write_bytes(GOOD)
    ran = gradparity("diff", "good.npz", "good.npz", "--json", "/proc/result.json", cwd=tmp_path)
    assert ran.returncode == 2
    assert "/proc/result.json cannot be written" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_what_cannot_be_put_in_place_is_taken_away_again(tmp_path):
    (tmp_path / "report.md" / "full").mkdir(parents=True)
    with pytest.raises(BadInput, match=r"report\.md cannot be written"):
        write(tmp_path / "report.md", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def test_an_existing_report_outlives_a_refusal(tmp_path):
    write_candidate(tmp_path, DEF + "return None\n")
    (tmp_path / "report.html").write_text("yesterday's")
    refused(tmp_path, "check", "mine.py", *SMALL, "--html", "report.html")
    assert (tmp_path / "report.html").read_text() == "yesterday's"
