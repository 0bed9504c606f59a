"""How commands end: the exit code says what it promises, whoever reads or does not, and what is known is not lost."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from candidates import PLAIN, SMALL, gradparity, python, write_candidate

COMMAND = [sys.executable, "-m", "gradparity.harness"]
WRONG = "def gradients(params, x, y, h0):\n    return {n: 2 * g for n, g in solve(params, x, y, h0)[1].items()}\n"
NEGATED = "def gradients(params, x, y, h0):\n    a = -x\n    return solve(params, a, y, h0)[1]\n"
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a shell")


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Path:
    """Two files of gradients that match, one that does not."""
    folder = tmp_path_factory.mktemp("pair")
    for name, value in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        np.savez(folder / f"{name}.npz", W_xh=np.full((3, 5), value))
    return folder


def shell(line: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A line of shell in which $GP is the command."""
    environment = {**os.environ, "GP": " ".join(COMMAND), **env}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


@POSIX
@pytest.mark.parametrize(
    ("how", "other"),
    [("$GP diff a.npz {o}.npz --json {r} | head -c 1 > /dev/null; exit ${{PIPESTATUS[0]}}", "c"),
     ("$GP diff a.npz {o}.npz --json {r} | exec true; exit ${{PIPESTATUS[0]}}", "b"),
     ("$GP diff a.npz {o}.npz --json {r} 2>&-", "b"),
     ("$GP diff a.npz {o}.npz --json {r} >&-", "b"),
     ("$GP diff a.npz {o}.npz --json {r} <&- >&- 2>&-", "c")],
    ids=["head", "no reader at all", "no stderr", "no stdout", "no streams"],
)  # fmt: skip
def test_who_does_not_read_changes_neither_exit_code_nor_reports(pair, tmp_path, how, other):
    report = tmp_path / "r.json"
    done = shell(how.format(o=other, r=report), pair)
    assert done.returncode == {"b": 0, "c": 1}[other], done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert json.loads(report.read_text())["exit_code"] == done.returncode


@POSIX
def test_help_that_nobody_reads_is_no_mismatch(pair):
    assert shell("$GP --help | exec true; exit ${PIPESTATUS[0]}", pair).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(("other", "code"), [("b", 2), ("c", 1)])
def test_a_result_that_cannot_be_shown_is_written_all_the_same(pair, tmp_path, other, code):
    done = shell(f"$GP diff a.npz {other}.npz --json {tmp_path / 'r.json'} > /dev/full", pair)
    assert done.returncode == code
    assert "the result cannot be shown: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "r.json").exists()


CRASHING = """
import sys
from gradparity.harness import cli, diff
def diff_(*args): raise {raised}
diff.diff = diff_
sys.argv = ["gradparity", "diff", "a.npz", "b.npz"]
cli.main()
"""


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [("ZeroDivisionError('oh \\x1b[31mno')", 70, "this is a bug in gradparity"),
     ("KeyError('x' * 10**6)", 70, "GRADPARITY_TRACE=1"),
     ("AssertionError", 70, "(AssertionError)"),
     ("OSError(24, 'Too many open files', 'some file')", 71, "the system refused what gradparity needs: Too many open"),
     ("RuntimeError(\"can't start new thread\")", 71, "refused a further thread"),
     ("MemoryError", 2, "out of memory"),
     ("KeyboardInterrupt", 130, "")],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_what_nobody_caught_has_a_code_of_its_own(pair, raised, code, says):
    done = python("-c", CRASHING.format(raised=raised), cwd=pair)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    assert len(done.stderr) < 3000


def test_the_trace_is_there_for_who_asks(pair):
    done = python("-c", CRASHING.format(raised="ZeroDivisionError"), cwd=pair, env={"GRADPARITY_TRACE": "1"})
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert "in diff_" in done.stderr


def installed(folder: Path, **plugins: str) -> dict[str, str]:
    """The environment in which backends of someone else's are installed, each a module that defines BACKEND."""
    (folder / "theirs-1.dist-info").mkdir()
    (folder / "theirs-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    entries = "".join(f"{name} = plug_{name}:BACKEND\n" for name in plugins)
    (folder / "theirs-1.dist-info" / "entry_points.txt").write_text(f"[gradparity.backends]\n{entries}")
    for name, source in plugins.items():
        (folder / f"plug_{name}.py").write_text(HEAD + source.replace("MADE(", f"Backend('{name}', models=('rnn',), "))
    return {"PYTHONPATH": str(folder)}


HEAD = (
    "from dataclasses import replace\nfrom gradparity.backends import Backend, numpy_bptt\nG = numpy_bptt.gradients\n"
)
PLUGINS = {
    "exits": ("raise SystemExit(0)", "cannot be loaded: SystemExit(0)"),
    "raises": ("import no_such_module", "No module named"),
    "number": ("BACKEND = 3", "is no Backend but of type int"),
    "class_": ("BACKEND = Backend", "is no Backend but of type type"),
    "one_name": ("BACKEND = Backend('one_name', G, models='rnn')", "models is 'rnn'; expected a tuple"),
    "no_name": ("BACKEND = Backend(3, G, models=('rnn',))", "its name is 3; expected a str"),
    "returns": ("BACKEND = MADE(gradients=lambda p, t: 3)", "of type int; expected Gradients"),
    "lists": (
        "BACKEND = MADE(gradients=lambda p, t: replace(G(p, t), named={'W_xh': [1.0]}))",
        "'W_xh' of type list; expected a NumPy array",
    ),
    "unsure": ("BACKEND = MADE(gradients=G, refuses=lambda p: 1 / 0)", "division by zero"),
    "fails": ("def f(p, t): raise OSError('no device')\nBACKEND = MADE(gradients=f)", "OSError: no device"),
    "absent": ("BACKEND = MADE(gradients=G, needs=('no_such_package',))", "no_such_package not installed: pip install"),
}


def test_plugins_that_fail_are_exit_3_and_one_clear_line_each(tmp_path):
    write_candidate(tmp_path, PLAIN)
    env = installed(tmp_path, works="BACKEND = MADE(gradients=G)", **{n: source for n, (source, _) in PLUGINS.items()})
    names = ",".join(["numpy", "works", *PLUGINS])
    done = gradparity("check", "mine.py", *SMALL[2:], "--backends", names, cwd=tmp_path, env=env)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "all 7 gradients match numpy and works" in done.stdout  # what is known is said
    for name, (_, says) in PLUGINS.items():
        (line,) = [line for line in done.stdout.splitlines() if line.startswith(f"! {name} failed: ")]
        assert says in line
    assert "works failed" not in done.stdout


ASKED = "from gradparity.harness.check import references\nprint(*[b.name for b in references() if b.broken])"


def test_of_those_that_nobody_named_the_broken_are_asked_and_the_absent_are_not(tmp_path):
    env = installed(tmp_path, broken="raise SystemExit(0)", absent=PLUGINS["absent"][0].replace("G,", "G, rank=1,"))
    assert python("-c", ASKED, cwd=tmp_path, env=env).stdout.split() == ["broken"]


def test_a_mismatch_is_exit_1_beside_a_backend_that_failed(tmp_path):
    write_candidate(tmp_path, WRONG)
    env = installed(tmp_path, theirs="raise SystemExit(0)")
    options = (*SMALL[2:], "--no-why", "--backends", "numpy,theirs")
    done = gradparity("check", "mine.py", *options, cwd=tmp_path, env=env)
    assert done.returncode == 1
    assert "! theirs failed: " in done.stdout


def test_what_keeps_a_repair_from_being_written_costs_nothing_else(tmp_path):
    path = write_candidate(
        tmp_path, "def gradients(params, x, y, h0):\n    a = -x\n    return solve(params, a, y, h0)[1]\n"
    )
    path.chmod(0o444)
    before = path.read_text()
    options = ("--backends", "numpy", "--no-why", "--apply", "--json", "r.json", "--html", "r.html")
    done = gradparity("check", "mine.py", *options, cwd=tmp_path)
    assert done.returncode == 1
    assert "mine.py is write-protected and was left as it is" in done.stderr
    assert "Repair: " in done.stdout
    assert path.read_text() == before
    assert json.loads((tmp_path / "r.json").read_text())["panels"][0]["repair"]["patches"]
    assert (tmp_path / "r.html").exists()
    assert not (tmp_path / "mine.py.orig").exists()


FAILING = """
import sys
from gradparity.harness import cli, mend
def repair(*args, **options): raise {raised}
mend.repair = repair
sys.argv = ["gradparity", "check", "mine.py", "--backends", "numpy", "--no-why", "--fix", "--json", "r.json"]
cli.main()
"""


@pytest.mark.parametrize(
    ("raised", "says"),
    [("mend.BadInput('the moon is full')", "the moon is full"), ("ZeroDivisionError", "this is a bug in gradparity")],
)
def test_what_keeps_a_repair_from_being_found_costs_nothing_else(tmp_path, raised, says):
    write_candidate(tmp_path, WRONG)
    raised = raised.replace("mend.BadInput", "__import__('gradparity.harness').harness.BadInput")
    done = python("-c", FAILING.format(raised=raised), cwd=tmp_path)
    assert done.returncode == 1
    assert "differ from numpy" in done.stdout
    assert says in done.stderr
    assert (tmp_path / "r.json").exists()


def test_one_report_that_cannot_be_written_keeps_no_other_from_it(pair, tmp_path):
    program = (
        "import sys, os\nfrom gradparity.harness import cli, diff\nreal = diff.diff\n"
        "def meanwhile(*args):\n    os.mkdir(sys.argv[5])\n    return real(*args)\n"
        "diff.diff = meanwhile\ncli.main()"
    )
    args = ["diff", "a.npz", "b.npz", "--html", str(tmp_path / "r.html"), "--json", str(tmp_path / "r.json")]
    done = python("-c", program, *args, cwd=pair)
    assert done.returncode == 2
    assert done.stdout.startswith("✓ The one gradient matches")
    assert "r.html cannot be written: Is a directory" in done.stderr
    assert stat.S_ISREG((tmp_path / "r.json").stat().st_mode)
