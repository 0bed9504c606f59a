"""a.copy() for a, where a name is given to an array that is changed in place later; and a for a.copy()."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site
from ..values import results


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Attribute(value=value, attr="copy"), args=[], keywords=[]):
            yield Change(site.node, site.of(value))
        case ast.Call(func=ast.Attribute(attr="append"), args=[item]) if site.scope.is_atom(item):
            yield Change(item, f"{site.of(item)}.copy()")
        case ast.Assign() | ast.Return():
            for value in results(site.node):
                if site.scope.is_atom(value):
                    yield Change(value, f"{site.of(value)}.copy()")


KIND = Kind("copy an array", (ast.Call, ast.Assign, ast.Return), propose)
