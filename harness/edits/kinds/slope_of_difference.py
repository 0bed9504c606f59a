"""(p - y) * p * (1 - p) for p - y: an error multiplied with a slope that it contains already."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT, SUM, wrapped
from ..site import Change, Kind, Site
from ..values import results


def propose(site: Site) -> Iterator[Change]:
    for value in results(site.node):
        match value:
            case ast.BinOp(left=left, op=ast.Sub()) if not isinstance(left, ast.Constant):
                p = site.of(left)
                new = f"({site.of(value)}) * {wrapped(p, PRODUCT + 1)} * (1 - {wrapped(p, SUM + 1)})"
                yield Change(value, new, f"{site.of(value)} times the slope of {p}")


KIND = Kind("multiply with a slope", (ast.Assign, ast.Return), propose)
