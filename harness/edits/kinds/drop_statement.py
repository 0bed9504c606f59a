"""A statement left out; `pass` stands for it where it is alone in its block."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    if isinstance(site.node, ast.Expr) and isinstance(site.node.value, ast.Yield | ast.YieldFrom | ast.Constant):
        return
    what = f"{site.of(site.node).splitlines()[0]} left out"
    lines = site.lines()
    if lines and len(site.block()) > 1:
        yield Change(lines, "", what)
    else:
        yield Change(site.source.span(site.node), "pass", what)


KIND = Kind("leave a statement out", (ast.Assign, ast.AugAssign, ast.Expr), propose)
