"""The other end of a worker: a process that answers calls until its standard input closes."""

import os
import sys
import traceback
from importlib import import_module
from typing import Any

from .errors import GradparityError
from .workers import Raised, receive, send


def main() -> None:
    """Serve calls. Whatever is printed goes nowhere: the first standard output carries the answers."""
    limit_memory(int(sys.argv[1]))
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):  # a candidate that asks for input gets none, and cannot eat or forge our messages
        os.dup2(nowhere, standard)
    while True:
        try:
            target, args = receive(calls)
        except EOFError:
            return
        send(answers, answer(target, args))


def answer(target: str, args: tuple[Any, ...]) -> tuple[str, Any]:
    """("value", what it returns) or ("raised", the error to raise on the other side)."""
    try:
        module, function = target.split(":")
        return "value", getattr(import_module(module), function)(*args)
    except GradparityError as error:
        return "raised", error
    except MemoryError:
        return "raised", Raised("it ran out of the memory allowed")
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: the process is to stay
        message = str(error).strip().splitlines()
        name = type(error).__name__
        return "raised", Raised(f"{name}: {message[0]}" if message else name, traceback.format_exc())


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
