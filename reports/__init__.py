"""The output formats, one file each: every one shows the same Result, to the digit, and works out no figure itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..harness.result import Result

__all__ = ["Report", "discover"]


@dataclass(frozen=True)
class Report:
    """One output format.

    Args:
        name: as users type it.
        suffix: the ending of a file that asks for it.
        title: what it is for, in a line.
        render: the Result as text; the same Result gives the same bytes.
    """

    name: str
    suffix: str
    title: str
    render: "Callable[[Result], str]"


@cache
def discover() -> dict[str, Report]:
    """Every format by name: the files of this folder that do not start with an underscore hold one `REPORT` each."""
    modules = sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    found = [import_module(f".{module}", __name__).REPORT for module in modules]
    return {report.name: report for report in found}
