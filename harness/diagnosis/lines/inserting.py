"""Statements that are missing: the arrays of a function are watched, and added to, between its statements too.

What must be added there is solved for like any other value; the statement that adds it is written from the pool.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...edits import Edit
from ...edits.levels import PRODUCT
from ...edits.proposing import home
from ...edits.purity import Own
from ...edits.scope import Scope
from ...edits.source import Source
from ...edits.vocabulary import Vocabulary
from .pool import ALONE, PRODUCED, TIMES, Grown, texts
from .rewriting import EVALUATIONS, Filling, Standing, tried
from .solving import Solution, places
from .taps import Tap

if TYPE_CHECKING:
    from .subject import Subject

Array = np.ndarray
KIND = "put a statement in"
# By how much each changes what is there, and whether what it leaves is its own, whatever was there before.
OPERATORS: dict[str, tuple[Callable[[Array, Any], Array], bool]] = {
    "+=": (lambda now, value: value, False),
    "-=": (lambda now, value: -value, False),
    "=": (lambda now, value: value - now, True),
    "*=": (lambda now, value: now * value - now, True),
}
DIRECTIONS = 6  # of the gradients that statements are judged in at first
PAIRED = (
    TIMES,
    PRODUCED,
    Grown("{}[:, None] * {}", (PRODUCT + 2, PRODUCT), lambda a, b: a[:, None] * b),
    Grown("{}.T @ {}", (PRODUCT + 2, PRODUCT + 1), lambda a, b: a.T @ b),
)
SHORT = 24  # characters of a text that is joined with others in pairs
FEW = 60  # such texts


class Added(NamedTuple):
    """A statement that could be put in: its target, its operator, and what is assigned."""

    target: str
    operator: str
    filling: Filling

    @property
    def text(self) -> str:
        return f"{self.target} {self.operator} {self.filling.text}"

    def edit(self, tap: Tap, source: Source) -> Edit:
        """The statement on a line of its own, behind that of the tap."""
        start, end = tap.span(source)
        indent = source.text[source.starts[tap.line - 1] : start]
        return Edit(KIND, end, end, f"\n{indent}{self.text}", tap.last, f"{self.text} put in")


@dataclass
class Completing:
    """Watches a gap in the run that is right, and adds up by how much each statement would move the gradients.

    Args:
        by_step, by_value: by execution, what comes of each entry of what is added, and of what the array is then,
            (size, K): in a few random directions of the gradients, which is enough to leave out what is wrong.
        added: by execution, what is put on top of the array in that run.
    """

    number: int
    tap: Tap
    source: Source
    own: Own
    by_step: Mapping[int, Array]
    by_value: Mapping[int, Array]
    added: Mapping[int, Array]
    moved: dict[tuple[str, str], Array] = field(default_factory=dict)
    fillings: list[Filling] | None = None
    codes: dict[str, CodeType] = field(default_factory=dict)

    def passing(self, turn: int, frame: FrameType) -> None:
        if turn not in self.added:
            return
        standing = Standing({**frame.f_globals, **frame.f_locals}, self.codes)
        array = standing.value(self.tap.target)
        if self.fillings is None:
            self._begin(standing)
        assert self.fillings is not None
        values = [tried(standing, one) for one in self.fillings]
        numbered = np.arange(array.size).reshape(array.shape)
        for target in dict.fromkeys(target for target, _ in self.moved):
            try:
                where, now = _at(numbered, target, standing), _at(array, target, standing)
            except Exception:  # it has no such elements here
                where, now = None, None
            for operator, (change, sets) in OPERATORS.items():
                found = self.moved[target, operator]
                if where is None or now is None:
                    found[:] = np.nan
                    continue
                steps = np.full((len(values), now.size), np.nan)
                for k, value in enumerate(values):
                    if _shape(value) == now.shape:
                        steps[k] = change(now, value).ravel()
                effect = self.by_value if sets else self.by_step
                found += steps @ effect[turn][where.ravel()] - self.added[turn].ravel() @ effect[turn]

    def _begin(self, standing: Standing) -> None:
        node = self.source.statement(*self.tap.span(self.source))
        assert node is not None  # the tap stands behind it
        scope = Scope(self.source, Vocabulary(self.source), home(self.source, node))
        shapes = {target: now.shape for target in self._targets(scope) if (now := tried(standing, target)) is not None}
        offered = ((text, tried(standing, text)) for text in texts(scope, standing.names, self.own))
        known = [text for text, value in offered if _is_array(value)]
        fitting = (one for one in _fillings(known) if _shape(tried(standing, one)) in shapes.values())
        self.fillings = list(islice(fitting, EVALUATIONS // len(self.added)))
        width = next(iter(self.by_step.values())).shape[1]
        self.moved = {(t, o): np.zeros((len(self.fillings), width)) for t in shapes for o in OPERATORS}

    def _targets(self, scope: Scope) -> Iterator[str]:
        """The array, and its elements as the function writes them."""
        found = {self.tap.target: None}
        for node in scope.nodes:
            if isinstance(node, ast.Subscript) and self.source.of(node).startswith(f"{self.tap.target}["):
                found[self.source.of(node)] = None
        yield from found

    def fitting(self, bound: Array) -> Iterator[Added]:
        """The statements after which the gradients are right within `bound`, (K,)."""
        for (target, operator), moved in self.moved.items():
            right = (np.abs(moved) <= bound).all(axis=1)
            yield from (Added(target, operator, (self.fillings or [])[k]) for k in np.flatnonzero(right))


def _at(array: Array, target: str, standing: Standing) -> Array:
    """What a target's index takes of an array; the index is evaluated where the program stands."""
    index = target[target.index("[") :] if target.endswith("]") else ""
    return eval(f"__array__{index}", {**standing.names, "__array__": array})


def _fillings(known: list[str]) -> Iterator[Filling]:
    yield from (Filling(text, (text,)) for text in known)
    yield from (Filling(one.written(text), (text,), one) for text in known for one in ALONE)
    short = [text for text in known if len(text) <= SHORT][:FEW]
    for text in short:
        for other in short:
            yield from (Filling(one.written(text, other), (text, other), one) for one in PAIRED)


def _shape(value: Any) -> tuple[int, ...] | None:
    return tuple(value.shape) if _is_array(value) else None


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim > 0


def completing(subject: "Subject", number: int, source: Source, solution: Solution, own: Own) -> list[Edit]:
    """The statements that, put in at a gap, make right what the solution does."""
    goal, response = subject.goal, solution.response
    asked = goal.held(solution.cures)
    directions = np.random.default_rng(0).standard_normal((int(asked.sum()), DIRECTIONS)) / goal.tolerance[asked, None]

    def by_turn(columns: Array) -> dict[int, Array]:
        seen_by = columns[:, asked] @ directions
        return {slot[1]: seen_by[at] for slot, at in places(response.shapes).items()}

    added = {slot[1]: step for slot, step in solution.added.items()}
    tap = subject.taps[number]
    watch = Completing(number, tap, source, own, by_turn(response.columns), by_turn(response.by_value), added)
    subject.runner.run(solution.added, watch=watch)
    bound = np.abs(directions * goal.tolerance[asked, None]).sum(axis=0)
    return [one.edit(tap, source) for one in watch.fitting(bound)]
