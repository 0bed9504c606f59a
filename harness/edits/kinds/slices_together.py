"""h[-2::-1] for h[:0:-1], and f(h[:-1], d) for f(h[1:-1], d[1:]): two bounds that belong together."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site

BACKWARD = ("[::-1]", "[:0:-1]", "[-2::-1]")


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Subscript(value=value, slice=ast.Slice(step=ast.expr() as step)) if site.of(step) == "-1":
            yield from (Change(site.node, site.of(value) + new) for new in BACKWARD)
        case ast.Call(args=[first, second, *_]) | ast.BinOp(left=first, op=ast.MatMult(), right=second):
            both = [without_first(site, each) for each in (first, second)]
            if all(both):
                (start, mid), (again, end) = site.source.span(first), site.source.span(second)
                new = f"{both[0]}{site.source.text[mid:again]}{both[1]}"
                yield Change((start, end), new, "both from the first step on")


def without_first(site: Site, node: ast.expr) -> str | None:
    """h[:-1] of h[1:-1], d of d[1:]."""
    for each in ast.walk(node):
        match each:
            case ast.Subscript(value=value, slice=ast.Slice(lower=ast.Constant(value=1), upper=upper, step=None)):
                return site.within(node, each, f"{site.of(value)}[:{site.of(upper)}]" if upper else site.of(value))
    return None


KIND = Kind("move two bounds together", (ast.Subscript, ast.Call, ast.BinOp), propose)
