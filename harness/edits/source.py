"""A source text, its tree, and where in the text every node stands."""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .levels import level, needs_parentheses

Span = tuple[int, int]
Function = ast.FunctionDef | ast.AsyncFunctionDef

LINE_END = re.compile(r"\r\n|\r|\n")  # Python's own; str.splitlines also parts at form feeds
BRACKETED = (ast.Call, ast.ClassDef, ast.withitem)  # what has brackets of its own around a child


def plain(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def line_starts(text: str) -> list[int]:
    """Where each line begins, as character offsets."""
    if "\r" in text:
        return [0, *(end.end() for end in LINE_END.finditer(text))]
    characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)  # a file may have a million lines
    return [0, *(np.flatnonzero(characters == ord("\n")) + 1).tolist()]


@dataclass(frozen=True, eq=False)
class Source:
    """Text and tree. Spans are character offsets; Python's own columns count UTF-8 bytes."""

    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def starts(self) -> list[int]:
        return line_starts(self.text)

    @cached_property
    def _ascii(self) -> bool:
        return self.text.isascii()

    @cached_property
    def _statements(self) -> list[tuple[int, int, ast.stmt]]:
        """Every statement with its span, in the order of the text: what is around another comes before it."""
        found = [(*self.span(node), node) for node in ast.walk(self.tree) if isinstance(node, ast.stmt)]
        return sorted(found, key=lambda each: (each[0], -each[1]))

    def offset(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        if self._ascii:
            return start + column
        piece = self.text[start : start + column]  # no more characters than bytes
        return start + (column if piece.isascii() else len(piece.encode()[:column].decode(errors="ignore")))

    def line(self, offset: int) -> int:
        """The line an offset is in, from 1."""
        return bisect_right(self.starts, offset)

    def span(self, node: ast.AST) -> Span:
        if isinstance(node, ast.expr | ast.stmt | ast.keyword | ast.arg):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)
        raise TypeError(f"{type(node).__name__} has no place of its own in the text")

    def of(self, node: ast.AST, least: int = 0) -> str:
        """The node's own text, in parentheses where it binds less tightly than `least`."""
        start, end = self.span(node)
        text = self.text[start:end]
        return f"({text})" if level(node) < least else text

    def bracketed(self, node: ast.AST) -> Span:
        """The node's span with the parentheses written around it; those of a call belong to the call."""
        start, end = self.span(node)
        if isinstance(self.parents.get(node), BRACKETED):
            return start, end
        while True:
            before, after = self._beside(start, -1), self._beside(end - 1, 1)
            if self.text[before : before + 1] != "(" or self.text[after : after + 1] != ")":
                return start, end
            start, end = before, after + 1

    def _beside(self, at: int, step: int) -> int:
        """Where the next character stands that is no white space; only what is there is looked at, not all the text."""
        at += step
        while 0 <= at < len(self.text) and self.text[at].isspace():
            at += step
        return max(at, 0)

    def placed(self, node: ast.AST, new: str) -> tuple[Span, str]:
        """What to replace by what, so that `new` is read as one expression in the node's place.

        Parentheses around the node go where the new text needs none.
        """
        if not isinstance(node, ast.expr) or isinstance(node, ast.Slice):
            return self.span(node), new
        inner, outer = self.span(node), self.bracketed(node)
        needed = needs_parentheses(self.parents.get(node), node, new)
        if outer == inner:
            return inner, f"({new})" if needed else new
        return (inner, new) if needed or "\n" in new or "\r" in new else (outer, new)

    def within(self, node: ast.AST, child: ast.AST, new: str) -> str:
        """The node's text with `new` in the place of one of its descendants."""
        (start, end), text = self.placed(child, new)
        first, last = self.span(node)
        return self.text[first:start] + text + self.text[end:last]

    def holds(self, statement: ast.stmt, start: int, end: int) -> bool:
        first, last = self.span(statement)
        return first <= start and end <= last

    def statement(self, start: int, end: int) -> ast.stmt | None:
        """The smallest statement around a stretch of the text."""
        before = bisect_right(self._statements, start, key=lambda each: each[0])
        return next((each for _, last, each in reversed(self._statements[:before]) if end <= last), None)


def statements(node: ast.AST) -> list[ast.stmt]:
    """The statements directly below a node."""
    found: list[ast.stmt] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            found.append(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            found += statements(child)
    return found


def functions(source: str) -> dict[str, Function]:
    """Every function and method by its qualified name: "lstm", "lstm.backward", "RNN.backward"."""
    return dict(named(ast.parse(source)))


def named(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield prefix + child.name, child
        inner = f"{prefix}{child.name}." if isinstance(child, Function | ast.ClassDef) else prefix
        yield from named(child, inner)
