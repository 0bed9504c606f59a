"""The pytest plugin, in pytest runs of their own: it comes with the install and is not asked for."""

import pytest
from candidates import CORE

SOLVE = """
from core import solve

def right(params, x, y, h0):
    return solve(params, x, y, h0)[1]

def wrong(params, x, y, h0):
    g = solve(params, x, y, h0)[1]
    return {**g, "W_hh": g["W_hh"].T}

def mute(params, x, y, h0):
    pass

def broken(params, x, y, h0):
    return params["Wxh"]

def misnamed(params, x, y, h0):
    return {"foo": x}
"""
IMPORTS = """
import pytest
from gradparity.harness.problem import Problem
from gradparity.harness.testing import parametrize_problems, scenarios
from mine import broken, misnamed, mute, right, wrong
QUICK = {"backends": ["numpy"]}
PROBLEM = Problem(T=3, B=2)
"""
THREE_LINES = """
@parametrize_problems(models=("rnn",), losses=("mse",))
def test_mine(gradparity_check, problem):
    gradparity_check(right, problem)
"""
BOTH = """
def test_right(gradparity_check):
    gradparity_check(right, PROBLEM, **QUICK)

def test_wrong(gradparity_check):
    gradparity_check(wrong, PROBLEM, **QUICK)
"""


@pytest.fixture
def suite(pytester):
    """Runs a user's tests in a process of their own; gives what pytest printed and returned."""
    pytester.makepyfile(core=CORE, mine=SOLVE)

    def run(tests: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test_mine=IMPORTS + tests)
        pytester.syspathinsert()
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options, timeout=100)

    return run


def test_three_lines_check_a_candidate_on_every_problem(suite):
    ran = suite(THREE_LINES, "-v")
    ran.assert_outcomes(passed=8)
    ran.stdout.fnmatch_lines(["*test_mine[[]rnn-float64-T7-B3-I4-H5-O2-mse[]] PASSED*"])
    ran.stdout.fnmatch_lines(["*test_mine[[]rnn-float32-T1-B2-I3-H4-O5-mse[]] PASSED*"])


def test_a_wrong_gradient_shows_the_table_and_no_stack_and_the_report_holds_the_whole_run(suite, pytester):
    ran = suite(BOTH, "--gradparity-html", "report.html")
    holds_the_whole_run(ran, pytester)
    ran.stdout.fnmatch_lines(
        [
            "*wrong: W_hh differs from numpy (*times the noise, worst at hidden*); *",
            "*wrong against numpy*",
            "*gradient*noise*ratio*",
            "*W_hh*",
            "*W_hh: at hidden * -> hidden *against*",
            "*6 gradients match: *",
        ]
    )
    shown = ran.stdout.str()
    assert not [
        word for word in ("Traceback", "pytest_plugin.py", "check_candidate", "def test_wrong") if word in shown
    ]


SAID = {
    "mute": ["mute returned None: is its return missing?*", "*mend it   return dict(W_xh=*"],
    "broken": ["broken raised KeyError: 'Wxh' (line * of mine.py)", "*called with  params*"],
    "misnamed": ["no gradient given for W_xh, W_hh, b_h, W_hy, b_y.", "*given     foo (3, 2, 4)", "*expected  W_xh*"],
}
MISTAKEN = {
    "backends=['theano']": r"^unknown backend.*",
    "layout='diagonal'": r"^unknown layout.*",
    "gates='ifgo'": r"^--gates.*",
}


def test_bad_input_is_shown_as_its_message(suite):
    tests = [f"gradparity_check({candidate}, PROBLEM, **QUICK)" for candidate in SAID]
    ran = only_messages(suite, tests)
    ran.stdout.fnmatch_lines([line for lines in SAID.values() for line in lines])


def test_a_mistaken_option_is_shown_as_its_message(suite):
    ran = only_messages(suite, [f"gradparity_check(right, PROBLEM, {mistake})" for mistake in MISTAKEN])
    ran.stdout.re_match_lines([*MISTAKEN.values()])


def only_messages(suite, calls: list[str]) -> pytest.RunResult:
    """A run of one test for each call, in their order: all fail, and none shows code."""
    ran = suite("".join(f"def test_{k}(gradparity_check):\n    {call}\n\n" for k, call in enumerate(calls)))
    ran.assert_outcomes(failed=len(calls))
    assert "pytest_plugin.py" not in ran.stdout.str()
    assert "def test_" not in ran.stdout.str()
    return ran


def test_the_report_holds_the_whole_run_of_several_processes(suite, pytester):
    holds_the_whole_run(suite(BOTH, "-n", "2", "--gradparity-html", "report.html"), pytester)


def holds_the_whole_run(ran: pytest.RunResult, pytester: pytest.Pytester) -> None:
    ran.assert_outcomes(passed=1, failed=1)
    ran.stdout.fnmatch_lines(["gradparity: 2 comparisons in report.html"])
    page = (pytester.path / "report.html").read_text()
    assert "right: all 7 gradients match numpy" in page
    assert "wrong: W_hh differs from numpy" in page
    assert sorted(path.name for path in pytester.path.glob("*.html")) == ["report.html"]


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_without_comparisons_no_report_is_written(suite, pytester, workers):
    ran = suite("def test_it():\n    pass\n", *workers, "--gradparity-html", "report.html")
    ran.assert_outcomes(passed=1)
    ran.stdout.fnmatch_lines(["gradparity: nothing was compared"])
    assert not (pytester.path / "report.html").exists()


@pytest.mark.parametrize("path", ["no/such/report.html", "."])
def test_a_report_that_cannot_be_written_is_said_before_the_tests(suite, path):
    ran = suite(BOTH, "--gradparity-html", path)
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["ERROR: *no/such*there is no folder*" if "/" in path else "ERROR: *is a folder*"])
    assert "Traceback" not in ran.stdout.str() + ran.stderr.str()


STRATEGY = """
from gradparity.backends import discover
from gradparity.harness.strategies import problems
from hypothesis import HealthCheck, given, settings

@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problem=problems(models=("rnn",), losses=("mse",), max_steps=3).filter(lambda p: p.loss_on == "all"))
def test_it(gradparity_check, problem):
    gradparity_check(right, problem, **QUICK)

@settings(max_examples=50, derandomize=True, database=None)
@given(problem=problems(max_batch=1, max_size=3, dtypes=("float32",)))
def test_bounds(problem):
    assert (problem.B, problem.dtype) == (1, "float32")
    assert max(problem.I, problem.H, problem.O) <= 3
"""
LAYOUTS = """
def column(params, x, y, h0):
    p = {n: a[:, 0] if n.startswith("b") else a.T for n, a in params.items()}
    g = right(p, x.swapaxes(1, 2), y.swapaxes(1, 2), h0.T)
    return {n: a[:, None] if a.ndim == 1 else a.swapaxes(-1, -2) for n, a in g.items()}

def unbatched(params, x, y, h0):
    g = right(params, x[:, None], y[:, None], h0[None])
    return {n: g[n] for n in params}

def test_column(gradparity_check):
    gradparity_check(column, PROBLEM, layout="column", **QUICK)

def test_unbatched(gradparity_check):
    gradparity_check(unbatched, Problem(T=3, B=1), batched=False, **QUICK)
"""
PANEL = """
def test_panel(gradparity_check):
    panel = gradparity_check(right, PROBLEM, threshold=1000, **QUICK)
    assert (panel.verdict, panel.reference, panel.problem) == ("match", "numpy", PROBLEM)
"""


def test_what_else_a_users_test_may_ask_for(suite, pytester):
    """Problems as a strategy, a layout, the panel; and without the option for a report none is written or said."""
    ran = suite(STRATEGY + LAYOUTS + PANEL)
    ran.assert_outcomes(passed=5)
    assert "gradparity:" not in ran.stdout.str()
    assert not list(pytester.path.glob("*.html"))
