"""Lines: the value that a line must have is solved for; a fault is found at its line, and nowhere in right code."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from candidates import gradparity
from gradparity.backends import numpy_bptt
from gradparity.harness import sandbox
from gradparity.harness.candidate import arguments, read
from gradparity.harness.diagnosis.lines import findings, locate
from gradparity.harness.diagnosis.lines.running import Runner, Slot
from gradparity.harness.diagnosis.lines.search import locate as search
from gradparity.harness.diagnosis.lines.solving import Goal
from gradparity.harness.diagnosis.lines.subject import Budget, Located, Subject
from gradparity.harness.diagnosis.lines.taps import tapped
from gradparity.harness.finding import SourceMap
from gradparity.harness.layout import Layout
from gradparity.harness.names import match
from gradparity.harness.problem import Problem, make_tensors
from planted import PROGRAMS, SINGLE, Planted
from planted.row import CORPUS, Program

Array = np.ndarray
SPELT = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
NUMPY = [program for program in PROGRAMS.values() if not program.needs]


# --- taps: watched, a program does what it did ------------------------------------------------------------------------


@pytest.mark.parametrize("program", NUMPY, ids=lambda p: p.name)
def test_taps_change_nothing(program: Program):
    problem, path = program.problem, CORPUS / f"{program.name}.py"
    code, taps = tapped(program.source, str(path))

    def call(module: object) -> Array:
        function = module.gradients  # type: ignore[attr-defined]  # every program of the corpus has it
        asked = arguments(function, problem, program.layout, make_tensors(problem), program.name)
        found = read(function(**sandbox.copied(asked)), program.name, problem)
        return np.concatenate([np.ravel(found[name]) for name in sorted(found)])

    plain = Runner(compile(program.source, str(path), "exec"), path, call, lambda run: run()).run()
    seen: dict[Slot, Array] = {}
    watched = Runner(code, path, call, lambda run: run()).run(seen=seen)
    assert plain is not None
    assert watched is not None
    assert np.array_equal(plain, watched)  # to the bit
    assert {slot[0] for slot in seen} <= set(range(len(taps)))
    assert len({slot[0] for slot in seen}) > 5


@pytest.mark.parametrize(
    ("statement", "texts"),
    [
        ("a, b = x @ w, 2 * x", ["x @ w", "2 * x"]),
        ("a += x.T", ["x.T"]),
        ("d = {'w': x * 2}", ["x * 2"]),
        ("d = dict(w=x * 2, b=x)", ["x * 2", "x"]),
        ("hs.append(x * 2)", ["x * 2"]),
        ("np.add.at(a, 0, x[0])", ["a", "x[0]"]),
        ("s = sum(x * k for k in (1, 2))", ["sum(x * k for k in (1, 2))", "x * k"]),
        ("f = lambda v: v * 2", ["v * 2"]),
        ("n = 3", []),
        ("if (y := x * 2) is None: pass", ["x * 2"]),
    ],
)
def test_every_value_of_a_statement_has_a_tap(statement: str, texts: list[str]):
    _, taps = tapped(statement, "mine.py")
    assert sorted(tap.text for tap in taps) == sorted(texts)


# --- the principle, in programs of no model that the tool knows -------------------------------------------------------

LAYER_NORM = """\
import numpy as np

def forward(x, gamma, beta):
    mean = x.mean(-1, keepdims=True)
    spread = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    xhat = (x - mean) / spread
    return gamma * xhat + beta, (xhat, spread, gamma)

def backward(dout, cache):
    xhat, spread, gamma = cache
    dgamma = (dout * xhat).sum(0)
    dbeta = dout.sum(0)
    dxhat = dout * gamma
    dmean = dxhat.mean(-1, keepdims=True)
    dproj = (dxhat * xhat).mean(-1, keepdims=True)
    dx = (dxhat - dmean - xhat * dproj) / spread
    return dx, dgamma, dbeta
"""
ATTENTION = """\
import numpy as np

class Attention:
    def forward(self, q, k, v):
        self.q, self.k, self.v = q, k, v
        self.scale = q.shape[-1] ** -0.5
        s = self.scale * q @ k.T
        e = np.exp(s - s.max(-1, keepdims=True))
        self.p = e / e.sum(-1, keepdims=True)
        return self.p @ v

    def backward(self, dout):
        dv = self.p.T @ dout
        dp = dout @ self.v.T
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True))
        ds = ds * self.scale
        return ds @ self.k, ds.T @ self.q, dv
"""


def layer_norm(module, draw: Callable[..., Array]) -> tuple[Array, ...]:
    out, cache = module.forward(draw(4, 6), draw(6), draw(6))
    return module.backward(draw(*out.shape), cache)


def attention(module, draw: Callable[..., Array]) -> tuple[Array, ...]:
    layer = module.Attention()
    out = layer.forward(draw(3, 5), draw(4, 5), draw(4, 2))
    return layer.backward(draw(*out.shape))


def within(once: Callable[[], Array]) -> Array | None:
    try:
        return once()
    except Exception:
        return None


def subject(source: str, use: Callable, right: str) -> Subject | None:
    """A program with its right version as the oracle; no problem, layout or model is involved."""

    def run(text: str, seen: dict[Slot, Array] | None = None) -> tuple[Runner, Array | None, tuple]:
        code, taps = tapped(text, "mine.py")

        def call(module: object) -> Array:
            random = np.random.default_rng(0)
            parts[:] = [np.asarray(one) for one in use(module, lambda *shape: random.uniform(0.2, 1.8, shape))]
            return np.concatenate([one.ravel() for one in parts])

        runner = Runner(code, Path("mine.py"), call, within)
        return runner, runner.run(seen=seen), taps

    parts: list[Array] = []
    _, truth, _ = run(right)
    seen: dict[Slot, Array] = {}
    runner, base, taps = run(source, seen)
    assert truth is not None
    assert base is not None
    names, counts = tuple("abc"[: len(parts)]), tuple(one.size for one in parts)
    goal = Goal(names, counts, base, truth, np.full(len(truth), 1e-13 * np.abs(truth).max()))
    return Subject(source, runner, taps, goal, seen)


def located(right: str, use: Callable, old: str, new: str) -> tuple[Located, int]:
    """What is located of a fault, and the line that it is in."""
    assert right.count(old) == 1
    wrong = right.replace(old, new)
    posed = subject(wrong, use, right)
    assert posed is not None

    def holds(text: str, _: tuple[str, ...]) -> bool:
        again = subject(text, use, right)
        return again is not None and not again.goal.wrong

    found = search(posed, None, lambda text: subject(text, use, right), holds, Budget(10**6, 60))
    return found, right[: right.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("right", "use", "old", "new"),
    [
        (LAYER_NORM, layer_norm, "dout * gamma", "dout * xhat"),
        (LAYER_NORM, layer_norm, "dmean = dxhat.mean(-1, keepdims=True)", "dmean = dxhat.sum(-1, keepdims=True)"),
        (LAYER_NORM, layer_norm, "- xhat * dproj", "+ xhat * dproj"),
        (LAYER_NORM, layer_norm, "(dout * xhat).sum(0)", "(dout * xhat).mean(0)"),
        (ATTENTION, attention, "(dp - (dp * self.p).sum(-1, keepdims=True))", "(dp - (dp * self.p).sum(0))"),
        (ATTENTION, attention, "self.p.T @ dout", "self.p.T @ dout * self.scale"),
        (ATTENTION, attention, "dp = dout @ self.v.T", "dp = 2 * dout @ self.v.T"),
    ],
)
def test_a_fault_is_found_at_its_line_in_a_program_that_no_model_describes(right, use, old, new):
    found, line = located(right, use, old, new)
    assert found.suspects
    assert found.suspects[0].whole
    assert line in {n for one in found.suspects for n in range(one.line - 1, one.last + 1)}
    assert len({one.line for one in found.suspects}) <= 4
    for one in found.suspects:
        assert all(each.after <= 32 < each.before for each in one.residuals)


def test_a_cure_makes_the_program_right():
    found, line = located(LAYER_NORM, layer_norm, "(dout * xhat).sum(0)", "(dout * xhat).mean(0)")
    first = found.suspects[0]
    assert (first.line, first.would_read.strip()) == (line, "dgamma = (dout * xhat).sum(0)")


def test_two_faults_are_cured_one_behind_the_other():
    half = LAYER_NORM.replace("(dout * xhat).sum(0)", "(dout * xhat).mean(0)")
    wrong = half.replace("- xhat * dproj", "+ xhat * dproj")
    posed = subject(wrong, layer_norm, LAYER_NORM)
    assert posed is not None

    def holds(text: str, cures: tuple[str, ...]) -> bool:
        again = subject(text, layer_norm, LAYER_NORM)
        return again is not None and not set(again.goal.wrong) & set(cures)

    found = search(posed, None, lambda text: subject(text, layer_norm, LAYER_NORM), holds, Budget(10**6, 60))
    lines = {one.line for one in found.suspects[:2] if one.cure}
    assert lines in ({11, 15}, {11, 16})  # the sign may be turned where the product is made, or where it is taken off
    assert any(one.whole for one in found.suspects)


SCAN = """\
import numpy as np

def forward(x, a):
    h, hs = np.zeros(x.shape[1]), []
    for x_t in x:
        h = np.tanh(a * h + x_t)
        hs.append(h)
    return hs

def backward(dout, x, a):
    hs = forward(x, a)
    da, dx = np.zeros_like(a), np.zeros_like(x)
    carry = np.zeros(x.shape[1])
    for t in reversed(range(len(x))):
        dh = dout[t] + carry
        dz = dh * (1 - hs[t] ** 2)
        if t > 0:
            da += dz * hs[t - 1]
        dx[t] = dz
        carry = dz * a
    return dx, da

def sensitivity(dout, x, a):
    h, s, da = np.zeros(x.shape[1]), np.zeros_like(a), np.zeros_like(a)
    for t in range(len(x)):
        before, h = h, np.tanh(a * h + x[t])
        s = (1 - h ** 2) * (before + a * s)
        da += dout[t] * s
    return (da,)
"""


def scan(module, draw: Callable[..., Array]) -> tuple[Array, ...]:
    return module.backward(draw(5, 3), draw(5, 3), draw(3))


def sensitivity(module, draw: Callable[..., Array]) -> tuple[Array, ...]:
    return module.sensitivity(draw(5, 3), draw(5, 3), draw(3))


@pytest.mark.parametrize(
    ("use", "old", "new", "cure"),
    [
        (scan, "            da += dz * hs[t - 1]\n", "            pass\n", "da += dz * hs[t - 1]"),
        (scan, "        dz = dh * (1 - hs[t] ** 2)\n", "        dz = dh\n", "* (1 - hs[t] ** 2)"),
        (scan, "hs[t - 1]", "hs[t]", "hs[t - 1]"),
        (scan, "np.tanh(a * h + x_t)\n        hs", "np.tanh(h + x_t)\n        hs", "* a"),  # the forward pass
        (scan, "if t > 0", "if t > 1", "t > 0"),
        (scan, "dx[t] = dz", "dx[t - 1] = dz", "dx[t]"),
        (
            scan,
            "        dx[t] = dz\n        carry = dz * a\n",
            "        carry = dz * a\n    dx[t] = dz\n",
            "dx[t] = dz",
        ),
        (sensitivity, "(before + a * s)", "(before + s)", "a"),  # what is wrong is built on by the next step
    ],
)
def test_what_is_wrong_is_cured_wherever_it_is(use, old, new, cure):
    """A missing statement, a missing factor, an index, the forward pass, a condition, a target, the end of a loop."""
    found, line = located(SCAN, use, old, new)
    first = found.suspects[0]
    assert first.whole
    assert abs(first.line - line) <= 2
    assert any(cure in one.would_read or cure in one.cure for one in found.suspects[:3])


def test_the_forward_pass_is_not_blamed_for_the_backward():
    found, _ = located(LAYER_NORM, layer_norm, "(dout * xhat).sum(0)", "(dout * xhat).mean(0)")
    assert all(one.line > 9 for one in found.suspects)


# --- the corpus -------------------------------------------------------------------------------------------------------

CHOSEN = [row for row in SINGLE if row.program.name in ("row_arrays", "generator", "relu_einsum", "per_example")]


def asked(row: Planted, folder: Path) -> Located:
    program = row.program
    names = matches(row, program.problem)
    path = row.write(folder)
    return locate(path, "gradients", program.problem, program.layout, names, numpy_bptt.gradients).located


def matches(row: Planted, problem: Problem) -> dict[str, str]:
    """The program's own name -> native name of each gradient."""
    module: dict = {}
    exec(compile(row.program.source, "mine.py", "exec"), module)
    layout = row.program.layout
    given = arguments(module["gradients"], problem, layout, make_tensors(problem), "mine")
    found = read(module["gradients"](**given), "mine", problem)
    shapes = {name: array.shape for name, array in found.items()}
    return {one.given: one.matched for one in match(shapes, layout.placements(problem), problem.sizes)}


@pytest.mark.parametrize("row", CHOSEN, ids=str)
def test_the_true_line_is_near_what_is_found(row: Planted, tmp_path):
    found = asked(row, tmp_path)
    assert found.suspects
    lines = {n for one in found.suspects for n in range(one.line - 3, one.last + 4)}
    assert lines & set(row.lines)
    for one, edits in zip(found.suspects, found.cures, strict=True):
        assert bool(one.cure) == bool(edits)


ONE = """\
import numpy as np

def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
    h = {-1: h0.reshape(-1)}
    for t in range(len(x)):
        h[t] = np.tanh(x[t].reshape(-1) @ Wxh + h[t - 1] @ Whh + bh)
    dWxh, dWhh, dbh, dWhy, dby, dh = 0, 0, 0, 0, 0, 0
    for t in reversed(range(len(x))):
        error = h[t] @ Why + by - y[t].reshape(-1)
        dWhy, dby = dWhy + np.outer(h[t], error), dby + error
        da = (Why @ error + dh) * (1 - h[t] ** 2)
        dWxh, dWhh, dbh = dWxh + np.outer(x[t], da), dWhh + np.outer(h[t - 1], da), dbh + da
        dh = Whh.T @ da
    return {"dWxh": dWxh, "dWhh": dWhh, "dbh": dbh, "dWhy": dWhy, "dby": dby, "dh0": dh.reshape(1, -1)}
"""


def test_a_program_for_a_batch_of_one_is_asked_so_throughout(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(ONE)
    names = {f"d{one}": other for one, other in zip(("Wxh", "Whh", "bh", "Why", "by"), SPELT, strict=True)}
    found = locate(path, "gradients", Problem(B=1), Layout(), names | {"dh0": "h0"}, numpy_bptt.gradients)
    first = found.located.suspects[0]
    assert (first.line, first.cure) == (13, "Whh for Whh.T")
    assert (found.problem.T, found.problem.B) == (3, 1)  # a small one, and not only the user's own


def test_what_is_written_for_a_batch_of_one_is_confirmed_on_others_of_one(tmp_path):
    (tmp_path / "mine.py").write_text(ONE.replace("dbh + da", "2 * (dbh + da)"))
    told = gradparity("check", "mine.py", "-B", "1", "--backends", "numpy,complex_step", cwd=tmp_path)
    assert told.returncode == 1
    assert "confirmed on further problems" in " ".join(told.stdout.split())
    assert "answered no other problem" not in " ".join(told.stdout.split())


def test_right_code_has_no_suspect(tmp_path):
    right = Planted("right", PROGRAMS["row_arrays"], (), ())
    assert asked(right, tmp_path) == Located()


def test_what_is_not_cured_is_said_without_a_claim_of_how():
    found, _ = located(LAYER_NORM, layer_norm, "dout * gamma", "dout * xhat")
    bare = tuple(replace(one, cure="", reads="", would_read="") for one in found.suspects)
    (told,) = findings(SourceMap("mine.py", tuple(LAYER_NORM.splitlines()), "x", bare))
    assert "alone would make all right" in told.what
    assert not told.lines
    assert "were it [" in told.sentence
