"""x >= 0 for x > 0, t == 0 for t != 0, one branch of `a if b else c` alone."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site

OTHERS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Gt: (">=", "<"),
    ast.GtE: (">", "<="),
    ast.Lt: ("<=", ">"),
    ast.LtE: ("<", ">="),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
}


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            for new in OTHERS.get(type(op), ()):
                start, end = site.source.bracketed(left)[1], site.source.bracketed(right)[0]
                what = f"{site.of(left)} {new} {site.of(right)} for {site.of(site.node)}"
                yield Change((start, end), f" {new} ", what)
        case ast.IfExp(body=body, orelse=other):
            yield Change(site.node, site.of(body))
            yield Change(site.node, site.of(other))


KIND = Kind("change a comparison", (ast.Compare, ast.IfExp), propose)
