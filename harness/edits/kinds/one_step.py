"""da[-1] for flat(da), and flat(da) for da[-1]: one step of an array alone, or all of it."""

import ast
from collections.abc import Iterator

from ..bounds import whole
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Name(id=name), args=[ast.Name() | ast.Attribute() as array]) if not site.loops:
            for at in (0, -1) if name in site.scope.file.unary else ():
                yield Change(site.node, f"{site.of(array)}[{at}]")
        case ast.Subscript(value=ast.Name() | ast.Attribute() as array, slice=at) if whole(at) is not None:
            if site.scope.role(site.node) not in ("", "set"):
                text = site.of(array)
                for new in (text, *(f"{name}({text})" for name in site.scope.file.unary if name in site.scope.called)):
                    yield Change(site.node, new)


KIND = Kind("take one step or all", (ast.Call, ast.Subscript), propose)
