"""Candidates for the tests: files with a `gradients` in the styles that people write, and the command run on them.

The mathematics is that of `numpy_bptt`, in `core.py` beside each candidate; every style converts by hand what it is
given and what it returns, so that a mistake in the product's layouts cannot hide in its mirror image.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CORE = '''
"""Gradients by the reference, canonical layout; also a sibling module for candidates to import."""
from types import SimpleNamespace
import numpy as np
from gradparity.backends import numpy_bptt

def solve(p, x, y, h0, c0=None, *, model="rnn", loss="mse", last=False):
    """The loss and the gradients of W_xh, W_hh, the biases, W_hy, b_y, x, h0 and c0."""
    hidden, out = p["W_hy"].shape
    p = {"b_h": np.zeros(hidden, x.dtype), "b_y": np.zeros(out, x.dtype), **p}
    problem = SimpleNamespace(model=model, loss=loss, supervised=-1 if last else slice(None))
    states = {"h0": h0} if c0 is None else {"h0": h0, "c0": c0}
    found = numpy_bptt.gradients(problem, SimpleNamespace(params=p, x=x, y=y, states=states))
    return found.loss, dict(found.named)

def regated(a, old, new):
    """Gate blocks along the last axis from one order to another."""
    blocks = dict(zip(old, np.split(a, len(old), -1)))
    return np.concatenate([blocks[gate] for gate in new], -1)
'''
HEAD = "import numpy as np\nfrom core import regated, solve\n"
PLAIN = "def gradients(params, x, y, h0):\n    return solve(params, x, y, h0)[1]\n"
SMALL = ("--backends", "numpy", "-T", "3", "-B", "2", "-I", "4", "-H", "5", "-O", "3")


@dataclass(frozen=True)
class Style:
    """A way to write a candidate: its source below HEAD, the options it needs, and what to call in it."""

    name: str
    source: str
    options: tuple[str, ...] = ()
    function: str = ""


def write_candidate(folder: Path, source: str, name: str = "mine.py") -> Path:
    """The candidate's file, with `core.py` beside it."""
    (folder / "core.py").write_text(CORE)
    (folder / name).write_text(HEAD + source)
    return folder / name


def gradparity(
    *args: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 100
) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    return python("-m", "gradparity.harness", *map(str, args), cwd=cwd, env=env, timeout=timeout)


def python(
    *args: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 100
) -> subprocess.CompletedProcess[str]:
    """This Python, in a process of its own; wide enough that no message is broken, and without .pyc files."""
    environment = {**os.environ, "COLUMNS": "400", "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
    return subprocess.run(
        [sys.executable, *args], cwd=cwd, env=environment, timeout=timeout, capture_output=True, text=True, check=False
    )
