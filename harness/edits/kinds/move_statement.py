"""A statement moved below its neighbour, where one of them sets what the other uses."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site
from ..vocabulary import names

MOVED = (ast.Assign, ast.AugAssign, ast.Expr, ast.For, ast.If)


def propose(site: Site) -> Iterator[Change]:
    node, block = site.node, site.block()
    below = block[block.index(node) + 1 :][:1] if isinstance(node, ast.stmt) else []
    for other in below:
        lines, others = site.lines(), site.lines(other)
        if isinstance(other, MOVED) and lines and others and (touches(node, other) or touches(other, node)):
            text = site.source.text
            (start, end), (again, stop) = lines, others
            first, second = text[start:end], text[again:stop]
            if not second.endswith(("\n", "\r")):  # the last line of a file without a line end
                ending = first[len(first.rstrip("\r\n")) :]
                first, second = first.removesuffix(ending), second + ending
            what = f"{headline(site, node)} moved below {headline(site, other)}"
            yield Change((start, stop), second + text[end:again] + first, what)


def touches(one: ast.AST, other: ast.AST) -> bool:
    """Whether the first sets or changes what the second uses."""
    return not set_by(one).isdisjoint(names(other))


def set_by(node: ast.AST) -> set[str]:
    found: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.Assign(targets=targets):
                found.update(name for target in targets for name in root(target))
            case ast.AugAssign(target=target) | ast.For(target=target):
                found.update(root(target))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=value))):
                found.update(root(value))
    return found


def root(node: ast.AST) -> list[str]:
    """The variables behind a target: dh of dh[t], self of self.h, both names of a pair."""
    match node:
        case ast.Subscript(value=value) | ast.Attribute(value=value) | ast.Starred(value=value):
            return root(value)
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            return [name for each in elts for name in root(each)]
        case ast.Name(id=name):
            return [name]
    return []


def headline(site: Site, node: ast.AST) -> str:
    return site.of(node).splitlines()[0].rstrip(":")


KIND = Kind("move a statement", MOVED, propose)
