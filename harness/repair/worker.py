"""What a worker does for a repair: runs the original once with open eyes, and its mutants in a tight loop.

Every call brings all it needs, so that a worker which died of a mutant is simply replaced. A trial comes as the bytes
of its pickle: what follows from it is worked out once in each process.
"""

import os
import pickle
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from time import perf_counter
from types import FrameType
from typing import Any

from .. import sandbox
from ..candidate import arguments, read, said
from ..edits import Edit, functions
from ..edits.purity import Own
from ..errors import BadInput
from ..importing import importable
from .judge import NO_ANSWER, Marks, Standard, judged, matched, required, shaped_right, standard
from .program import Program, fresh, mutated, program
from .rehearsal import Moment, Site, moment, sites, surely_raises
from .trial import RAISED, Outcome, Survey, Trial

SLICE = 1.0  # seconds: a call answers for as many mutants as it can in this time
LOOPS = 0.05  # seconds: in which the original is timed
Arguments = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Stage:
    """A version of the file, with what its mutants share.

    Args:
        given: by question, the arguments of the function; `standards`, what its answers are held to.
        seen: by expression, the state it was first evaluated in; with the names of the file's own functions.
        digest: of its own gradients on the first question; empty where they differ from run to run.
    """

    trial: Trial
    program: Program
    given: Arguments
    standards: tuple[Standard, ...]
    seen: Mapping[Site, Moment]
    own: Own
    digest: str


def attempt(pickled: bytes, source: str, edits: Sequence[Edit]) -> Generator[Outcome, None, bool]:
    """Yields the outcomes of as many of the mutants as there is time for; returns whether the process is as it was.

    Each is yielded before the next mutant starts: the parent is to know of it should that one be the last.
    """
    stage = _stage(pickled, source)
    until = perf_counter() + SLICE
    for edit in edits:
        yield _tried(stage, edit)
        if perf_counter() > until:
            break
    return (not stage.digest or _digest(stage) == stage.digest) and sandbox.clean()


def warm_up(pickled: bytes) -> None:
    """Load and call the original once, outside the sandbox, as `check` did: what it imports may set itself up."""
    _original(pickled)


def survey(pickled: bytes, source: str) -> Survey:
    """Run a version of the file on all questions, and see which lines take part."""
    trial, version, given = _version(pickled, source)
    trace, error, refused = Trace(version), "", False
    returned: list[Any] = []
    for question, one in zip(trial.questions, given, strict=True):
        try:
            with sandbox.confined(trial.seconds):
                answer = trace.follow(fresh(version, version.codes), sandbox.copied(one))
                returned.append(read(answer, trial.function, question.problem))
                if not trial.matches:
                    trial = replace(trial, matches=matched(returned[-1], question, trial))
        except BaseException as raised:
            returned[len(returned) :] = [None]
            refused = refused or (not error and reached_out(raised))
            error = error or said(raised, trial.path)
    trial = replace(trial, names=trial.names or tuple(trial.matches.values()) or required(trial))
    outcome = _together([_mark(answer, by) for answer, by in zip(returned, _standards(trial), strict=True)])
    seconds = _seconds(version, given[-1])
    answers = zip(returned, trial.questions, strict=True)
    return Survey(
        frozenset(trace.functions),
        frozenset(trace.lines),
        trial.matches,
        trial.names,
        seconds,
        outcome,
        error,
        refused,
        shaped=all(answer is None or shaped_right(answer, question, trial) for answer, question in answers),
    )


def reached_out(error: BaseException | None) -> bool:
    """Whether an error comes of something that may not be reached for here, or was raised on top of one that does."""
    return error is not None and (
        isinstance(error, PermissionError) or reached_out(error.__cause__) or reached_out(error.__context__)
    )


class Trace:
    """What runs of a version's file: functions, lines, and the state before chosen ones."""

    def __init__(self, version: Program, chosen: Sequence[Site] = ()) -> None:
        self.functions: set[str] = set()
        self.lines: set[int] = set()
        self.seen: dict[Site, Moment] = {}
        self._file = str(version.path)
        self._chosen = {line: site for site in chosen for line in range(site.line, site.last + 1)}

    def follow(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Call the function and watch."""
        sys.settrace(self._enter)
        try:
            return function(**arguments)
        finally:
            sys.settrace(None)

    def _enter(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        if frame.f_code.co_filename != self._file:
            return None
        self.functions.add(frame.f_code.co_qualname.split(".<locals>")[0])
        return self._step

    def _step(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self.lines.add(frame.f_lineno)
            if site := self._chosen.get(frame.f_lineno):
                for line in range(site.line, site.last + 1):  # further ones may be those of a lambda inside it
                    self._chosen.pop(line)
                if now := moment(frame.f_locals, frame.f_globals):
                    self.seen[site] = now
        return self._step


@lru_cache(maxsize=2)
def _original(pickled: bytes) -> tuple[Trial, Arguments]:
    """The trial, and the arguments for each question as the original's parameters ask for them."""
    trial: Trial = pickle.loads(pickled)
    os.environ.update(sandbox.UNCOMPILED)
    importable(trial.path.parent)
    version = program(trial.path, trial.function, trial.source)
    function = fresh(version, version.codes)
    given = tuple(arguments(function, q.problem, trial.layout, q.tensors, trial.function) for q in trial.questions)
    for one in given[:1]:
        try:
            function(**sandbox.copied(one))
        except (Exception, SystemExit):  # so does a faulty candidate on some problems
            continue
    sandbox.close(trial.walls)
    return trial, given


def _version(pickled: bytes, source: str) -> tuple[Trial, Program, Arguments]:
    trial, given = _original(pickled)
    return trial, program(trial.path, trial.function, source), given


@lru_cache(maxsize=2)
def _stage(pickled: bytes, source: str) -> Stage:
    trial, version, given = _version(pickled, source)
    trace = Trace(version, sites(source))
    try:
        with sandbox.confined(trial.seconds):
            trace.follow(fresh(version, version.codes), sandbox.copied(given[0]))
    except BaseException:
        pass
    own = Own(frozenset(name.rpartition(".")[2] for name in functions(source)))
    stage = Stage(trial, version, given, _standards(trial), trace.seen, own, "")
    digests = {_digest(stage) for _ in range(2)}
    return replace(stage, digest=digests.pop() if len(digests) == 1 else "")


def _standards(trial: Trial) -> tuple[Standard, ...]:
    return tuple(standard(question, trial) for question in trial.questions)


def _tried(stage: Stage, edit: Edit) -> Outcome:
    try:
        with sandbox.limited(stage.trial.seconds):
            for site, seen in stage.seen.items():
                if site.start <= edit.start and edit.end <= site.end:
                    if surely_raises(edit, stage.program.source, site, seen, stage.own):
                        return Outcome("pruned")
                    break
            codes = mutated(stage.program, edit)
    except BaseException as error:
        return Outcome(sandbox.fate(error))
    return _answers(stage, codes)


def _answers(stage: Stage, codes: Any) -> Outcome:
    """Put a mutant to every question, each in a module of its own."""
    trial, marks, fate = stage.trial, [], "ran"
    for by, given in zip(stage.standards, stage.given, strict=True):
        try:
            with sandbox.confined(trial.seconds):
                returned = fresh(stage.program, codes)(**sandbox.copied(given))
                marks.append(judged(read(returned, trial.function, by.question.problem), by))
        except BaseException as error:
            marks[len(marks) :] = [NO_ANSWER]
            fate = fate if fate != "ran" else sandbox.fate(error)
        if trial.strict and marks[-1][0] != trial.all_right:
            break
    return replace(_together(marks), fate=fate)


def _digest(stage: Stage) -> str:
    """Of the version's own gradients on the first question."""
    return _answers(replace(stage, standards=stage.standards[:1], given=stage.given[:1]), stage.program.codes).digest


def _mark(answer: Any, by: Standard) -> Marks:
    try:
        return NO_ANSWER if answer is None else judged(answer, by)
    except BadInput:  # its names differ from one problem to the other
        return NO_ANSWER


def _together(marks: Sequence[Marks]) -> Outcome:
    right, shares, digests = zip(*marks, strict=True)
    fate = "raised" if RAISED in right else "ran"
    return Outcome(fate, tuple(right), sum(shares), "; ".join(digests))


def _seconds(version: Program, given: Mapping[str, Any]) -> float:
    """What one call of the function takes, called in a loop; 0 where it raises."""
    try:
        with sandbox.confined(10 * LOOPS):
            function = fresh(version, version.codes)
            count, start = 0, perf_counter()
            while perf_counter() - start < LOOPS:
                function(**sandbox.copied(given))
                count += 1
            return (perf_counter() - start) / count
    except sandbox.OutOfTime:
        return 10 * LOOPS
    except BaseException:
        return 0.0
