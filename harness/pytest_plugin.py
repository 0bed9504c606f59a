"""The pytest plugin: a fixture that checks a candidate, and `--gradparity-html`, a report of the whole test run.

Loaded in every test run on a machine, so it imports nothing of gradparity until a test asks for it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .problem import Problem
    from .result import Panel
    from .run import Pool

PANELS = pytest.StashKey["list[Panel]"]()
EXPLAINED = pytest.StashKey["set[tuple[str, str]]"]()  # candidates and models whose fault was diagnosed before
SENT = "gradparity_result"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradparity")
    group.addoption(
        "--gradparity-html", metavar="PATH", help="write an HTML report of every gradient compared in this run"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[PANELS] = []
    config.stash[EXPLAINED] = set()
    path = config.getoption("--gradparity-html")
    if path and not hasattr(config, "workerinput"):  # refused now, not after an hour of tests
        from .errors import BadInput
        from .writing import writable

        try:
            writable(Path(path))
        except BadInput as error:
            raise pytest.UsageError(f"--gradparity-html: {error}") from None


@pytest.fixture(scope="session")
def gradparity_pool() -> "Iterator[Pool]":
    """The workers of the references, warm for the whole test run."""
    from .run import Pool

    with Pool() as pool:
        yield pool


@pytest.fixture
def gradparity_check(request: pytest.FixtureRequest, gradparity_pool: "Pool") -> "Callable[..., Panel]":
    """A function that compares a candidate's gradients with the references' and fails the test where they differ.

    Call it as `gradparity_check(candidate, problem)`. The candidate is a function as `gradparity check` calls it: its
    parameter names say what it is given (params, x, y, h0, c0, or single weights), and it returns a mapping of
    gradients.
    Options: `layout` ("row", "column", "torch"), `gates`, `batched`, `backends` (names of references), `threshold`,
    `why`. The first failure of a candidate on a model says why its gradients differ, later ones only that they do,
    unless `why` is True.
    """
    from .testing import check_candidate

    __tracebackhide__ = True

    def check(candidate: Callable[..., Any], problem: "Problem", **options: Any) -> "Panel":
        __tracebackhide__ = True
        from .compare import MATCH, MISMATCH
        from .errors import GradparityError
        from .visible import visible

        explained = request.config.stash[EXPLAINED]
        who = (getattr(candidate, "__qualname__", repr(candidate)), problem.model)
        options.setdefault("why", who not in explained)
        try:
            panel = check_candidate(candidate, problem, gradparity_pool, **options)
        except GradparityError as error:  # the message says how to mend it; a stack would only hide it
            pytest.fail(visible(str(error), keep="\n"), pytrace=False)
        request.config.stash[PANELS].append(panel)
        if panel.verdict == MISMATCH:
            explained.add(who)
        if panel.verdict != MATCH:
            pytest.fail(_table(panel, options.get("threshold")), pytrace=False)
        return panel

    return check


def _table(panel: "Panel", threshold: float | None) -> str:
    """What a failing test shows: the difference table, as `gradparity check` prints it."""
    from ..reports import discover
    from .check import concluded
    from .noise import THRESHOLD

    return discover()["terminal"].render(concluded("pytest", (panel,), threshold or THRESHOLD))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Under xdist: take over what a worker compared."""
    from .result import from_json

    sent = getattr(node, "workeroutput", {}).get(SENT)
    if sent:
        node.config.stash[PANELS].extend(from_json(sent, "a worker's result").panels)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report; an xdist worker sends its part to the controller instead."""
    config = session.config
    panels, path = tuple(config.stash[PANELS]), config.getoption("--gradparity-html")
    if not path or not panels:
        return
    from .check import concluded
    from .result import to_json

    if hasattr(config, "workeroutput"):
        vars(config)["workeroutput"][SENT] = to_json(concluded("pytest", panels))
    else:
        from ..reports import discover
        from .writing import write

        write(Path(path), discover()["html"].render(concluded("pytest", panels)))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    path, panels = config.getoption("--gradparity-html"), config.stash[PANELS]
    if path:
        said = f"gradparity: {len(panels)} comparisons in {path}" if panels else "gradparity: nothing was compared"
        terminalreporter.write_line(said)
