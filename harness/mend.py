"""From a check that found a fault to one that says which line to change."""

from dataclasses import dataclass, replace
from pathlib import Path

from .check import split_target
from .compare import MISMATCH
from .explain import headline
from .layout import Layout
from .problem import Problem
from .repair import Progress, apply_patch, repair
from .result import Result
from .workers import Limits

BUDGET = 60.0  # seconds for the search


@dataclass(frozen=True)
class Mended:
    """A result whose wrong panels have their repair, and the files that were changed: (written, old one kept as).

    `failed` is what kept a repair from being found or written: what is known is not lost by it.
    """

    result: Result
    written: tuple[tuple[Path, Path], ...] = ()
    failed: tuple[Exception, ...] = ()


def mend(
    result: Result,
    target: str,
    problem: Problem,
    layout: Layout,
    limits: Limits,
    budget: float = BUDGET,
    progress: Progress = lambda *_: None,
    write: bool = False,
) -> Mended:
    """Search the user's file for the edit that makes every gradient right, where a check found it wrong.

    Args:
        target, problem, layout, limits: as they were checked.
        budget: seconds.
        write: change the file by the first patch, the old one kept beside.
    Returns:
        The result, whatever happens: what was raised is in `failed`.
    """
    wrong = [panel for panel in result.panels if panel.verdict == MISMATCH]
    if not wrong:
        return Mended(result)
    path, _ = split_target(target)
    try:
        found = repair(target, problem, layout, limits, budget=budget, progress=progress, threshold=result.threshold)
    except Exception as error:
        return Mended(result, failed=(error,))
    panels = tuple(replace(p, repair=found) if p in wrong else p for p in result.panels)
    shown = replace(result, panels=panels, headline=headline(next(p for p in panels if p.repair)))
    try:
        written = tuple((path, apply_patch(path, patch)) for patch in found.patches[:1]) if write else ()
    except Exception as error:
        return Mended(shown, failed=(error,))
    return Mended(shown, written)
