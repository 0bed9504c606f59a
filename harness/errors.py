"""What gradparity raises on purpose. Each message says what was given, what was expected and how to mend it."""

from collections.abc import Iterable


class GradparityError(Exception):
    """Base of every error that gradparity raises on purpose."""

    exit_code = 2


class BadInput(GradparityError):
    """The caller's file, function, option or array cannot be used as it is."""


class BackendFailed(GradparityError):
    """A backend crashed, hung or raised; it says nothing about the user's gradients."""

    exit_code = 3


class SystemRefused(GradparityError):
    """The system gave no process, file or memory that gradparity itself needs; it says nothing about anybody's code."""

    exit_code = 71  # EX_OSERR of sysexits.h


def listed(names: Iterable[object], last: str = "or") -> str:
    """'a, b or c', for the messages that name what would have been accepted."""
    *words, end = map(str, names)
    return f"{', '.join(words)} {last} {end}" if words else end
