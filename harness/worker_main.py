"""The other end of a worker: a process that answers calls until its standard input closes."""

import os
import select
import signal
import sys
import threading
import traceback
from importlib import import_module
from inspect import isgenerator
from typing import Any, BinaryIO

from . import wire
from .errors import GradparityError
from .workers import ERRORS, receive


def main() -> None:
    """Serve calls. Whatever is printed goes nowhere: the first standard output carries the answers."""
    die_with_parent(int(sys.argv[2]))
    limit_memory(int(sys.argv[1]))
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):  # a candidate that asks for input gets none, and cannot eat or forge our messages
        os.dup2(nowhere, standard)
    while True:
        try:
            key, target, args = receive(calls)
        except EOFError:
            return
        answer(answers, key, target, args)


def answer(answers: BinaryIO, key: bytes, target: str, args: tuple[Any, ...]) -> None:
    """Write what a call comes to: its value after the parts it yields, or the failure to raise on the other side."""
    try:
        module, function = target.split(":")
        value = getattr(import_module(module), function)(*args)
        if isgenerator(value):
            value = yielded(answers, key, value)
        wire.write(answers, key, wire.VALUE, value)
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: the process is to stay
        wire.write(answers, key, wire.FAILURE, failure(error))


def yielded(answers: BinaryIO, key: bytes, parts: Any) -> Any:
    """Write what a generator yields as it comes, and return what it returns."""
    while True:
        try:
            part = next(parts)
        except StopIteration as end:
            return end.value
        wire.write(answers, key, wire.PART, part)


def failure(error: BaseException) -> wire.Failure:
    """An error as it crosses to the other side."""
    if isinstance(error, GradparityError):
        name = next(each.__name__ for each in type(error).__mro__ if each.__name__ in ERRORS)
        return wire.Failure(name, _text(str(error)))
    if isinstance(error, MemoryError):
        return wire.Failure("Raised", "it ran out of the memory allowed")
    message = str(error).strip().splitlines()
    name = type(error).__name__
    text = _text("".join(traceback.format_exception(error)))
    return wire.Failure("Raised", _text(f"{name}: {message[0]}" if message else name), text)


def _text(text: str) -> str:
    """The text without what has no encoding."""
    return text.encode(errors="replace").decode()


def die_with_parent(lifeline: int) -> None:
    """Have this process and all of its group end when the other end of a pipe is closed, as the parent's death does.

    On Linux the kernel sees to it, even while C code keeps the interpreter busy: a pipe that loses its writer sends
    a signal, fcntl(2), F_SETOWN and F_SETSIG. Elsewhere a thread waits.
    """
    if sys.platform == "linux" and _signalled(lifeline):
        if select.select([lifeline], [], [], 0)[0]:  # it is closed already
            os._exit(1)
    elif hasattr(os, "killpg"):
        threading.Thread(target=_wait, args=(lifeline,), daemon=True).start()


def _signalled(lifeline: int) -> bool:
    """Ask the kernel for the signal. False where it only looks like Linux."""
    import fcntl

    try:
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_RDONLY | os.O_NONBLOCK | os.O_ASYNC)
    except OSError:
        return False
    return True


def _wait(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def limit_memory(limit: int) -> None:
    """Cap the memory this process can take, where the system can. Data, not addresses: frameworks reserve many."""
    if limit <= 0:
        return
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    except (ImportError, ValueError, OverflowError, OSError):  # Windows, or a harder limit already in force
        pass


if __name__ == "__main__":
    main()
