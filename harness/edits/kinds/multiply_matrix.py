"""da[0] @ W.T for da[0], and da @ W.T for (e @ V.T) @ W.T: a product that is missing, or one too many."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT
from ..products import is_product, operands
from ..site import Change, Kind, Site
from ..values import results


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Return() if not site.loops:
            rights = [pair[1] for node in site.scope.nodes if isinstance(node, ast.BinOp) and (pair := operands(node))]
            for value in results(site.node):
                for right in dict.fromkeys(site.of(each, PRODUCT + 1) for each in rights if is_transposed(each)):
                    if isinstance(value, ast.Subscript) and site.scope.is_atom(value):
                        yield Change(value, f"{site.of(value)} @ {right}")
        case ast.BinOp(left=ast.BinOp() as left, op=ast.MatMult()) if is_product(left):
            for name in site.known(site.scope.used_as("matrix")):
                yield Change(left, name)


def is_transposed(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "T"


KIND = Kind("multiply by a matrix", (ast.Return, ast.BinOp), propose)
