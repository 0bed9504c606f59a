"""What is judged is the text that stands in the file: no bytecode of the user's files is read or written."""

import os
import py_compile
from pathlib import Path

import numpy as np
import pytest
from gradparity.harness.layout import Layout
from gradparity.harness.problem import Problem, make_tensors
from gradparity.harness.workers import Limits, Worker

MINE = """import helper
from package import part

def gradients(Wxh):
    return {{"dWxh": Wxh * 0 + {} + helper.K + part.K}}
"""
FILES = {
    "mine.py": MINE.format(1),
    "helper.py": "K = 0\n",
    "package/__init__.py": "",
    "package/part.py": "from .deeper import K\n",
    "package/deeper.py": "K = 0\n",
}
CHANGES = {"mine.py": MINE.format(3), "helper.py": "K = 2\n", "package/deeper.py": "K = 2\n"}
PROBLEM = Problem(T=1, B=1, I=1, H=1, O=1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A candidate with what it imports, all compiled beforehand as an earlier run would have."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        py_compile.compile(str(path))
    return tmp_path


def answered(folder: Path) -> float:
    """The one entry of the candidate's gradient, in a process of its own."""
    question = str(folder / "mine.py"), "gradients", PROBLEM, Layout(), make_tensors(PROBLEM)
    with Worker(Limits(20)) as worker:
        found = worker.call("gradparity.harness.candidate:call_file", *question, returns=dict[str, np.ndarray])
    return found["dWxh"].item()


def compiled(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*.pyc")}


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_as_long_as_before_in_the_same_second_is_another(folder, name):
    assert answered(folder) == 1
    path, before = folder / name, (folder / name).stat()
    path.write_text(CHANGES[name])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert answered(folder) == 3


def test_no_bytecode_is_written(folder):
    before = compiled(folder)
    for path in folder.rglob("*.py"):
        path.write_text(path.read_text() + "# longer\n")
    assert answered(folder) == 1
    assert compiled(folder) == before
    for path in before:
        path.unlink()
    assert answered(folder) == 1
    assert compiled(folder) == {}


def test_what_is_installed_is_not_compiled_anew(folder):
    installed = folder / ".venv" / "lib" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "bought.py").write_text("K = 0\n")
    (folder / "helper.py").write_text(f"import sys\nsys.path.append({str(installed)!r})\nimport bought\nK = bought.K\n")
    assert answered(folder) == 1
    assert [path.name.partition(".")[0] for path in compiled(installed)] == ["bought"]
