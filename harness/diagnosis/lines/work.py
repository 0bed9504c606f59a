"""What a worker does: makes the user's program ready to run on a problem, and searches it for suspects."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ...candidate import arguments, read
from ...layout import Layout
from ...repair import sandbox
from ...repair.questions import Question
from ...repair.worker import UNCOMPILED
from .running import Runner, Slot
from .search import Budget, Located, Subject, locate
from .solving import Goal
from .taps import tapped

Array = np.ndarray
RUNS = 4000  # that a search may make; most need a few hundred
PATIENCE = 5.0  # seconds that one run may take


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


def search(asked: Asked) -> tuple[Located, int]:
    """What was located, and on which of the questions; the last where the program is right on all of them."""
    os.environ.update(UNCOMPILED)
    sys.path.insert(0, str(asked.path.parent.resolve()))
    subject, which = None, 0
    first = prepare(asked, asked.source, asked.questions[0], confined=False)  # what is imported may set itself up
    sandbox.close()
    for which, question in enumerate(asked.questions):
        subject = first if which == 0 and first else prepare(asked, asked.source, question)
        if subject and subject.goal.wrong:
            break
    if not subject or not subject.goal.wrong:
        return Located(), which
    question = asked.questions[which]

    def holds(source: str, cures: tuple[str, ...]) -> bool:
        return all(_holds(asked, source, one, cures) for one in asked.further)

    budget = Budget(RUNS, asked.seconds)
    again = prepare(asked, asked.source, asked.other)
    return locate(subject, again, lambda source: prepare(asked, source, question), holds, budget), which


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
    goal = Goal(names, counts, base, np.concatenate([one.ravel() for one in truth]), tolerance)
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


def _holds(asked: Asked, source: str, question: Question, cures: tuple[str, ...]) -> bool:
    """Whether a version makes right on this question what it is said to cure, and spoils nothing that was right."""
    before, after = (prepare(asked, text, question) for text in (asked.source, source))
    if after is None:
        return False
    wrong = set(after.goal.wrong)
    return not wrong & set(cures) and (before is None or wrong <= set(before.goal.wrong))
