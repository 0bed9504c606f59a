"""What a user's code runs in: a time limit on each call, no output, no files to write, no network, no other process.

On Linux the kernel refuses all that, to whatever code: Landlock, seccomp and limits that cannot be raised again. A hook
of Python's refuses what Python itself is asked for: the second wall there, and elsewhere the only one, which keeps
accidents in and malice not. It belongs in a worker process, whose memory is limited too, and there is no way out of it
once it is set up.
"""

import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import numpy as np

from . import landlock, seccomp

Wall = Literal["kernel", "python"]
Fate = Literal["ran", "pruned", "raised", "timeout", "memory", "exit", "crash"]

# Frameworks read these when they are imported: what is called once is not worth compiling.
UNCOMPILED = {"JAX_DISABLE_JIT": "1", "TORCHDYNAMO_DISABLE": "1"}
REFUSED = (
    "socket.", "subprocess.", "shutil.", "urllib.", "ftplib.", "smtplib.", "http.", "webbrowser.", "sqlite3.",
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "os.remove", "os.rename", "os.rmdir",
    "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.startfile", "signal.pthread_kill",
    "tempfile.", "os.utime", "os.setxattr", "os.removexattr", "os.chflags", "resource.", "syslog.", "pty.", "shelve.",
)  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Random state by module: reset where the module is loaded, whoever loaded it.
SEEDS = {"random": "seed", "numpy.random": "seed", "torch": "manual_seed"}
REPEAT = 0.05  # seconds: a mutant that swallows the first interruption meets another

_closed = False
_threads = 1


class OutOfTime(BaseException):
    """A mutant ran longer than it may. Not an Exception, so that few can swallow it."""


class Refused(PermissionError):
    """A mutant reached for a file, the network or another process."""


def close(walls: Sequence[Wall]) -> None:
    """Set the sandbox up in this process, for good, with these walls; the kernel's as far as it has any."""
    global _closed, _threads
    if _closed:
        return
    _closed = True
    sys.dont_write_bytecode = True
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 2)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # as long as the process lives
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _threads = threading.active_count()
    if "kernel" in walls:
        _wall()
    if "python" in walls:
        sys.addaudithook(_hook())


def _wall() -> None:
    """What the kernel refuses. Landlock binds this thread and those it starts; the filter binds all there are."""
    with suppress(ImportError, ValueError, OSError):  # Windows, or a limit that is in force already
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # of files that were opened before
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    alone = landlock.restrict() and sum(1 for _ in Path("/proc/self/task").iterdir()) == 1
    seccomp.restrict(open_to_write=alone)  # else not even the null device: the filter sees no names


def clean() -> bool:
    """Whether no thread is left that a mutant has started."""
    return threading.active_count() <= _threads


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
    """Run what is inside with a limit on its time. Raises OutOfTime."""
    try:
        _timer(seconds)
        yield
    finally:
        _timer(0.0)


def fate(error: BaseException) -> Fate:
    """How a mutant that raised has ended, in a word."""
    if isinstance(error, OutOfTime):
        return "timeout"
    if isinstance(error, MemoryError):
        return "memory"
    return "exit" if isinstance(error, SystemExit) else "raised"


def copied(value: Any) -> Any:
    """Arguments for one call: arrays are copies, since a mutant may change them in place."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, Mapping):
        return {name: copied(one) for name, one in value.items()}
    return tuple(map(copied, value)) if isinstance(value, tuple) else value


def _timer(seconds: float) -> None:
    if hasattr(signal, "setitimer"):  # elsewhere the parent's patience is the only limit
        signal.signal(signal.SIGALRM, _out_of_time)  # each time: the mutant before may have had another idea
        signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT if seconds else 0.0)


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTime


def _hook() -> Any:
    """The hook, with all that it needs kept out of the module, where it could be exchanged."""
    refused, writing, nowhere, error = REFUSED, WRITING, os.devnull, Refused

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            writes = set(mode or "") & set("wax+") or (isinstance(flags, int) and flags & writing)
            if writes and path != nowhere:
                raise error(f"{path} is not to be written while a repair is sought")
        elif event.startswith(refused):
            raise error(f"{event} is refused while a repair is sought")

    return audit


random.seed(0)  # makes the module one of those that are reset
