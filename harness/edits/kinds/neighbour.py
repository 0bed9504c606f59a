"""c[t + 1] for tanh_c[t]: another array, one step further or back."""

import ast
from collections.abc import Iterator

from ..bounds import plus
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Subscript(value=value, slice=ast.Name() | ast.BinOp() as at) if site.scope.is_step(site.node):
            if site.scope.role(site.node) not in ("element", "matrix"):
                return
            for base, node in site.scope.used_as("base").items():
                if base != site.of(value) and isinstance(node, ast.Name | ast.Attribute):
                    for by in (1, -1):
                        yield Change(site.node, f"{base}[{plus(site.of(at), by)}]")


KIND = Kind("take another step of another array", (ast.Subscript,), propose)
