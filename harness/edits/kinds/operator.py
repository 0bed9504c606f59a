"""a - b for a + b, a * b for a / b: another operator."""

import ast
import re
from collections.abc import Iterator

from ..levels import BINARY, SYMBOLS
from ..site import Change, Kind, Site
from ..source import Span, plain

OTHERS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div, ast.MatMult),
    ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}


def propose(site: Site) -> Iterator[Change]:
    node = site.node
    assert isinstance(node, ast.BinOp)
    if site.scope.in_index(node):
        return
    for op in OTHERS.get(type(node.op), ()):
        new = f"{site.of(node.left, BINARY[op])} {SYMBOLS[op]} {site.of(node.right, BINARY[op] + 1)}"
        at = sign(site, node)
        if BINARY[op] == BINARY[type(node.op)] and at:  # all that stands between the operands stays
            yield Change(at, SYMBOLS[op], f"{plain(new)} for {plain(site.of(node))}")
        else:
            yield Change(node, new)


def sign(site: Site, node: ast.BinOp) -> Span | None:
    """Where the operator's sign stands, comments passed over."""
    start, end = site.source.bracketed(node.left)[1], site.source.bracketed(node.right)[0]
    symbol = re.escape(SYMBOLS[type(node.op)])
    for found in re.finditer(rf"#[^\r\n]*|{symbol}", site.source.text[start:end]):
        if not found.group().startswith("#"):
            return start + found.start(), start + found.end()
    return None


KIND = Kind("change an operator", (ast.BinOp,), propose)
