"""What mutants run in: a time limit on each, no output, no files to write, no network, no other process.

It is a guard against accidents, not against malice: Python cannot refuse everything. It belongs in a worker process,
whose memory is limited too, and there is no way out of it once it is set up.
"""

import os
import random
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

import numpy as np

REFUSED = (
    "socket.", "subprocess.", "shutil.", "urllib.", "ftplib.", "smtplib.", "http.", "webbrowser.", "sqlite3.",
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "os.remove", "os.rename", "os.rmdir",
    "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.startfile", "signal.pthread_kill",
    "tempfile.",
)  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Random state by module: reset where the module is loaded, whoever loaded it.
SEEDS = {"random": "seed", "numpy.random": "seed", "torch": "manual_seed"}
REPEAT = 0.05  # seconds: a mutant that swallows the first interruption meets another

_closed = False
_armed = False


class OutOfTime(BaseException):
    """A mutant ran longer than it may. Not an Exception, so that few can swallow it."""


class Refused(PermissionError):
    """A mutant reached for a file, the network or another process."""


def close() -> None:
    """Set the sandbox up in this process, for good."""
    global _closed
    if _closed:
        return
    _closed = True
    sys.addaudithook(_audit)
    sys.dont_write_bytecode = True
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 2)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # as long as the process lives
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    if hasattr(signal, "SIGALRM"):  # elsewhere the parent's patience is the only limit
        signal.signal(signal.SIGALRM, _out_of_time)


def confined(seconds: float) -> AbstractContextManager[None]:
    """Run what is inside with the limits on, random state and settings as they always are. Raises OutOfTime."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    for name, seed in SEEDS.items():
        if name in sys.modules:
            getattr(sys.modules[name], seed)(0)
    return limited(seconds)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Run what is inside with the limits on. Raises OutOfTime."""
    global _armed
    _armed = True
    try:
        _timer(seconds)
        yield
    finally:
        _timer(0.0)
        _armed = False


def fate(error: BaseException) -> str:
    """How a mutant that raised has ended, in a word."""
    kinds = ((OutOfTime, "timeout"), (MemoryError, "memory"), (SystemExit, "exit"))
    return next((word for kind, word in kinds if isinstance(error, kind)), "raised")


def copied(value: Any) -> Any:
    """Arguments for one call: arrays are copies, since a mutant may change them in place."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, Mapping):
        return {name: copied(one) for name, one in value.items()}
    return tuple(map(copied, value)) if isinstance(value, tuple) else value


def _timer(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT if seconds else 0.0)


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTime


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not _armed:
        return
    if event == "open":
        path, mode, flags = args
        writes = set(mode or "") & set("wax+") or (isinstance(flags, int) and flags & WRITING)
        if writes and path != os.devnull:
            raise Refused(f"{path} is not to be written while a repair is sought")
    elif event.startswith(REFUSED):
        raise Refused(f"{event} is refused while a repair is sought")


random.seed(0)  # makes the module one of those that are reset
