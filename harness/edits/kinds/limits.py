"""A limit left out: `if t - s > K: break` of one statement, a or b for max(a, b), as of a backward pass cut short."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Name(id="max" | "min"), args=[first, second], keywords=[]):
            yield from (Change(site.node, site.of(first)), Change(site.node, site.of(second)))
        case ast.If(body=[_], orelse=[]) as node if site.source.text.startswith("if", site.source.span(node)[0]):
            what = f"{site.of(node).splitlines()[0]} left out"
            if (lines := site.lines()) and len(site.block()) > 1:
                yield Change(lines, "", what)
            else:
                yield Change(site.source.span(node), "pass", what)


KIND = Kind("leave a limit out", (ast.Call, ast.If), propose)
