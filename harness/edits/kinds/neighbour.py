"""c[t + 1] for tanh_c[t]: another array, one step further or back."""

import ast
from collections.abc import Iterator

from ..bounds import plus
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    if site.scope.role(site.node) in ("element", "matrix"):
        yield from (Change(site.node, new) for new in neighbours(site, site.node))


def neighbours(site: Site, node: ast.AST) -> Iterator[str]:
    """What stands beside this element in every other array."""
    match node:
        case ast.Subscript(value=value, slice=ast.Name() | ast.BinOp() as at) if site.scope.is_step(node):
            for base, found in site.scope.used_as("base").items():
                if base != site.of(value) and isinstance(found, ast.Name | ast.Attribute):
                    yield from (f"{base}[{plus(site.of(at), by)}]" for by in (1, -1))


KIND = Kind("take another step of another array", (ast.Subscript,), propose)
