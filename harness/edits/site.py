"""A place in a source, as the kinds of edit see it."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .scope import Scope
from .source import Source, Span
from .vocabulary import names


class Change(NamedTuple):
    """An expression, or a stretch of the text, and what takes its place; `what` only where the texts do not say it."""

    at: ast.AST | Span
    new: str
    what: str = ""


@dataclass(frozen=True, eq=False)
class Site:
    """One node, its source, and the function that it is in."""

    source: Source
    scope: Scope
    node: ast.AST

    @property
    def parent(self) -> ast.AST | None:
        return self.source.parents.get(self.node)

    def ancestors(self) -> Iterator[ast.AST]:
        node = self.parent
        while node is not None and node is not self.scope.root:
            yield node
            node = self.source.parents.get(node)

    def of(self, node: ast.AST, least: int = 0) -> str:
        return self.source.of(node, least)

    def within(self, node: ast.AST, child: ast.AST, new: str) -> str:
        return self.source.within(node, child, new)

    @property
    def loops(self) -> list[ast.AST]:
        return [node for node in self.ancestors() if isinstance(node, ast.For | ast.While)]

    def known(self, found: Mapping[str, ast.AST]) -> list[str]:
        """The texts whose loop variables, if any, are those of the loops around this place."""
        here = {name for loop in self.loops if isinstance(loop, ast.For) for name in names(loop.target)}
        return [
            text for text, node in found.items() if here.issuperset(self.scope.loop_variables.intersection(names(node)))
        ]

    def statement(self) -> ast.AST | None:
        """The statement that an expression is in."""
        node: ast.AST | None = self.node
        while node is not None and not isinstance(node, ast.stmt):
            node = self.source.parents.get(node)
        return node

    def block(self) -> list[ast.stmt]:
        """The statements that this one stands among."""
        for _, value in ast.iter_fields(self.parent) if self.parent else ():
            if isinstance(value, list) and self.node in value:
                return value
        return []

    def lines(self, node: ast.AST | None = None) -> Span | None:
        """The whole lines of a statement, comments behind it too; None where it shares them with another."""
        source = self.source
        start, end = source.span(node or self.node)
        decorated = getattr(node or self.node, "decorator_list", None)
        start = source.span(decorated[0])[0] - 1 if decorated else start
        first = source.starts[source.line(start) - 1]
        last = source.line(end)
        stop = source.starts[last] if last < len(source.starts) else len(source.text)
        rest = source.text[end:stop].strip()
        alone = not source.text[first:start].strip() and (not rest or rest.startswith("#"))
        return (first, stop) if alone else None

    def indent(self, node: ast.AST | None = None) -> str:
        """The white space that the lines of a statement begin with."""
        start, _ = self.source.span(node or self.node)
        return self.source.text[self.source.starts[self.source.line(start) - 1] : start]


@dataclass(frozen=True)
class Kind:
    """A kind of edit: its name, the nodes it looks at, and what it would change there.

    `breaks`: of use only for breaking what is right, where there are many ways to go wrong and one to mend.
    """

    name: str
    on: tuple[type[ast.AST], ...]
    propose: Callable[[Site], Iterable[Change]]
    breaks: bool = False
