"""Where a result goes: to standard output, and into reports."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .ending import say, silence
from .errors import BadInput, GradparityError

if TYPE_CHECKING:
    from .result import Result


@dataclass(frozen=True)
class Destinations:
    """Where reports go, by path; the ending of --out, or the option itself, says in which format."""

    paths: tuple[tuple[Path, str], ...]

    @classmethod
    def of(
        cls, html: Path | None, markdown: Path | None, json: Path | None, out: list[Path], inputs: Iterable[Path] = ()
    ) -> "Destinations":
        """Check every path before any work is done.

        Raises:
            BadInput: an unknown ending, no such folder, one path twice, or a file that is among the inputs.
        """
        from .writing import format_of, writable

        named = ((html, "html"), (markdown, "markdown"), (json, "json"))
        paths = [(path, name) for path, name in named if path] + [(path, format_of(path)) for path in out]
        inputs = tuple(inputs)
        for k, (path, _) in enumerate(paths):
            writable(path, inputs)
            if any(_same(path, other) for other, _ in paths[:k]):
                raise BadInput(f"two reports would go to {path}; name a file for each")
        return cls(tuple(paths))

    def write(self, result: "Result") -> list[Exception]:
        """Write every report; what went wrong with some comes back, and keeps none of the others from being written."""
        from ..reports import discover
        from .writing import write

        failed: list[Exception] = []
        for path, name in self.paths:
            try:
                write(path, discover()[name].render(result))
                say(f"wrote {path}")
            except Exception as error:
                failed.append(error)
        return failed


def show(result: "Result") -> list[Exception]:
    """Print the result; what went wrong comes back. Whoever has stopped reading, as `head` does, has read enough."""
    from ..reports.terminal import show

    try:
        show(result)
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        return [GradparityError(f"the result cannot be shown: {error.strerror or error}")]
    except Exception as error:  # the reports are still to be written
        return [error]
    return []


def _same(a: Path, b: Path) -> bool:
    """Whether two paths lead to one file, be it there or not."""
    try:
        return a.samefile(b)
    except OSError:
        return a.resolve() == b.resolve()
