"""W.T for W, and W for W.T, where matrices are multiplied or a result is handed on."""

import ast
from collections.abc import Iterator

from ..products import is_product
from ..site import Change, Kind, Site
from ..values import results


def propose(site: Site) -> Iterator[Change]:
    node = site.node
    assert isinstance(node, ast.expr)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield Change(node, site.of(node.value))
    elif is_matrix(site, node) and (is_factor(site) or is_result(site)):
        yield Change(node, f"{site.of(node)}.T")


def is_factor(site: Site) -> bool:
    return is_product(site.parent) and site.node is not getattr(site.parent, "func", None)


def is_result(site: Site) -> bool:
    return site.node in results(site.statement()) and not isinstance(site.parent, ast.AugAssign)


def is_matrix(site: Site, node: ast.expr) -> bool:
    """A variable or the value of a call; a product is transposed with its operands exchanged, by another kind."""
    return site.scope.is_atom(node) or (isinstance(node, ast.Call) and not is_product(node))


KIND = Kind("add or drop a transpose", (ast.Attribute, ast.Name, ast.Subscript, ast.Call), propose)
