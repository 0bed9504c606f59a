"""How gradparity ends: what is said on stderr of what went wrong, and the exit code that follows."""

import os
import sys
import traceback
from contextlib import suppress
from typing import TextIO

from .errors import GradparityError, SystemRefused
from .visible import shortened, visible

BUG = 70  # above the four that a verdict has; EX_SOFTWARE of sysexits.h
TRACE = "GRADPARITY_TRACE"
HELP = "Usage:"  # what the help begins with, which is all that is said where no command is given


def told(error: BaseException) -> int:
    """Say what went wrong, with the stack trace where the environment asks for it; the exit code comes back."""
    if os.environ.get(TRACE):
        with suppress(OSError):
            traceback.print_exception(error)
    text, code = _said(error)
    if text:
        say(text if text.startswith(HELP) else f"gradparity: {text}")
    return code


def say(text: str) -> None:
    """A message on stderr: nothing in it can steer a terminal, and no line is longer than can be read."""
    lines = [shortened(line) for line in visible(text, keep="\n").split("\n")]
    with suppress(OSError, ValueError):  # nobody listens
        print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201


def code_of(error: BaseException) -> int:
    """The exit code that an error asks for."""
    return _said(error)[1]


def _said(error: BaseException) -> tuple[str, int]:
    if isinstance(error, GradparityError):
        return str(error), error.exit_code
    if isinstance(error, MemoryError):
        return "out of memory; make the problem smaller (-T, -B, -I, -H, -O)", 2
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return "", 130
    if isinstance(error, OSError):
        file = f": {error.filename}" if error.filename else ""
        return f"the system refused what gradparity needs: {error.strerror or error}{file}", SystemRefused.exit_code
    if "can't start new thread" in str(error):
        text = "the system refused a further thread; raise the limits on processes and address space"
        return text, SystemRefused.exit_code
    if hasattr(error, "format_message"):  # of the command line's own library, which typer may bring a copy of
        return _usage(error)
    line = (str(error).strip().splitlines() or [""])[0]
    what = f"{type(error).__name__}: {line}" if line else type(error).__name__
    return (
        f"this is a bug in gradparity, and says nothing about your gradients ({what}).\n"
        f"  {TRACE}=1 in the environment shows where it is; please report it with that",
        BUG,
    )


def _usage(error: BaseException) -> tuple[str, int]:
    context, text = getattr(error, "ctx", None), getattr(error, "format_message")()  # noqa: B009  # told by its name
    more = f"\n  `{context.command_path} --help` says what can be given" if context else ""
    return text if text.startswith(HELP) else text + more, 2


def open_streams() -> None:
    """Open what the shell has closed (`2>&-`) on the null device, so that no file of ours takes its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    sys.stdout = sys.stdout or _text(1)
    sys.stderr = sys.stderr or _text(2)


def settle() -> None:
    """Write out what is left; where that cannot be, let it go, since Python would end with a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            silence(stream)


def silence(stream: TextIO) -> None:
    """Send what a stream still holds, and all that follows, nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _text(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
