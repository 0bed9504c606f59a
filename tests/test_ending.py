"""Ended from outside: workers die with their parent, folders go, and the exit code says by what."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from candidates import SMALL, gradparity
from gradparity.harness import scratch

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="such signals are POSIX's")

BUSY = """
import os, subprocess, sys
def gradients(params, x):
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    open("pids.new", "w").write(f"{{os.getpid()}} {{child.pid}}")
    os.rename("pids.new", "pids")
    {}
"""
LOOPS = ("while True: pass", "sum(range(10 ** 12))")  # the second lets no other thread run


@pytest.fixture
def started(tmp_path):
    """A check that will not end, with its temporary folder and the processes that it has started, and all killed."""
    kept: list[subprocess.Popen[bytes]] = []

    def start(loop: str) -> tuple[subprocess.Popen[bytes], Path, list[int]]:
        (tmp_path / "mine.py").write_text(BUSY.format(loop))
        folder = tmp_path / "temporary"
        folder.mkdir()
        command = [sys.executable, "-m", "gradparity.harness", "check", "mine.py", *SMALL, "--time-limit", "100"]
        kept.append(subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "TMPDIR": str(folder)}))
        assert _soon((tmp_path / "pids").exists)
        return kept[0], folder, [int(pid) for pid in (tmp_path / "pids").read_text().split()]

    yield start
    for process in kept:
        process.kill()
        process.wait()


def _soon(true, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return true()


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"  # nobody has asked for it yet
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_what_is_asked_to_end_leaves_nothing(started, name):
    process, folder, pids = started(LOOPS[0])
    assert list(folder.iterdir())
    process.send_signal(getattr(signal, name))
    assert process.wait(20) == 128 + getattr(signal, name)
    assert _soon(lambda: all(map(gone, pids)), 5)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("loop", LOOPS if sys.platform == "linux" else LOOPS[:1])
def test_what_is_killed_takes_its_workers_along_and_the_next_run_its_folders(started, loop, tmp_path):
    process, folder, pids = started(loop)
    process.kill()
    assert process.wait(20) == -signal.SIGKILL
    assert _soon(lambda: all(map(gone, pids)), 5)
    (left,) = folder.iterdir()
    os.utime(left, (1, 1))
    mine = folder / "gradparity-tmp-mine"
    mine.mkdir()  # not ours: it is called otherwise
    gradparity("check", "mine.py", *SMALL, "--time-limit", "1", cwd=tmp_path, env={"TMPDIR": str(folder)})
    assert list(folder.iterdir()) == [mine]


def test_a_folder_whose_owner_lives_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    with scratch.scratch() as first:
        os.utime(first, (1, 1))
        with scratch.scratch():
            assert len(list(tmp_path.iterdir())) == 2
        assert [str(path) for path in tmp_path.iterdir()] == [first]
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_stays_ignored(started):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
    try:
        process, _, _ = started(LOOPS[0])
    finally:
        signal.signal(signal.SIGHUP, before)
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert process.poll() is None
