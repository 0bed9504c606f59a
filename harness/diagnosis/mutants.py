"""Mutants: the NumPy reference with edits in its source, run in worker processes of their own.

What a mutant gives on a question is one row of numbers, all quantities laid behind each other (`segments` says where),
so that thousands of them are one matrix. A mutant that raises, hangs or ends its process costs only itself.
"""

import ast
import queue
import signal
import sys
import threading
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from time import monotonic
from types import CodeType, FrameType, FunctionType, SimpleNamespace
from typing import Any, Self

import numpy as np

from ...backends import numpy_bptt
from ..edits import Edit, apply, common_ends
from ..gradients import Gradients
from ..problem import Problem, Tensors
from ..workers import Limits, Worker, WorkerError

Array = np.ndarray
Question = tuple[Problem, Tensors]
Mutant = tuple[Edit, ...]

FILE = "backends/numpy_bptt.py"
SECONDS = 4.0  # for one mutant, which takes a millisecond when it is well; a busy machine may pause it
CHUNK = 100  # mutants in a call
LIMITS = Limits(seconds=20.0, memory=1 << 30)
OK, RAISED, OTHER_SHAPE, NOT_FINITE, STOPPED = range(5)


@cache
def source() -> str:
    """The reference's own text."""
    return Path(numpy_bptt.__file__).read_text(encoding="utf-8")


def running(question: Question) -> tuple[str, ...]:
    """The reference's top-level functions that its gradients run through, seen by running it once."""
    seen: set[str] = set()

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename == numpy_bptt.__file__:
            seen.add(frame.f_code.co_qualname.partition(".")[0])

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        numpy_bptt.gradients(*question)
    finally:
        sys.setprofile(before)
    return tuple(name for name in _spans() if name in seen)


# --- rows: every quantity of a question behind each other ------------------------------------------------------------


@dataclass(frozen=True)
class Segment:
    """Where a quantity stands in a row."""

    name: str
    shape: tuple[int, ...]
    place: slice


def segments(problem: Problem) -> tuple[Segment, ...]:
    """Loss, outputs and every gradient that is asked for, in that order."""
    start, found = 0, []
    for spec in (problem.spec.tensor("loss"), problem.spec.tensor("outputs"), *problem.asked):
        shape = spec.shape(problem.sizes)
        length = int(np.prod(shape, dtype=int))
        found.append(Segment(spec.name, shape, slice(start, start + length)))
        start += length
    return tuple(found)


def width(problem: Problem) -> int:
    return segments(problem)[-1].place.stop


def row(problem: Problem, gradients: Gradients) -> tuple[int, Array]:
    """How it went, and the row (NaN where it went wrong)."""
    line, quantities = np.full(width(problem), np.nan), gradients.quantities
    for segment in segments(problem):
        value = np.asarray(quantities[segment.name])
        if value.shape != segment.shape or value.dtype.kind not in "fiub":
            return OTHER_SHAPE, line
        line[segment.place] = value.ravel()
    return (OK if np.isfinite(line).all() else NOT_FINITE), line


# --- inside the worker -----------------------------------------------------------------------------------------------


Some = tuple[Array, list[Array]]
"""How mutants went, (n,), and for every question the rows, (n, width)."""


class Hung(BaseException):
    """The alarm: a mutant took too long. No `except Exception` of the reference's may swallow it."""


def run_some(mutants: Sequence[Mutant], questions: Sequence[Question]) -> Some:
    """Mutants on questions."""
    went = np.zeros(len(mutants), np.uint8)
    tables = [np.full((len(mutants), width(problem)), np.nan) for problem, _ in questions]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k, mutant in enumerate(mutants):
            went[k], rows = run_one(mutant, questions)
            for table, line in zip(tables, rows, strict=False):
                table[k] = line
    return went, tables


def run_whole(mutant: Mutant, questions: Sequence[Question]) -> list[Gradients]:
    """All that a mutant gives on questions, for one that is known to be well."""
    with np.errstate(all="ignore"), alarm(SECONDS), planted(mutant):
        return [numpy_bptt.gradients(p, t.map(lambda _, value: value.copy())) for p, t in questions]


def run_one(mutant: Mutant, questions: Sequence[Question]) -> tuple[int, list[Array]]:
    """How a mutant went, the worst of all questions, and its rows, as far as it came."""
    worst, rows = OK, []
    try:
        with alarm(SECONDS), planted(mutant):
            for problem, tensors in questions:
                copy = tensors.map(lambda _, value: value.copy())  # a mutant may write into what it is given
                went, line = row(problem, numpy_bptt.gradients(problem, copy))
                worst = max(worst, went)
                rows.append(line)
    except Hung:
        return STOPPED, []
    except BaseException:  # whatever an edit can bring about
        return RAISED, []
    return worst, rows


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The reference's functions with these edits in them while it lasts.

    Only what changes is compiled, and its code object takes the old one's place: the tables of the module, which hold
    the functions themselves, then lead to the mutant too. Room that a mutant leaves unfilled holds zeros, as in code
    that starts from zeros, and not whatever the memory held.
    """
    changed: list[tuple[FunctionType, CodeType]] = []
    try:
        numpy_bptt.__dict__["np"] = _zeroing()
        for name, (start, end) in _spans().items():
            inside = [e for e in mutant if start <= e.start and e.end <= end]
            if inside:
                local = [Edit(e.kind, e.start - start, e.end - start, e.new, e.line, e.what) for e in inside]
                scope = dict(vars(numpy_bptt))
                exec(compile(apply(source()[start:end], *local), FILE, "exec"), scope)
                function = vars(numpy_bptt)[name]
                changed.append((function, function.__code__))
                function.__code__ = scope[name].__code__
        yield
    finally:
        numpy_bptt.__dict__["np"] = np
        for function, code in changed:
            function.__code__ = code


@cache
def _zeroing() -> SimpleNamespace:
    """NumPy, with zeros for what it leaves uninitialised."""
    return SimpleNamespace(**{**vars(np), "empty": np.zeros, "empty_like": np.zeros_like})


@cache
def _spans() -> dict[str, tuple[int, int]]:
    """Where the top-level functions stand in the source: name -> first and last character."""
    starts = np.cumsum([0, *map(len, source().splitlines(keepends=True))]).tolist()
    functions = (node for node in ast.parse(source()).body if isinstance(node, ast.FunctionDef))
    return {node.name: (starts[node.lineno - 1], starts[node.end_lineno or node.lineno]) for node in functions}


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise Hung in the block after so long, where the system has such an alarm; else the worker's own limit holds."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(*_: object) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# --- outside: many mutants over a few workers ------------------------------------------------------------------------


class Pool:
    """Workers for mutants. Use as a context manager; the first worker starts at once, beside what else is done."""

    def __init__(self, workers: int = 2, limits: Limits = LIMITS) -> None:
        self.workers = tuple(Worker(limits) for _ in range(workers))
        self._starting = threading.Thread(target=self._start, daemon=True)

    def _start(self) -> None:
        with suppress(WorkerError):  # the first real call will say it again
            self.workers[0].call(f"{__name__}:run_some", [], [])

    def __enter__(self) -> Self:
        self._starting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._starting.join()
        for worker in self.workers:
            worker.close()

    def whole(self, mutant: Mutant, questions: Sequence[Question]) -> "list[Gradients] | None":
        """As `run_whole`; None where it came to nothing."""
        self._starting.join()
        try:
            return self.workers[0].call(f"{__name__}:run_whole", mutant, questions, returns=list[Gradients])
        except WorkerError:
            return None

    def run(
        self, mutants: Sequence[Mutant], questions: Sequence[Question], deadline: float = inf
    ) -> tuple[Array, list[Array]]:
        """As `run_some`, side by side. Where a worker ends or hangs, its chunk is halved until the culprit is alone.

        `deadline`, of time.monotonic: what has not begun then counts as stopped.
        """
        self._starting.join()
        went = np.full(len(mutants), STOPPED, np.uint8)
        tables = [np.full((len(mutants), width(problem)), np.nan) for problem, _ in questions]
        chunks: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        size = min(CHUNK, -(-len(mutants) // len(self.workers)) or 1)
        for start in range(0, len(mutants), size):
            chunks.put((start, min(start + size, len(mutants))))

        def serve(worker: Worker) -> None:
            while monotonic() < deadline:
                try:
                    start, end = chunks.get_nowait()
                except queue.Empty:
                    return
                try:
                    some = mutants[start:end]
                    part, rows = worker.call(f"{__name__}:run_some", some, questions, returns=Some)
                except WorkerError:
                    middle = (start + end) // 2
                    for half in ((start, middle), (middle, end)) if end - start > 1 else ():
                        chunks.put(half)
                    continue
                went[start:end] = part
                for table, line in zip(tables, rows, strict=True):
                    table[start:end] = line

        # Few mutants are not worth the start of a second process.
        needed = self.workers if len(mutants) > CHUNK // 2 else self.workers[:1]
        threads = [threading.Thread(target=serve, args=(worker,), daemon=True) for worker in needed]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return went, tables


def plainest_first(edits: Collection[Edit]) -> tuple[Edit, ...]:
    """Edits by how much they say: what is only left out first, then by the characters that change, then by kind."""
    return tuple(sorted(edits, key=lambda e: _changed(source()[e.start : e.end], e.new)))


def _changed(old: str, new: str) -> int:
    """Characters that change, common ends apart; 0 where some only go."""
    head, tail = common_ends(old, new)
    return 0 if head + tail == len(new) else max(len(old), len(new)) - head - tail
