"""The smallest failing case: small, plain, still failing, and a pytest file that fails until the code is right."""

from ast import literal_eval
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from candidates import CORE, python
from faults import FAULTS, Fault, planted
from gradparity.harness.candidate import load
from gradparity.harness.diagnosis import smallest
from gradparity.harness.diagnosis.case import Inquiry
from gradparity.harness.finding import SmallestCase
from gradparity.harness.layout import Layout
from gradparity.harness.models import models
from gradparity.harness.noise import THRESHOLD
from gradparity.harness.problem import Problem, Tensors
from inquired import Candidate, gradients_alone, inquired, inquired_function

Array = np.ndarray
STEADY = [fault for fault in FAULTS if fault.kind != "first step left out"]  # which returns what memory held
BY_KIND = {fault.kind: fault for fault in FAULTS}

ELMAN = """
import numpy as np

def gradients(Wxh, Whh, bh, Why, by, x, y, h0):
    h = [h0]
    for x_t in x:
        h.append(np.tanh(x_t @ Wxh + h[-1] @ Whh + bh))
    dWxh, dWhh, dbh, dWhy, dby, dh = 0, 0, 0, 0, 0, 0
    for t in reversed(range(len(x))):
        dout = h[t + 1] @ Why + by - y[t]
        dWhy, dby = dWhy + h[t + 1].T @ dout, dby + dout.sum(0)
        da = (dout @ Why.T + dh) * (1 - h[t + 1] ** 2)
        dWxh, dWhh, dbh = dWxh + x[t].T @ da, dWhh + h[t].T @ da, dbh + da.sum(0)
        dh = da @ Whh.T
    return {"dWxh": dWxh, "dWhh": dWhh, "dbh": dbh, "dWhy": dWhy, "dby": dby, "dh0": dh}
"""
BY_SHAPE = ELMAN.replace('"dWxh"', '"one"').replace('"dWhh"', '"two"').replace('"dWhy"', '"three"')
CLASS = '''
import numpy as np
from core import solve

class RNN:
    @staticmethod
    def grad(params, x, y, h0):
        """Column vectors."""
        p = {n: w.T if n.startswith("W") else w[:, 0] for n, w in params.items()}
        _, g = solve(p, np.swapaxes(x, 1, 2), np.swapaxes(y, 1, 2), h0.T)
        return {n: a.T if n.startswith("W") else a[:, None] for n, a in g.items() if n not in ("x", "h0")}
'''
LSTM = '''
from core import regated, solve

def gradients(params, x, y, h0, c0):
    """Gates i, f, o, g; cross-entropy on the last step; a sequence without a batch."""
    gated = ("W_xh", "W_hh", "b_h")
    p = {n: regated(w, "ifog", "ifgo") if n in gated else w for n, w in params.items()}
    _, g = solve(p, x[:, None], y[None], h0[None], c0[None], model="lstm", loss="softmax_xent", last=True)
    return {n: regated(a, "ifgo", "ifog") if n in gated else a for n, a in g.items() if n in params}
'''


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch):
    """What is found may not depend on how busy the machine is."""
    monkeypatch.setattr(smallest, "SECONDS", float("inf"))


def shrunk(candidate: Candidate, problem: Problem) -> tuple[SmallestCase, Inquiry]:
    inquiry = inquired(candidate, problem)
    found = smallest.shrink(inquiry, "mine.py:gradients")
    assert found is not None
    return found, inquiry


def faulty(kind: str) -> Candidate:
    gradients = planted(BY_KIND[kind])
    return lambda p, t: dict(gradients(p, t).named)


def arrays(found: SmallestCase) -> dict[str, Array]:
    return {name: np.array(literal_eval(text)) for name, text in found.tensors.items()}


def as_tensors(found: SmallestCase) -> Tensors:
    """The tensors of a case in the canonical layout, read back from their text."""
    read, spec = arrays(found), found.problem.spec
    return Tensors(
        {p.name: read[p.name] for p in spec.parameters},
        read["x"],
        read["y"],
        {s.name: read[s.name] for s in spec.states},
    )


@pytest.mark.parametrize("fault", STEADY[::2], ids=[f.kind for f in STEADY[::2]])
def test_the_case_is_small_plain_and_still_wrong(fault: Fault):
    candidate = faulty(fault.kind)
    found, inquiry = shrunk(candidate, Problem(fault.model))
    tensors = as_tensors(found)
    for name, array in arrays(found).items():
        assert np.abs(array).max() <= 2, name
        assert (array * 16 == np.rint(array * 16)).all(), name  # no more than four binary digits behind the point
    (case,) = inquiry.ask([(found.problem, tensors)])
    assert case is not None
    assert case.before(found.name) > THRESHOLD
    right = gradients_alone(found.problem, tensors)[found.name]
    wrong = candidate(found.problem, tensors)[found.name]
    words = {inquiry.case.layout.placements(found.problem)[found.name].words(i, found.problem.sizes): i
             for i in np.ndindex(right.shape)}  # fmt: skip
    assert found.value == pytest.approx(wrong[words[found.place]], rel=1e-12)
    assert found.value_b == pytest.approx(right[words[found.place]], rel=1e-12, abs=1e-300)
    assert abs(found.value - found.value_b) > 0.01 * abs(found.value)


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("h0 term of W_hh missing", "T=1 B=1 I=1 H=1 O=1"),  # scalars will do
        ("nothing flows back in time", "T=2 B=1 I=1 H=1 O=1"),  # two steps are needed
        ("mean for sum", "T=2 B=1 I=1 H=1 O=1"),
        ("gradient divided by the batch", "T=1 B=2 I=1 H=1 O=1"),  # a batch is needed
        ("gradient of W_hh transposed", "T=1 B=1 I=1 H=2 O=1"),  # no transpose of one number is wrong
        ("recurrent weight not transposed", "T=2 B=1 I=1 H=2 O=1"),
    ],
)
def test_no_size_is_larger_than_the_fault_needs(kind, sizes):
    found, _ = shrunk(faulty(kind), Problem("rnn"))
    assert sizes in found.problem.describe()


@pytest.mark.parametrize("needs", [5, 6])
def test_a_fault_that_needs_many_steps_keeps_as_many(needs):
    """Beyond the tiny sizes, one size after the other is brought down."""

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        found = gradients_alone(p, t)
        return {**found, "W_hh": found["W_hh"] * (2 if needs <= p.T and p.H >= 3 else 1)}

    found, _ = shrunk(candidate, Problem())
    assert found.problem.sizes == {"T": needs, "B": 1, "I": 1, "H": 3, "O": 1}
    assert found.name == "W_hh"


def test_what_answers_no_other_size_keeps_its_own():
    problem = Problem()

    def gradients(params, x, y, h0):
        if (*x.shape, *params["W_hy"].shape) != tuple(problem.sizes.values()):
            raise ValueError("only this shape")
        found = gradients_alone(problem, Tensors(params, x, y, {"h0": h0}))
        return {**found, "W_hh": -found["W_hh"]}

    found = smallest.shrink(inquired_function(gradients, problem), "")
    assert found is not None
    assert found.problem == problem
    assert found.test == ""


def test_not_a_number_is_shown():
    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        found = gradients_alone(p, t)
        return {**found, "b_y": found["b_y"] * np.nan}

    found, _ = shrunk(candidate, Problem())
    assert found.name == "b_y"
    assert np.isnan(found.value)
    assert np.isfinite(found.value_b)


def test_with_a_wrong_shape_alone_there_is_no_number_to_show():
    problem = Problem()

    def gradients(params, x, y, h0):
        sizes = dict(zip("TBIHO", (*x.shape, *params["W_hy"].shape), strict=True))
        found = gradients_alone(replace(problem, **sizes), Tensors(params, x, y, {"h0": h0}))
        return {**found, "b_y": found["b_y"][None]}

    inquiry = inquired_function(gradients, problem)
    assert inquiry.case.odd
    assert smallest.shrink(inquiry, "mine.py:gradients") is None


@pytest.mark.parametrize("model", models())
def test_correct_code_has_no_failing_case(model):
    assert smallest.shrink(inquired(gradients_alone, Problem(model)), "mine.py:gradients") is None


def test_the_same_case_every_time():
    one, two = (shrunk(faulty("slope forgotten"), Problem())[0] for _ in range(2))
    assert one == two


@pytest.mark.parametrize("kind", ["cell's own past forgotten", "carry through z dropped", "slope forgotten"])
def test_few_calls_and_little_time(kind):
    inquiry = inquired(faulty(kind), Problem(BY_KIND[kind].model))
    calls: list[int] = []

    def counted(questions):
        calls.append(len(questions))
        return inquiry.ask(questions)

    start = process_time()
    assert smallest.shrink(replace(inquiry, ask=counted), "mine.py:gradients")
    assert sum(calls) <= 300
    assert process_time() - start < 1.5


def test_no_question_is_asked_beyond_the_limit():
    """A candidate that cannot be made smaller is asked a number of questions that is bounded all the same."""
    first = Problem(T=20, H=20)

    def candidate(p: Problem, t: Tensors) -> dict[str, Array]:
        found = gradients_alone(p, t)
        return {**found, "W_hh": found["W_hh"] * (2 if p == first else 1)}

    inquiry, calls = inquired(candidate, first), []

    def counted(questions):
        calls.append(len(questions))
        return inquiry.ask(questions)

    found = smallest.shrink(replace(inquiry, ask=counted), "mine.py:gradients")
    assert found is not None
    assert found.problem == first
    assert sum(calls) <= smallest.CALLS


@pytest.mark.parametrize("seconds", [0.001, 0.3, 5.0])
def test_a_slow_candidate_is_asked_for_less(monkeypatch, seconds):
    """The clock is that of the candidate alone: what is asked takes no longer than is allowed, but for one answer."""
    inquiry, now = inquired(faulty("slope forgotten"), Problem()), 0.0

    def ask(questions):
        nonlocal now
        now += seconds * len(questions)
        return inquiry.ask(questions)

    monkeypatch.setattr(smallest, "perf_counter", lambda: now)
    monkeypatch.setattr(smallest, "SECONDS", 1.2)
    found = smallest.shrink(replace(inquiry, ask=ask), "mine.py:gradients")
    assert found is not None
    assert now <= 1.2 + max(seconds, smallest.SLICE)
    assert found.problem.sizes == dict.fromkeys("TBIHO", 2 if seconds > 1 else 1)


# --- the pytest file --------------------------------------------------------------------------------------------------

FILES: list[tuple[str, str, str, tuple[str, str], Problem, Layout]] = [
    ("function", ELMAN, "gradients", ("dh = da @ Whh.T", "dh = da @ Whh"), Problem(), Layout()),
    ("float32", ELMAN, "gradients", ("(1 - h[t + 1] ** 2)", "1"), Problem(dtype="float32"), Layout()),
    ("names by shape", BY_SHAPE, "gradients", ("h[t].T @ da", "h[t + 1].T @ da"), Problem(), Layout()),
    ("class in columns", CLASS, "RNN.grad", ("a.T if n", "2 * a.T if n"), Problem(), Layout("column")),
    (
        "lstm",
        LSTM,
        "gradients",
        ('regated(a, "ifgo", "ifog")', 'regated(a, "ifgo", "ifgo")'),
        Problem("lstm", B=1, loss="softmax_xent", loss_on="last"),
        Layout(gates=tuple("ifog"), batched=False),
    ),
]


def run_test(folder: Path) -> tuple[int, str]:
    """pytest on the file, from another folder than the candidate's."""
    done = python("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_case.py", cwd=folder)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("source", "function", "fault", "problem", "layout"), [f[1:] for f in FILES], ids=[f[0] for f in FILES]
)
def test_the_test_fails_until_the_code_is_right(
    tmp_path: Path, monkeypatch, source: str, function: str, fault: tuple[str, str], problem: Problem, layout: Layout
):
    right, wrong = fault
    assert right in source
    (tmp_path / "core.py").write_text(CORE)
    mine = tmp_path / "mine.py"
    mine.write_text(source.replace(right, wrong))
    monkeypatch.chdir(tmp_path)
    found = smallest.shrink(inquired_function(loaded(mine, function), problem, layout), f"mine.py:{function}")
    assert found is not None
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "test_case.py").write_text(found.test)
    code, said = run_test(elsewhere)
    assert code == 1, said
    assert f"is wrong; {found.value_b!r} is right" in said
    mine.write_text(source)
    code, said = run_test(elsewhere)
    assert code == 0, said
    assert "1 passed" in said


def loaded(path: Path, function: str) -> Callable:
    """Loaded as the product loads it, without leaving anything behind for the next file of that name."""
    import sys

    before, paths = dict(sys.modules), list(sys.path)
    try:
        return load(path, function)
    finally:
        sys.path[:] = paths
        for name in set(sys.modules) - set(before):
            if name in ("mine", "core"):
                del sys.modules[name]


def test_the_numbers_in_the_test_are_those_of_the_case():
    found, _ = shrunk(faulty("slope forgotten"), Problem())
    for name, text in found.tensors.items():
        assert name in found.test
        assert f"array({text})" in found.test
    assert repr(found.value_b) in found.test
    assert found.place in found.test


def test_a_module_name_is_a_file(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inquiry = inquired(faulty("slope forgotten"), Problem())
    for call in ("mine:RNN.grad", "mine.py:RNN.grad", f"{tmp_path}/mine.py:RNN.grad"):
        found = smallest.shrink(inquiry, call)
        assert found is not None
        assert f"FILE, FUNCTION = {str(tmp_path / 'mine.py')!r}, 'RNN.grad'" in found.test
