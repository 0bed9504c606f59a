"""a for a + b, b for a * b, h for h ** 2: one operand left out."""

import ast
from collections.abc import Iterator

from ..levels import UNARY
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    if site.scope.in_index(site.node):
        return
    match site.node:
        case ast.BinOp(left=left, op=op, right=right):
            yield Change(site.node, site.of(left))
            if isinstance(op, ast.Sub):
                yield Change(site.node, f"-{site.of(right, UNARY)}")
            elif not isinstance(op, ast.Pow):
                yield Change(site.node, site.of(right))


KIND = Kind("leave an operand out", (ast.BinOp,), propose)
