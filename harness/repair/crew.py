"""The crew: worker processes that try mutants side by side, replaced when a mutant kills or hangs one."""

import json
import pickle
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Self

from ..edits import Edit
from ..workers import Crashed, Limits, TimedOut, Worker
from .trial import Outcome, Survey, Trial
from .worker import SLICE

CHUNK = 50
PATIENCE = 5.0  # seconds beyond those that a mutant may take, before its process is given up
HERE = "gradparity.harness.repair.worker"
Span = tuple[int, int]
Report = Callable[[Sequence[Outcome | None]], None]


class Crew:
    """Two processes. Use as a context manager.

    `stopped` is set by Ctrl-C: what has been found by then is used, and nothing more is tried.
    """

    def __init__(self, limits: Limits, size: int = 2) -> None:
        self.limits = limits
        self.stopped = False
        self._workers = [Worker(limits) for _ in range(size)]

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *_: object) -> None:
        self.replace()
        self._folder.cleanup()

    def replace(self) -> None:
        """Give up all processes; what comes next runs in new ones."""
        for worker in self._workers:
            worker.close()

    def survey(self, trial: Trial, source: str) -> Survey:
        """A version of the file, run once. Raises what a Worker raises."""
        pickled = pickle.dumps(trial)
        self._workers[0].limits = self.limits
        self._workers[0].call(f"{HERE}:warm_up", pickled)
        return self._workers[0].call(f"{HERE}:survey", pickled, source)

    def outcomes(
        self,
        trial: Trial,
        source: str,
        edits: Sequence[Edit],
        until: float = float("inf"),
        report: Report = lambda _: None,
    ) -> list[Outcome | None]:
        """What became of each mutant; None of those for which there was no time."""
        found: list[Outcome | None] = [None] * len(edits)
        spans = deque((k, min(k + CHUNK, len(edits))) for k in range(0, len(edits), CHUNK))
        errors: list[BaseException] = []

        def serve(k: int) -> None:
            try:
                errand = Errand(self._workers[k], self.limits, pickle.dumps(trial), trial.seconds, source, edits)
                ledger = Path(self._folder.name) / f"ledger{k}"
                while not self.stopped and not errors and perf_counter() < until:
                    try:
                        span = spans.popleft()
                    except IndexError:
                        return
                    spans.extendleft(reversed(errand.run(span, found, ledger)))
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
        self, worker: Worker, limits: Limits, trial: bytes, seconds: float, source: str, edits: Sequence[Edit]
    ) -> None:
        self._worker, self._limits, self._seconds = worker, limits, seconds
        self._trial, self._source, self._edits = trial, source, edits

    def run(self, span: Span, found: list[Outcome | None], ledger: Path) -> list[Span]:
        """Try the mutants of a span and note their outcomes; what is left to try comes back."""
        start, end = span
        self._worker.limits = self._limits
        self._worker.call(f"{HERE}:warm_up", self._trial)  # may import a framework: the user's own patience
        self._worker.limits = Limits(SLICE + self._seconds + PATIENCE, self._limits.memory)
        ledger.write_bytes(b"")
        try:
            outcomes, clean = self._worker.call(
                f"{HERE}:attempt", self._trial, self._source, self._edits[start:end], str(ledger)
            )
        except (Crashed, TimedOut) as error:
            outcomes = [_outcome(line) for line in ledger.read_bytes().splitlines()]
            if len(outcomes) < end - start:  # else the very last of them was done for before it could answer
                outcomes.append(Outcome("crash" if isinstance(error, Crashed) else "timeout"))
            clean = True
        if not clean:  # a mutant left something behind: which one, and what the others are in a clean process
            self._worker.close()
            if len(outcomes) > 1:
                middle = start + len(outcomes) // 2
                return [(start, middle), (middle, end)]
        found[start : start + len(outcomes)] = outcomes
        return [(start + len(outcomes), end)] if start + len(outcomes) < end else []


def _outcome(line: bytes) -> Outcome:
    fate, right, share, digest = json.loads(line)
    return Outcome(fate, tuple(right), share, digest)
