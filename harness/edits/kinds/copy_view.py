"""a, b = x.swapaxes(0, 1).copy() for x.swapaxes(0, 1): arrays of their own in the place of views."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site

VIEWS = {"swapaxes", "reshape", "transpose", "view", "ravel", "moveaxis", "squeeze", "diagonal"}


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Assign(value=ast.Call(func=ast.Attribute(attr=name)) as call) if name in VIEWS:
            yield Change(call, f"{site.of(call)}.copy()")


KIND = Kind("copy a view", (ast.Assign,), propose)
