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
            texts = [
                text
                for each in rights
                if is_transposed(each)
                for text in (site.of(each, PRODUCT + 1), *keyed(site, each))
            ]
            for value in results(site.node):
                for right in dict.fromkeys(texts):
                    if isinstance(value, ast.Subscript) and site.scope.is_atom(value):
                        yield Change(value, f"{site.of(value)} @ {right}")
        case ast.BinOp(left=ast.BinOp() as left, op=ast.MatMult()) if is_product(left):
            for name in site.known(site.scope.used_as("matrix") | site.scope.used_as("argument")):
                yield Change(left, name)


def keyed(site: Site, right: ast.expr) -> Iterator[str]:
    """q["W"].T for q["V"].T: what else any function of the file takes from such a dictionary."""
    match right:
        case ast.Attribute(value=ast.Subscript(value=value, slice=ast.Constant(value=str()))):
            for key in dict.fromkeys(key for keys in site.scope.file.keys.values() for key in keys):
                yield f'{site.of(value)}["{key}"].T'


def is_transposed(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "T"


KIND = Kind("multiply by a matrix", (ast.Return, ast.BinOp), propose)
