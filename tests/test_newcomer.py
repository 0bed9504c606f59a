"""What a newcomer meets: their own folders and test suite beside ours, no framework installed, an answer at once."""

import os
import subprocess
import sys
import time

import pytest

RIGHT = """
import numpy as np
def gradients(params, x, y, h0):
    h = [h0]
    for x_t in x:
        h.append(np.tanh(x_t @ params["W_xh"] + h[-1] @ params["W_hh"] + params["b_h"]))
    g = {name: np.zeros_like(value) for name, value in params.items()}
    dh = 0
    for t in reversed(range(len(x))):
        dout = h[t + 1] @ params["W_hy"] + params["b_y"] - y[t]
        g["W_hy"] += h[t + 1].T @ dout
        g["b_y"] += dout.sum(0)
        da = (dout @ params["W_hy"].T + dh) * (1 - h[t + 1] ** 2)
        g["W_xh"] += x[t].T @ da
        g["W_hh"] += h[t].T @ da
        g["b_h"] += da.sum(0)
        dh = da @ params["W_hh"].T
    RETURN
"""


def source(ending: str) -> str:
    return RIGHT.replace("RETURN", ending)


def test_folders_of_the_users_own_named_like_ours(tmp_path):
    for name in ("backends", "harness", "reports"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OWN = True\n")
    (tmp_path / "mine.py").write_text("import backends\nassert backends.OWN\n" + source("return g"))
    (tmp_path / "test_theirs.py").write_text(
        "import backends, harness\n"
        "from gradparity.harness.testing import parametrize_problems\n"
        "from mine import gradients\n"
        "@parametrize_problems(models=['rnn'], losses=['mse'], dtypes=['float64'])\n"
        "def test_mine(gradparity_check, problem):\n"
        "    gradparity_check(gradients, problem)\n"
        "def test_own():\n"
        "    assert backends.OWN and harness.OWN\n"
    )
    python = [sys.executable, "-m"]
    check = [*python, "gradparity.harness", "check", "mine.py", "--backends", "numpy"]
    suite = [*python, "pytest", "-q", "-n", "2", "--gradparity-html", "report.html", "-p", "no:cacheprovider"]
    for command in (check, suite):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "4 comparisons in report.html" in done.stdout
    assert "</html>" in (tmp_path / "report.html").read_text()


def test_a_failing_test_shows_the_table_and_no_stack(pytester):
    pytester.makepyfile(
        mine=source("g['W_hh'] = g['W_hh'].T\n    return g"),
        test_mine="""
        from hypothesis import given, settings
        from gradparity.harness.problem import Problem
        from gradparity.harness.strategies import problems
        from mine import gradients
        def test_table(gradparity_check):
            gradparity_check(gradients, Problem())
        def test_refusal(gradparity_check):
            gradparity_check(lambda x: None, Problem())
        @settings(max_examples=5)
        @given(problems(models=["rnn"], max_steps=2))
        def test_strategy(problem):
            assert problem.T <= 2
        """,
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=2)
    said = result.stdout.str()
    assert "W_hh: at hidden" in said
    assert "returned None: is its return missing?" in said
    assert "pytest_plugin.py" not in said


HEAVY = ("numpy", "torch", "jax", "pytensor", "hypothesis")


@pytest.mark.parametrize(
    "code",
    [
        "import gradparity.harness",
        "import gradparity.harness.pytest_plugin",
        "from typer.testing import CliRunner as C; from gradparity.harness.cli import app; C().invoke(app, ['--help'])",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_used(code):
    check = f"import sys; found = [m for m in {HEAVY} if m in sys.modules]; assert not found, found"
    subprocess.run([sys.executable, "-c", f"{code}; {check}"], check=True, timeout=60)


def test_help_answers_at_once():
    def seconds() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "gradparity.harness", "--help"], check=True, capture_output=True)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(7)) < 0.3


HIDE = """
import importlib.util, sys
HIDDEN = ("torch", "jax", "jaxlib", "pytensor")
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name.split(".")[0] in HIDDEN else real(name, *rest)
"""


def test_without_any_framework_the_rest_works_and_says_how_to_get_them(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(HIDE)
    done = subprocess.run(
        [sys.executable, "-m", "gradparity.harness", "run", "--model", "rnn", "--dtype", "float64"],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for extra in ("torch", "jax", "pytensor"):
        assert f'pip install "gradparity[{extra}]"' in done.stdout
