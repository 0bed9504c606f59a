"""What a worker does: makes the user's program ready to run on a problem, and searches it for suspects."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import Any

import numpy as np

from ... import sandbox
from ...candidate import arguments, read
from ...errors import GradparityError
from ...importing import importable
from ...layout import Layout
from ...questions import Question
from .running import Runner, Slot
from .search import locate
from .solving import Goal
from .subject import Budget, Holds, Located, Subject
from .taps import tapped

Array = np.ndarray
Answer = tuple[Located, int]
RUNS = 6000  # that a search may make; most need a few hundred
SLOW = 0.02  # seconds of processor that a run takes on a small problem, as of jax without its compiler
PATIENCE = 5.0  # seconds that one run may take


class TooSlow(GradparityError):
    """A run of the program takes so long that there is no time for the hundreds that are needed."""


@dataclass(frozen=True)
class Asked:
    """What is to be searched.

    Args:
        source: the text of the file at `path`; `function` is what is called in it.
        matches: the candidate's own name -> native name of each gradient, as read by the check.
        questions: the first on which the program is wrong is searched, once more on the `other`; `further` are for
            confirming cures.
        seconds: after which no further value is looked at, however few there were.
    """

    path: Path
    function: str
    source: str
    layout: Layout
    matches: Mapping[str, str]
    questions: tuple[Question, ...]
    other: Question
    further: tuple[Question, ...]
    seconds: float


def search(asked: Asked) -> Answer:
    """What was located, and on which of the questions; the last where the program is right on all of them.

    Raises TooSlow.
    """
    os.environ.update(sandbox.UNCOMPILED)
    importable(asked.path.parent)
    prepare(asked, asked.source, asked.questions[0], confined=False)  # what is imported may set itself up
    sandbox.close(("kernel", "python"))
    first = prepare(asked, asked.source, asked.questions[0])
    if first and (seconds := min(_timed(first.runner) for _ in range(3))) > SLOW:
        raise TooSlow(f"a run takes {seconds:.2g} s, and hundreds are needed to solve for a line")
    for which, question in enumerate(asked.questions):
        subject = prepare(asked, asked.source, question)
        if subject and subject.goal.wrong:
            budget = Budget(RUNS, asked.seconds)
            again = prepare(asked, asked.source, asked.other)
            return locate(
                subject, again, lambda text, q=question: prepare(asked, text, q), _holding(asked), budget
            ), which
    return Located(), len(asked.questions) - 1


def _timed(runner: Runner) -> float:
    start = process_time()
    runner.run()
    return process_time() - start


def _holding(asked: Asked) -> Holds:
    """Judges versions on the further questions on which the original runs; where there is none, none holds."""

    @cache
    def usable() -> list[tuple[Question, tuple[str, ...]]]:
        before = [(question, prepare(asked, asked.source, question)) for question in asked.further]
        return [(question, subject.goal.wrong) for question, subject in before if subject]

    def holds(source: str, cures: tuple[str, ...]) -> bool:
        after = ((prepare(asked, source, question), wrong) for question, wrong in usable())
        return bool(usable()) and all(one and _spoils_none(one, cures, wrong) for one, wrong in after)

    return holds


def _spoils_none(after: Subject, cures: tuple[str, ...], before: tuple[str, ...]) -> bool:
    """Whether what was to be cured is right, and all else that was."""
    wrong = set(after.goal.wrong)
    return not wrong & set(cures) and wrong <= set(before)


def prepare(asked: Asked, source: str, question: Question, confined: bool = True) -> Subject | None:
    """A version of the program on a question; None where it does not run."""
    try:
        code, taps = tapped(source, str(asked.path))
    except SyntaxError:
        return None
    names = tuple(name for name in asked.matches.values() if name in question.truth)
    runner = Runner(code, asked.path, _caller(asked, question, names), _confined if confined else _as_it_is)
    seen: dict[Slot, Array] = {}
    base = runner.run(seen=seen)
    if base is None or not names:
        return None
    truth = [question.truth[name] for name in names]
    counts = tuple(one.size for one in truth)
    tolerance = np.repeat([question.tolerance[name] for name in names], counts)
    goal = Goal(names, counts, base, np.concatenate([one.ravel() for one in truth]), tolerance, question.threshold)
    return Subject(source, Runner(code, asked.path, runner.call, _confined), taps, goal, seen)


def _caller(asked: Asked, question: Question, names: Sequence[str]) -> Callable[[ModuleType], Array]:
    """Calls the function of a module on a question, and lays its gradients behind each other."""
    given_as = {native: given for given, native in asked.matches.items()}

    @cache
    def given() -> dict[str, Any]:
        return arguments(found[0], question.problem, asked.layout, question.tensors, asked.function)

    found: list[Any] = []

    def call(module: ModuleType) -> Array:
        function: Any = module
        for part in asked.function.split("."):
            function = getattr(function, part)
        found[:] = [function]
        returned = read(function(**sandbox.copied(given())), asked.function, question.problem)
        arrays = [np.asarray(returned[given_as[name]], dtype=np.float64) for name in names]
        return np.concatenate(
            [one.reshape(question.truth[n].shape).ravel() for n, one in zip(names, arrays, strict=True)]
        )

    return call


def _confined(run: Callable[[], Array]) -> Array | None:
    try:
        with sandbox.confined(PATIENCE):
            return run()
    except BaseException:  # a run that is out of time, or has left, gives nothing
        return None


def _as_it_is(run: Callable[[], Array]) -> Array | None:
    try:
        return run()
    except (Exception, SystemExit):
        return None
