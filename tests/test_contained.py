"""The walls of the sandbox, each alone: of the tricks of mutants the kernel holds all, Python's hook the plain ones."""

import os
import platform
import select
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, sleep

import pytest
from gradparity.backends import numpy_bptt
from gradparity.harness.edits import Edit
from gradparity.harness.layout import Layout
from gradparity.harness.problem import Problem
from gradparity.harness.questions import pose, tiny
from gradparity.harness.repair.crew import Crew
from gradparity.harness.repair.trial import Trial
from gradparity.harness.sandbox import Wall, landlock
from gradparity.harness.workers import Limits
from tricks import HARMLESS, JAX, TORCH, TRICKS, Trick

ROW = Layout()
SOURCE = """import ctypes, io, os, pathlib, resource, signal, socket, subprocess, sys, threading, time
import numpy as np
import beside
c = ctypes.CDLL(None)

def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
    D = {}
    pass
    return {"dWxh": Wxh, "dWhh": Whh, "dbh": bh, "dWhy": Why, "dby": by, **D}
"""
BESIDE = """import socket
log = open({0!r}, "r+")
tcp, tcp2, udp = socket.socket(), socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
"""
MEMORY = 1 << 30
KERNEL = pytest.param("kernel", marks=pytest.mark.skipif(landlock.version() < 6, reason="no Landlock, or an older one"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tricks are those of POSIX")


class Scene:
    """What one trick finds, and whether it is still as it was."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        folder.mkdir()
        self.folder, self.new, self.old, self.empty = folder, folder / "new", folder / "old", folder / "empty"
        self.old.write_text("precious")
        self.old.chmod(0o640)
        self.empty.mkdir()
        self.before = self.files()
        self.listeners = [stack.enter_context(one) for one in (socket.socket(), socket.socket(type=socket.SOCK_DGRAM))]
        for one in self.listeners:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in self.listeners]
        at = {"UNIX": str(folder.parent / f"{folder.name}.s"), "ABSTRACT": f"\0{folder}"}
        for address in at.values() if sys.platform == "linux" else ():
            self.listeners.append(stack.enter_context(socket.socket(socket.AF_UNIX)))
            self.listeners[-1].bind(address)
        for one in self.listeners:
            if one.type == socket.SOCK_STREAM:
                one.listen()
        self.victim = subprocess.Popen(["sleep", "600"], process_group=0)
        stack.callback(self.victim.wait)
        stack.callback(self.victim.kill)
        self.names = {
            "NEW": str(self.new), "OLD": str(self.old), "DIR": str(self.empty), "PORT": ports[0], "UDP": ports[1],
            "VICTIM": self.victim.pid, **at,
        }  # fmt: skip

    def files(self) -> dict[str, tuple[object, ...]]:
        """All there is, with all that can be changed about it."""
        found = {}
        for path in self.folder.iterdir():
            at = path.lstat()
            data = path.read_bytes() if path.is_file() else b""
            marks = os.listxattr(path, follow_symlinks=False) if hasattr(os, "listxattr") else []
            found[path.name] = (data, at.st_mode, at.st_uid, at.st_mtime, at.st_nlink, tuple(marks))
        return found

    def disturbed(self) -> bool:
        heard = select.select(self.listeners, [], [], 0)[0]
        return bool(heard) or self.victim.poll() is not None or self.files() != self.before

    def mutant(self, source: str, code: str) -> Edit:
        """The statement in the place of `pass`."""
        at = source.index("    pass\n") + 4
        new = f"exec({code!r}, {{**globals(), **locals(), **{self.names!r}}})"
        return Edit("planted", at, at + 4, new, source[:at].count("\n") + 1, new)


def attempted(
    codes: list[str], walls: tuple[Wall, ...], folder: Path, source: str = SOURCE, memory: int = MEMORY
) -> list[tuple[str, bool]]:
    """By code how its mutant ended, and whether it reached anything, also later."""
    log, path = folder / "log", folder / "mine.py"
    log.write_text("precious")
    (folder / "beside.py").write_text(BESIDE.format(str(log)))
    path.write_text(source)
    question = pose(tiny(Problem(), ROW), ROW, numpy_bptt.gradients)
    trial = Trial(path, "gradients", source, ROW, (question,), seconds=1.0, walls=walls)
    with ExitStack() as stack:
        scenes = [Scene(folder / f"{k}", stack) for k in range(len(codes))]
        crew = stack.enter_context(Crew(Limits(60, memory), size=1))
        survey = crew.survey(trial, source)
        assert not survey.error
        trial = replace(trial, matches=survey.matches, names=survey.names)
        crew.until = perf_counter() + 100
        mutants = [scene.mutant(source, code) for scene, code in zip(scenes, codes, strict=True)]
        outcomes = crew.outcomes(trial, source, mutants)
        sleep(0.2)
        reached = [scene.disturbed() for scene in scenes]
        if log.read_text() != "precious":
            reached = [one or "beside.log" in code for one, code in zip(reached, codes, strict=True)]
        return [(one.fate if one else "", hit) for one, hit in zip(outcomes, reached, strict=True)]


def possible(tricks: list[Trick]) -> list[Trick]:
    return [one for one in tricks if not one.needs or one.needs == platform.machine() or _found(one.needs)]


def _found(module: str) -> bool:
    return find_spec(module) is not None


@pytest.mark.parametrize("wall", [KERNEL, "python"])
@pytest.mark.parametrize("kind", TRICKS)
def test_each_wall_holds_what_it_is_said_to_hold(kind, wall, tmp_path):
    tricks = possible(TRICKS[kind])
    found = attempted([one.code for one in tricks], (wall,), tmp_path)
    assert all(fate for fate, _ in found)
    escaped = [one.code for one, (fate, hit) in zip(tricks, found, strict=True) if hit or (one.ran and fate == "ran")]
    expected = [] if wall == "kernel" else [one.code for one in tricks if not one.hook]
    assert escaped == expected


@pytest.mark.parametrize("wall", [KERNEL, "python"])
def test_what_harms_nobody_is_let_through(wall, tmp_path):
    found = attempted(list(HARMLESS), (wall,), tmp_path)
    assert found == [("ran", False)] * len(HARMLESS)


@pytest.mark.parametrize("kind", TRICKS)
def test_without_walls_every_trick_is_one(kind, tmp_path):
    tricks = possible(TRICKS[kind])
    found = attempted([one.code for one in tricks], (), tmp_path)
    held = [
        one.code for one, (fate, hit) in zip(tricks, found, strict=True) if not (hit or (one.ran and fate == "ran"))
    ]
    assert held == []


@pytest.mark.slow
@pytest.mark.parametrize(("framework", "codes"), [("torch", TORCH), ("jax", JAX)])
def test_what_frameworks_do_in_their_own_threads_and_writers_is_held_and_they_go_on(framework, codes, tmp_path):
    pytest.importorskip(framework)
    used = {
        "torch": "t = torch.ones(9, 9, requires_grad=True); (t @ t).sum().backward()",
        "jax": "jax.grad(lambda a: (a @ a).sum())(jax.numpy.ones((3, 3)))",
    }[framework]
    source = SOURCE.replace("import beside", f"import beside, {framework}").replace("D = {}", f"D = {{}}; {used}")
    found = attempted(["x = x", *codes, "y = y"], ("kernel",), tmp_path, source, 8 << 30)
    assert [hit for _, hit in found] == [False] * len(found)
    assert [found[0][0], found[-1][0]] == ["ran", "ran"]
