"""da[-1] for flat(da), da[0] for da: one step of an array alone, where all were meant."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Name(id=name), args=[ast.Name() | ast.Attribute() as array]) if not site.loops:
            for at in (0, -1) if name in site.scope.file.unary else ():
                yield Change(site.node, f"{site.of(array)}[{at}]")


KIND = Kind("take one step alone", (ast.Call,), propose)
