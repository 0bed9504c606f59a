"""a - b for a + b, a * b for a / b: another operator."""

import ast
from collections.abc import Iterator

from ..levels import BINARY, SYMBOLS
from ..site import Change, Kind, Site

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
        yield Change(node, f"{site.of(node.left, BINARY[op])} {SYMBOLS[op]} {site.of(node.right, BINARY[op] + 1)}")


KIND = Kind("change an operator", (ast.BinOp,), propose)
