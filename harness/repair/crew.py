"""The crew: worker processes that try mutants side by side, replaced when a mutant kills or hangs one."""

import pickle
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from time import perf_counter
from typing import Any, Self, TypeVar

from ..edits import Edit
from ..errors import GradparityError
from ..scratch import scratch
from ..wire import Garbled
from ..workers import Crashed, Limits, Raised, TimedOut, Worker
from .trial import Outcome, Survey, Trial
from .worker import SLICE

CHUNK = 50
PATIENCE = 5.0  # seconds beyond those that a mutant may take, before its process is given up
HERE = "gradparity.harness.repair.worker"
Span = tuple[int, int]
Given = TypeVar("Given")
Made = TypeVar("Made")
Report = Callable[[Sequence[Outcome | None]], None]


class TimeUp(GradparityError):
    """The time for the whole repair has run out."""


class Crew:
    """Two processes. Use as a context manager.

    No call outlasts the time `until`, on the clock of perf_counter: a call that would is ended, with its process.
    `stopped` is set by Ctrl-C: what has been found by then is used, and nothing more is tried.
    """

    def __init__(self, limits: Limits, until: float = float("inf"), size: int = 2) -> None:
        self.limits, self.until = limits, until
        self.stopped = False
        self._open = ExitStack()
        self._workers = [Worker(limits) for _ in range(size)]

    def __enter__(self) -> Self:
        compiled = self._open.enter_context(scratch())
        for worker in self._workers:
            worker.compiled = compiled
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.replace()
        self._open.close()

    def replace(self) -> None:
        """Give up all processes; what comes next runs in new ones."""
        for worker in self._workers:
            worker.close()

    def aside(self, work: Callable[[Given], Made], each: Sequence[Given], makes: Any = Any) -> list[Made]:
        """What work of ours makes of each, in a new process that can be ended: of as many as there is time for.

        Args:
            makes: the type of that.
        """
        self.replace()
        made: list[Made] = []
        with suppress(TimeUp, TimedOut):
            for one in each:
                made.append(self._call("operator:call", work, one, returns=makes))
        return made

    def survey(self, trial: Trial, source: str) -> Survey:
        """A version of the file, run once; the other processes load it. Raises TimeUp, and what a Worker raises."""
        pickled = pickle.dumps(trial)
        warming = [threading.Thread(target=self._warm, args=(each, pickled)) for each in self._workers[1:]]
        for thread in warming:
            thread.start()
        try:
            self._call(f"{HERE}:warm_up", pickled)
            return self._call(f"{HERE}:survey", pickled, source, returns=Survey)
        except KeyboardInterrupt:
            self.replace()  # ends the calls that the threads wait for
            raise
        finally:
            for thread in warming:
                thread.join()

    def _warm(self, worker: Worker, trial: bytes) -> None:
        with suppress(Exception):  # whatever it is will be met again, by someone who waits for an answer
            called(worker, self.limits, self.until, f"{HERE}:warm_up", trial)

    def _call(self, target: str, *args: Any, **expected: Any) -> Any:
        return called(self._workers[0], self.limits, self.until, target, *args, **expected)

    def outcomes(
        self,
        trial: Trial,
        source: str,
        edits: Sequence[Edit],
        pause: float = float("inf"),
        report: Report = lambda _: None,
    ) -> list[Outcome | None]:
        """What became of each mutant; None of those for which there was no time.

        Args:
            pause: a time after which no further mutants are begun, on the clock of perf_counter.
        """
        found: list[Outcome | None] = [None] * len(edits)
        spans = deque((k, min(k + CHUNK, len(edits))) for k in range(0, len(edits), CHUNK))
        errors: list[BaseException] = []
        pickled = pickle.dumps(trial)

        def serve(k: int) -> None:
            errand = Errand(self._workers[k], self.limits, self.until, pickled, trial.seconds, source, edits)
            try:
                while not self.stopped and not errors and perf_counter() < pause:
                    try:
                        span = spans.popleft()
                    except IndexError:
                        return
                    spans.extendleft(reversed(errand.run(span, found)))
            except TimeUp:
                return
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=serve, args=(k,), daemon=True) for k in range(len(self._workers))]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                threads[0].join(0.05)
                threads[-1].join(0.05)
                report(found)
        except KeyboardInterrupt:
            self.stopped = True
            self.replace()  # ends the calls that the threads wait for
            for thread in threads:
                thread.join()
            return found
        if errors:
            raise errors[0]
        report(found)
        return found


class Errand:
    """One worker's calls for one set of mutants."""

    def __init__(
        self,
        worker: Worker,
        limits: Limits,
        until: float,
        trial: bytes,
        seconds: float,
        source: str,
        edits: Sequence[Edit],
    ) -> None:
        self._worker, self._limits, self._until, self._seconds = worker, limits, until, seconds
        self._trial, self._source, self._edits = trial, source, edits

    def run(self, span: Span, found: list[Outcome | None]) -> list[Span]:
        """Try the mutants of a span and note their outcomes; what is left to try comes back. Raises TimeUp."""
        start, end = span
        outcomes: list[Outcome] = []

        def note(outcome: Outcome) -> None:
            if len(outcomes) == end - start:
                raise Garbled("an outcome of nothing")
            outcomes.append(outcome)

        self._call(self._limits.seconds, "warm_up")  # may import a framework: the user's own patience
        try:
            patience = SLICE + self._seconds + PATIENCE
            expected: dict[str, Any] = {"returns": bool, "part": Outcome, "each": note}
            clean = self._call(patience, "attempt", self._source, self._edits[start:end], **expected)
        except (Crashed, TimedOut, Raised, TimeUp) as error:  # raised by our own code, of which little was left
            clean = not isinstance(error, Raised)
            if isinstance(error, TimeUp):
                found[start : start + len(outcomes)] = outcomes
                raise
            if isinstance(error, TimedOut) and len(outcomes) < end - start:
                outcomes.append(Outcome("timeout"))
            elif not outcomes:  # else it may be another's doing: what was not answered is asked first next time
                outcomes.append(Outcome("crash"))
        if not clean:  # a mutant left something behind: which one, and what the others are in a clean process
            self._worker.close()
            if len(outcomes) > 1:
                middle = start + len(outcomes) // 2
                return [(start, middle), (middle, end)]
        found[start : start + len(outcomes)] = outcomes
        return [(start + len(outcomes), end)] if start + len(outcomes) < end else []

    def _call(self, seconds: float, function: str, *args: Any, **expected: Any) -> Any:
        limits = replace(self._limits, seconds=seconds)
        return called(self._worker, limits, self._until, f"{HERE}:{function}", self._trial, *args, **expected)


def called(worker: Worker, limits: Limits, until: float, target: str, *args: Any, **expected: Any) -> Any:
    """What a call of a worker returns. Raises TimeUp where it is not done by then, and what a Worker raises.

    Args:
        expected: what Worker.call is told of the answer.
    """
    left = until - perf_counter()
    if left <= 0:
        raise TimeUp("there is no time left")
    worker.limits = replace(limits, seconds=min(limits.seconds, left))
    try:
        return worker.call(target, *args, **expected)
    except TimedOut:
        if left <= limits.seconds:
            raise TimeUp("there is no time left") from None
        raise
