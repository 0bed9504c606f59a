"""Rewriting: every expression that stands in a tapped one, with something else of the program's in its place.

What else there is comes from the pool. All of it is evaluated where the program stands, so that thousands of candidates
cost what a few runs of the program do; what has another shape than what stood there is left out at once.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from ...edits import Edit
from ...edits.levels import SYMBOLS
from ...edits.proposing import home, trimmed
from ...edits.purity import Own, is_pure
from ...edits.scope import Scope, is_number
from ...edits.site import Change, Kind
from ...edits.source import Source
from ...edits.vocabulary import Vocabulary
from .pool import ALONE, NEGATED, OVER, SLOPES, TIMES, TOGETHER, TURNED, Grown, texts

KIND = Kind("write another expression", (ast.expr,), lambda _: ())
HOLE = "__hole__"
EVALUATIONS = 100_000  # of what could be written at a place: less is tried where the program passes often
NUMBERS = ("0", "1", "2", "-1", "0.5")
SHAPELESS = (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


class Standing:
    """A place of the program while it stands there: the names in force, and what texts come to."""

    def __init__(self, names: dict[str, Any], codes: dict[str, CodeType]) -> None:
        self.names, self._codes, self._known = names, codes, dict[str, Any]()

    def value(self, text: str) -> Any:
        """What a text comes to; raises what it raises."""
        if text not in self._known:
            code = self._codes.get(text)
            if code is None:
                code = self._codes[text] = compile(f"({text}\n)", "<candidate>", "eval")
            self._known[text] = eval(code, self.names)
        return self._known[text]

    def filled(self, code: CodeType, value: Any) -> Any:
        """What an expression with a hole comes to."""
        return eval(code, {**self.names, HOLE: value})


class Filling(NamedTuple):
    """What is put in a hole: texts, alone or grown."""

    text: str
    operands: tuple[str, ...]
    grown: Grown | None = None

    def value(self, standing: Standing) -> Any:
        found = map(standing.value, self.operands)
        return self.grown.value(*found) if self.grown else next(found)


@dataclass(frozen=True, eq=False)
class Hole:
    """A place in a tapped expression.

    Args:
        free: another shape may fit there too, as in a product.
        operand: of an operator; no zero is written there, since nobody adds one or multiplies by it.
    """

    node: ast.expr
    text: str
    code: CodeType
    free: bool
    operand: bool


@dataclass(frozen=True, eq=False)
class Rewriting:
    """A tapped expression of a source, and what else could be written there."""

    source: Source
    root: ast.expr
    own: Own
    codes: dict[str, CodeType] = field(default_factory=dict)

    def holes(self) -> Iterator[Hole]:
        """From the whole expression inwards; none where evaluating it would change something."""
        if not is_pure(self.root, self.own):
            return
        for node in _inside(self.root):
            code = compile(f"({self.source.within(self.root, node, HOLE)}\n)", "<candidate>", "eval")
            operand = isinstance(self.source.parents.get(node), ast.BinOp)
            yield Hole(node, self.source.of(node), code, self._is_free(node), operand)

    def _is_free(self, node: ast.expr) -> bool:
        parent = self.source.parents.get(node)
        return node is not self.root and (
            isinstance(parent, ast.Call) or (isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult))
        )

    def candidates(self, standing: Standing) -> Iterator[tuple[Hole, Filling]]:
        """What could be written, by the place, of a shape that fits where the program stands."""
        scope = Scope(self.source, Vocabulary(self.source), home(self.source, self.root))
        known = [
            (text, value)
            for text in texts(scope, standing.names, self.own)
            if (value := tried(standing, text)) is not None
        ]
        for hole in self.holes():
            now = tried(standing, hole.text)
            if now is not None:
                for filling in _fillings(hole, now, known):
                    value = tried(standing, filling)
                    if value is not None and _alike(value, now, hole.free and filling.grown is None):
                        yield hole, filling

    def edit(self, hole: Hole, filling: Filling) -> Edit:
        return trimmed(KIND, self.source, Change(hole.node, filling.text))


def tried(standing: Standing, what: "str | Filling") -> Any:
    """What a text or a filling comes to, as an array or a number; None where it comes to nothing of the kind."""
    try:
        value = standing.value(what) if isinstance(what, str) else what.value(standing)
    except Exception:  # what does not fit raises all sorts of things
        return None
    number = isinstance(value, bool | int | float | np.generic)
    return value if number or isinstance(getattr(value, "shape", None), tuple) else None


def _fillings(hole: Hole, now: Any, known: list[tuple[str, Any]]) -> Iterator[Filling]:
    """The plain ones first: other texts, the place itself grown, others grown, the place with another."""
    own = hole.text
    if _is_index(now):
        yield from (Filling(text, (text,)) for text, value in known if _is_index(value) and text != own)
        shifted = [*NUMBERS[hole.operand :], f"{own} + 1", f"{own} - 1", f"-{own}"]
        yield from (Filling(text, (text,)) for text in shifted if text != own)
        return
    yield from (Filling(text, (text,)) for text, _ in known if text != own)
    yield from (Filling(text, (text,)) for text in _turned(hole.node))
    alone = [one for one in ALONE if not (hole.operand and one is NEGATED)]  # there another operator is written
    yield from (Filling(one.written(own), (own,), one) for one in alone)
    shaped = [(text, value) for text, value in known if not _is_index(value) and text != own]
    for text, value in shaped:
        yield from (Filling(one.written(text), (text,), one) for one in ALONE)
        for one in (*TOGETHER, TURNED):
            yield Filling(one.written(own, text), (own, text), one)
        if _shape(value) == _shape(now):
            for slope in SLOPES:
                joined = Grown(TIMES.text, TIMES.least, lambda a, b, s=slope: a * s.value(b))
                yield Filling(joined.written(own, slope.written(text)), (own, text), joined)
    for text, value in known:
        if _is_index(value):
            yield from (Filling(one.written(own, text), (own, text), one) for one in (TIMES, OVER))
    yield from (Filling(one.written(own, text), (own, text), one) for text in ("2", "0.5") for one in (TIMES, OVER))


def _turned(node: ast.expr) -> Iterator[str]:
    """Operands the other way round, a product transposed, and other operators."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield ast.unparse(ast.BinOp(right, op, left))
            yield from (ast.unparse(ast.BinOp(left, kind(), right)) for kind in SYMBOLS if kind is not type(op))
            if isinstance(op, ast.MatMult):
                yield ast.unparse(ast.BinOp(_transposed(right), op, _transposed(left)))
        case ast.Call(args=[one, other, *rest]):
            yield ast.unparse(ast.Call(node.func, [other, one, *rest], node.keywords))
            yield ast.unparse(ast.Call(node.func, [_transposed(other), _transposed(one), *rest], node.keywords))


def _transposed(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _inside(root: ast.expr) -> Iterator[ast.expr]:
    """The expressions in which something else may be written, the root first."""
    yield root
    if isinstance(root, SHAPELESS):
        return
    for name, value in ast.iter_fields(root):
        if isinstance(root, ast.Call) and name == "func":
            if isinstance(value, ast.Attribute):  # of a.sum(0) the a
                yield from _of_value(value.value)
            continue
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.keyword):
                child = child.value
            if isinstance(child, ast.Slice):
                yield from (each for part in (child.lower, child.upper, child.step) if part for each in _inside(part))
            elif isinstance(child, ast.expr):
                yield from _of_value(child)


def _of_value(node: ast.expr) -> Iterator[ast.expr]:
    if not isinstance(node, ast.Constant) or is_number(node):
        yield from _inside(node)


def _is_index(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(getattr(value, "shape", ()))


def _alike(value: Any, now: Any, free: bool) -> bool:
    if _is_index(now) != _is_index(value):
        return False
    return free or _shape(value) == _shape(now)
