"""-d for d, d for -d."""

import ast
from collections.abc import Iterator

from ..levels import UNARY, wrapped
from ..site import Change, Kind, Site
from ..values import results


def propose(site: Site) -> Iterator[Change]:
    if isinstance(site.node, ast.UnaryOp):
        if isinstance(site.node.op, ast.USub) and not isinstance(site.node.operand, ast.Constant):
            yield Change(site.node, site.of(site.node.operand))
        return
    for value in results(site.node):
        if not isinstance(value, ast.UnaryOp):
            yield Change(value, f"-{wrapped(site.of(value), UNARY)}")


KIND = Kind("change a sign", (ast.UnaryOp, ast.Assign, ast.AugAssign, ast.Return), propose)
