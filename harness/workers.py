"""Worker processes: a crash, a hang or a framework's global state in a backend or a candidate stays there.

A worker is a fresh Python that serves calls by name over its standard streams, one at a time, and stays warm between
them. What is sent to it is a pickle, since this process alone can write there; what it answers is not, since the code
that it runs might write there too: see wire.py. A worker dies with the process that started it.
"""

import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, BinaryIO, Self

from . import wire
from .errors import BackendFailed, BadInput, GradparityError, SystemRefused
from .visible import shortened

# One thread each: workers run side by side, and a product's rounding must not depend on how many cores were free.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
END = 16_000  # bytes of standard error that are looked at: the last of them say how it ended
GROUPS = hasattr(os, "killpg")  # of processes: a worker has one, so that what it has started can be ended with it
XLA_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"  # and no more: what is judged is what XLA makes for everybody
# Of what is compiled anew at every call, as jax does with a loop whose body is a function made in the call, the machine
# code is found again: by name of the variable that says where, what makes jax keep all of it.
COMPILED = "JAX_COMPILATION_CACHE_DIR"
KEEP_ALL = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1"}


class WorkerError(GradparityError):
    """A call to a worker came to nothing; the message says how."""


class Crashed(WorkerError):
    """The process ended without an answer: a signal, os._exit, or out of memory."""


class TimedOut(WorkerError):
    """No answer within the time allowed; the process was killed. `text` is the end of its standard error."""

    def __init__(self, message: str, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class Raised(WorkerError):
    """The called function raised. `text` is its traceback, for those who want it."""

    def __init__(self, message: str, text: str = "") -> None:
        super().__init__(message)
        self.text = text


@dataclass(frozen=True)
class Limits:
    """What a worker may use: seconds a call (wall clock), and bytes of memory, 0 for no limit."""

    seconds: float = 120.0
    memory: int = 0


# What may cross as an error. Anything else that is raised is told as a Raised.
ERRORS = {
    e.__name__: e for e in (GradparityError, BadInput, BackendFailed, SystemRefused, WorkerError, Crashed, TimedOut)
}


class Worker:
    """One process. Use as a context manager; `call` starts it when it is not running, also again after a crash.

    Args:
        compiled: an empty folder in which frameworks may keep what they compile, for calls to come; "" for none.
    """

    def __init__(self, limits: Limits = Limits(), compiled: str = "") -> None:
        self.limits = limits
        self.compiled = compiled
        self._process: subprocess.Popen[bytes] | None = None
        self._line = Line()
        self._errors: Any = None
        self._lifeline = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(
        self,
        target: str,
        *args: Any,
        returns: Any = Any,
        part: Any = Any,
        each: Callable[[Any], object] = lambda _: None,
    ) -> Any:
        """Run `target`, "package.module:function", on the arguments and return what it returns.

        Args:
            returns: the type of that; an answer of another type is no answer. Of Any, numbers, text and containers.
            part, each: where the target is a generator, the type of what it yields, and what is called with each one
                as it comes; what it returns at the end is the answer.
        Raises:
            Crashed, TimedOut, Raised: as their names say. After the first two the next call gets a new process.
            SystemRefused: there is no process to be had.
            GradparityError: what the function itself raised on purpose, unchanged.
        """
        self.start()
        until = monotonic() + min(self.limits.seconds, threading.TIMEOUT_MAX)
        try:
            key = self._line.key = os.urandom(wire.KEY)
            with suppress(BrokenPipeError, OSError):  # then there is no answer either
                send(self._process.stdin, (key, target, args))  # type: ignore[union-attr]  # started with pipes
            while True:
                frame = self._line.answers.get(timeout=max(until - monotonic(), 0.0))
                if isinstance(frame, wire.Garbled):
                    raise frame
                if frame is None:
                    raise Crashed(self._last_words())
                if frame.kind != wire.PART:
                    break
                each(wire.decoded(frame, part))
            if frame.kind == wire.VALUE:
                return wire.decoded(frame, returns)
            failure: wire.Failure = wire.decoded(frame, wire.Failure)
        except queue.Empty:
            text = _end_of(self._errors)
            self.close()
            raise TimedOut(f"no answer within {self.limits.seconds:g} s; it was stopped", text) from None
        except wire.Garbled as error:
            self.close()
            raise Crashed(f"what it answered cannot be read: {error}") from None
        raise ERRORS[failure.name](failure.message) if failure.name in ERRORS else Raised(failure.message, failure.text)

    def close(self) -> None:
        """End the process at once, with those that it has started."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
            _running.discard(process)
            os.close(self._lifeline)
            for stream in (process.stdin, self._errors):  # the reader closes its own: children may keep it open
                _close(stream)

    def start(self) -> None:
        """Start the process where it is not running, so that the first call need not wait for it.

        Raises SystemRefused.
        """
        if self._process is not None and not self._line.over:
            return
        self.close()  # it died between calls, or said what nobody had asked
        if _ending:
            raise WorkerError("gradparity is being ended")
        try:
            self._start()
        except (OSError, RuntimeError) as error:  # a thread that cannot be started is a RuntimeError
            self.close()
            why = getattr(error, "strerror", None) or str(error)
            raise SystemRefused(f"no process could be started: {why}; raise the limit on it (ulimit -a)") from None

    def _start(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
        line = self._line = Line(min(self.limits.memory or wire.LARGEST, wire.LARGEST))
        flags = f"{os.environ.get('XLA_FLAGS', '')} {XLA_ONE_THREAD}".strip()
        lifeline, self._lifeline = os.pipe()
        try:
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gradparity.harness.worker_main", str(self.limits.memory), str(lifeline)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **ONE_THREAD, "XLA_FLAGS": flags, **_keeping(self.compiled)},
                process_group=0 if GROUPS else None,
                pass_fds=(lifeline,) if GROUPS else (),
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline)
        _running.add(process)
        if _ending:  # meanwhile
            _kill(process)
        threading.Thread(target=_read, args=(process.stdout, line), daemon=True).start()

    def _last_words(self) -> str:
        """How the process ended, with the last line it wrote to standard error."""
        process, errors = self._process, self._errors
        assert process is not None  # it was started to be called
        with suppress(subprocess.TimeoutExpired):  # it may have closed the pipe and live on
            process.wait(timeout=1)
        code = process.poll()
        lines = _end_of(errors).strip().splitlines()
        self.close()
        return f"{_how(code)} and gave no answer" + (f" ({shortened(lines[-1].strip(), 300)})" if lines else "")


def _end_of(file: BinaryIO) -> str:
    """The end of what a process has written, however much that is."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - END))
    return file.read().decode(errors="replace")


@dataclass
class Line:
    """What comes from one process. `key`: of the call that waits for an answer; `over`: nothing more will be read."""

    largest: int = wire.LARGEST
    key: bytes = b""
    over: bool = False

    def __post_init__(self) -> None:
        self.answers: queue.SimpleQueue[wire.Frame | wire.Garbled | None] = queue.SimpleQueue()


_running: "set[subprocess.Popen[bytes]]" = set()
_ending = False


def end_all() -> None:
    """Kill every worker of this process and start no more: whoever waits for one is told at once."""
    global _ending
    _ending = True
    for process in tuple(_running):
        _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its group."""
    if GROUPS:
        with suppress(ProcessLookupError, PermissionError):  # it is gone already, and so are its children
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its group, and wait for it."""
    _kill(process)
    process.wait()


def _keeping(folder: str) -> dict[str, str]:
    """The variables that have compiled code kept in a folder; none where the user keeps it somewhere already."""
    return {COMPILED: folder, **KEEP_ALL} if folder and COMPILED not in os.environ else {}


def _how(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "it closed the pipe to gradparity"
    if code >= 0:
        return f"it exited with code {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"


def _read(stream: BinaryIO, line: Line) -> None:
    """Put every frame of a worker on the line, and None or what is wrong with it when no more can be read."""
    with stream:
        while not line.over:
            try:
                found = wire.read(stream, line.largest)
                if found.key != line.key:
                    found = wire.Garbled("it answered what was not asked")
                elif found.kind != wire.PART:
                    line.key = b""
            except wire.Garbled as error:
                found = error
            except (EOFError, OSError, MemoryError):
                found = None
            line.over = not isinstance(found, wire.Frame)
            line.answers.put(found)


def _close(stream: Any) -> None:
    with suppress(OSError):  # what was still unsent has nobody to go to
        stream.close()


def send(stream: Any, message: Any) -> None:
    """Write one message to a worker: eight bytes of length, then the pickle."""
    body = pickle.dumps(message, protocol=5)
    stream.write(struct.pack("<Q", len(body)) + body)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """The next message to a worker. Raises EOFError when the other side is gone."""
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    (length,) = struct.unpack("<Q", head)
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return pickle.loads(body)
