"""Rehearsal: an edit inside an expression is tried on that expression alone, in the state it was first evaluated in.

Up to there a mutant does what the original did. So one whose expression raises then, of operands that do not fit or a
name of another type, is sure to raise in a run, and need not be run. Expressions that call what may change something
are left alone, and so are those in a `try` or a `match`.
"""

import ast
import copy
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ..edits import Edit
from ..edits.purity import Own, is_pure
from ..edits.source import Source

# A text without it calls and assigns nothing: no tree has to be looked at.
MAY_CHANGE = re.compile(r"[\w\])}\"']\s*\(|:=|__|\\")


@dataclass(frozen=True)
class Site:
    """An expression of a simple statement or a header: its character offsets, and the lines of the statement.

    `target`: of an in-place operation such as +=, the source of what it changes.
    """

    start: int
    end: int
    line: int
    last: int
    target: str = ""


@dataclass(frozen=True)
class Moment:
    """The names an expression could see when it was first evaluated: the module's, and copies of the locals."""

    names: Mapping[str, Any]


def sites(source: str) -> tuple[Site, ...]:
    """The expressions that can be rehearsed: those of the only statement on their lines, in no `try` or `match`.

    A line is reached where its first statement is: of `def back(da): return da @ W` that is outside the function, and
    what the return sees is not there yet.
    """
    text = Source(source)
    found: list[Site] = []
    counts: Counter[int] = Counter()
    for statement in _statements(text.tree):
        counts.update(_lines(text, statement))
        value = _value(statement)
        if value is None:
            continue
        last = (statement if isinstance(statement, _SIMPLE) else value).end_lineno or statement.lineno
        target = ""
        if isinstance(statement, ast.AugAssign) and not isinstance(statement.op, ast.MatMult):
            target = text.of(statement.target)
        found.append(Site(*text.span(value), statement.lineno, last, target))
    return tuple(s for s in found if all(counts[n] == 1 for n in range(s.line, s.last + 1)))


_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)


def _value(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.For):
        return statement.iter
    if isinstance(statement, ast.If | ast.While):
        return statement.test
    return statement.value if isinstance(statement, _SIMPLE) else None


def _lines(text: Source, statement: ast.stmt) -> range:
    """The lines of a statement; of one with others inside it those of its header."""
    inside = [each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt)]
    if not inside:
        return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    start, first = text.span(inside[0])[0], inside[0].lineno
    shared = text.text[text.starts[first - 1] : start].strip()  # `def f(a): return a`
    return range(statement.lineno, first + bool(shared))


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Try | ast.TryStar | ast.Match):  # what is seen there depends on more than the line
            continue
        if isinstance(child, ast.stmt):
            yield child
        yield from _statements(child)


def moment(names: Mapping[str, Any], module: Mapping[str, Any]) -> Moment | None:
    """The state as it is now. None where something in it cannot be copied."""
    memo: dict[int, Any] = {}
    try:
        own = {k: v if isinstance(v, ModuleType) else copy.deepcopy(v, memo) for k, v in names.items()}
    except Exception:  # a tensor on a graph, a generator, an open file
        return None
    return Moment({**module, **own})


def surely_raises(edit: Edit, source: str, site: Site, seen: Moment, own: Own) -> bool:
    """Whether the expression raises with the edit made. `own`: the functions that the file defines."""
    text = f"({source[site.start : edit.start]}{edit.new}{source[edit.end : site.end]}\n)"
    try:
        if MAY_CHANGE.search(text) and not is_pure(ast.parse(text, mode="eval"), own):
            return False
        code = compile(text, "<rehearsal>", "eval", dont_inherit=True)
    except SyntaxError:
        return False
    names = dict(seen.names)
    try:
        value = eval(code, names)
    except Exception:
        return True
    return bool(site.target) and not _fits_in_place(site.target, value, names)


def _fits_in_place(target: str, value: Any, names: dict[str, Any]) -> bool:
    """Whether an array takes the value in place: it does not grow by broadcasting. True where that cannot be told."""
    try:
        room = eval(target, names)
    except Exception:
        return True
    if not (isinstance(room, np.ndarray) and isinstance(value, np.ndarray) and room.ndim):
        return True
    try:
        return np.broadcast_shapes(room.shape, value.shape) == room.shape
    except ValueError:
        return False
