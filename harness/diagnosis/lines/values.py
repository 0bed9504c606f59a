"""Edits judged by the value that a line must have: evaluated where the line stands, without running the program.

In the run that is right each execution of a tap has a value that makes it so. An edited expression is evaluated in the
frame of that execution; where it differs from the right value, the columns say by how much that moves each gradient.
What moves none beyond the noise would make the program right.
"""

import ast
import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FrameType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ...edits import Edit, apply
from ...edits.edit import plainness
from ...edits.purity import Own, is_pure
from ...edits.source import Source
from .rewriting import EVALUATIONS, Filling, Hole, Rewriting, Standing
from .running import Slot
from .solving import Goal, Shapes, Solution, places
from .taps import Tap

if TYPE_CHECKING:
    from .subject import Judge, Subject

Array = np.ndarray
Names = dict[str, Any]
RUN = 200  # edits of a tap that builds on itself, with which the program is run


@dataclass
class Tried:
    """A candidate: how it is evaluated where the program stands, the edit that it is, and its values so far,
    (unknowns,); None once it has raised or has another shape."""

    evaluate: Callable[[Standing, FrameType], Any]
    edit: Callable[[], Edit]
    values: Array | None


@dataclass
class Trying:
    """Watches one tap in the run that is right and evaluates candidates there."""

    number: int
    places: Mapping[Slot, slice]
    shapes: Shapes
    begin: Callable[[Standing], list[Tried]]
    codes: dict[str, CodeType]
    tried: list[Tried] | None = None

    def passing(self, turn: int, frame: FrameType) -> None:
        standing = Standing({**frame.f_globals, **frame.f_locals}, self.codes)
        if self.tried is None:
            self.tried = self.begin(standing)
        for one in self.tried:
            if one.values is not None:
                try:
                    self._note(one, turn, one.evaluate(standing, frame))
                except Exception:  # what does not fit raises all sorts of things
                    one.values = None

    def _note(self, one: Tried, turn: int, value: Any) -> None:
        parts = value if isinstance(value, tuple | list) else (value,)
        for slot, place in self.places.items():
            if slot[1] == turn:
                array = np.asarray(_plain(parts[slot[2]]), dtype=np.float64)
                shape = self.shapes[slot]
                if array.shape != shape:
                    raise ValueError(f"{array.shape} is not {shape}")
                assert one.values is not None  # it is still in the running
                one.values[place] = array.ravel()


def fitting(
    subject: "Subject", number: int, edits: Iterable[Edit], source: Source, solution: Solution, own: Own, judge: "Judge"
) -> list[Edit]:
    """Edits that give the right values: of those given, of a tap's expression and how it is assigned, and of all that
    could be written in it.

    Where a value is built on by the next and several would do, an edit can be right whose values are others: of such a
    tap the plainest are run.
    """
    goal, shapes = subject.goal, solution.response.shapes
    tap, codes = subject.taps[number], dict[str, CodeType]()
    most = EVALUATIONS // len({slot[1] for slot in shapes})
    rewriting = Rewriting(source, root, own, codes) if (root := tap.node(source)) else None

    def begin(standing: Standing) -> list[Tried]:
        blank = np.full(len(solution.response.columns), np.nan)
        found = [one for edit in edits if (one := _tried(edit, tap, source, blank.copy(), own))]
        if rewriting:
            found += [_written(rewriting, *one, blank.copy()) for one in islice(rewriting.candidates(standing), most)]
        return found[:most]

    watch, seen = Trying(number, places(shapes), shapes, begin, codes), dict[Slot, Array]()
    subject.runner.run(solution.added, seen, watch)
    if not watch.tried or not seen.keys() >= shapes.keys():  # a candidate has changed the course of the run
        return []
    right = np.concatenate([seen[slot].ravel() for slot in shapes])
    asked = goal.held(solution.cures)
    found = [one.edit() for one in watch.tried if _fits(one, right, solution, goal, asked)]
    if found or not solution.response.builds_on_itself:
        return found
    likely = sorted(
        (one.edit() for one in watch.tried if one.values is not None), key=lambda e: plainness(source.text, e)
    )
    after = ((edit, judge.rerun(subject, apply(source.text, edit))) for edit in likely[:RUN])
    return [edit for edit, one in after if one is not None and not set(goal.wrong_in(one)) & set(solution.cures)]


def _fits(one: Tried, right: Array, solution: Solution, goal: Goal, asked: Array) -> bool:
    """Whether no gradient moves beyond the noise. Where a value is built on by the next, an edit may keep what was
    there before and add to it, as a sum does, or set it anew; both are held to be possible."""
    if one.values is None or not np.isfinite(one.values).all():
        return False
    off = one.values - right
    answers = (solution.response.columns, solution.response.by_value)
    return any(bool((np.abs(off @ columns) <= goal.tolerance)[asked].all()) for columns in answers)


def _written(rewriting: Rewriting, hole: Hole, filling: Filling, blank: Array) -> Tried:
    def evaluate(standing: Standing, _frame: FrameType) -> Any:
        return standing.filled(hole.code, filling.value(standing))

    return Tried(evaluate, lambda: rewriting.edit(hole, filling), blank)


def _tried(edit: Edit, tap: Tap, source: Source, blank: Array, own: Own) -> Tried | None:
    text = edited(edit, tap, source)
    if text is None:
        return None
    try:
        tree = ast.parse(f"({text}\n)", mode="eval")
        code, pure = compile(tree, "<edit>", "eval"), is_pure(tree, own)
    except SyntaxError:
        return None

    def evaluate(standing: Standing, frame: FrameType) -> Any:
        return eval(code, dict(standing.names) if pure else _copied(standing.names, frame))

    return Tried(evaluate, lambda: edit, blank)


def edited(edit: Edit, tap: Tap, source: Source) -> str | None:
    """The expression whose value a tap would pass on for the edited statement to do the same; None where the edit
    changes neither the expression nor how it is assigned."""
    start, end = tap.span(source)
    old = source.text[start:end]
    if start <= edit.start and edit.end <= end:
        return f"{source.text[start : edit.start]}{edit.new}{source.text[edit.end : end]}"
    if source.text[edit.start : edit.end] == tap.operator and source.text[edit.end : start].isspace():
        return OTHERWISE.get((tap.operator, edit.new), "").format(old, tap.target) or None
    return None


# What would have to be assigned, or added, for another operator to do the same: {0} is the expression, {1} the target.
OTHERWISE = {("=", "+="): "({1}) + ({0})", ("+=", "="): "({0}) - ({1})", ("+=", "-="): "-({0})", ("-=", "+="): "-({0})"}


def _copied(names: Names, frame: FrameType) -> Names:
    memo: dict[int, Any] = {}
    own = {k: v if isinstance(v, ModuleType) else copy.deepcopy(v, memo) for k, v in frame.f_locals.items()}
    return {**names, **own}


def _plain(value: Any) -> Any:
    return value.detach() if hasattr(value, "detach") else value
