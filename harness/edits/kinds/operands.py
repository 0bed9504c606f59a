"""b @ a for a @ b, b.T @ a.T for a @ b, b - a for a - b: the operands exchanged, or the product transposed."""

import ast
from collections.abc import Iterator

from ..levels import ATOM, PRODUCT, SUM, wrapped
from ..products import operands
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    if site.scope.in_index(site.node):
        return
    match site.node:
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield Change(site.node, f"{site.of(right, SUM)} - {site.of(left, SUM + 1)}")
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            yield Change(site.node, f"{site.of(right, PRODUCT)} / {site.of(left, PRODUCT + 1)}")
    if both := operands(site.node):
        left, right = both
        yield Change(site.node, product(site, site.of(right), site.of(left)))
        yield Change(site.node, product(site, turned(site, right), turned(site, left)))


def product(site: Site, left: str, right: str) -> str:
    """The site's product, of other operands."""
    match site.node:
        case ast.Call(func=func, args=[_, _]):
            return f"{site.of(func)}({left}, {right})"
        case ast.Call():
            return f"{wrapped(left, ATOM)}.dot({right})"
    return f"{wrapped(left, PRODUCT)} @ {wrapped(right, PRODUCT + 1)}"


def turned(site: Site, node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return site.of(node.value)
    return f"{site.of(node, ATOM)}.T"


KIND = Kind("exchange operands", (ast.BinOp, ast.Call), propose)
