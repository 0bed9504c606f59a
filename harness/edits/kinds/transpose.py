"""W.T for W, and W for W.T, where matrices are multiplied or a result is handed on."""

import ast
from collections.abc import Iterator

from ..products import is_product
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    node, parent = site.node, site.parent
    assert isinstance(node, ast.expr)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield Change(node, site.of(node.value))
        return
    if isinstance(node, ast.Attribute | ast.Name) and not site.scope.is_atom(node):
        return
    if is_product(parent) and node is not getattr(parent, "func", None) and not is_product(node):
        yield Change(node, f"{site.of(node)}.T")
    elif isinstance(parent, ast.Dict | ast.Return | ast.Assign | ast.keyword | ast.Tuple) and is_loaded(node):
        if site.scope.role(node) == "operand" or isinstance(node, ast.Call):
            yield Change(node, f"{site.of(node)}.T")


def is_loaded(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


KIND = Kind("add or drop a transpose", (ast.Attribute, ast.Name, ast.Subscript, ast.Call), propose)
