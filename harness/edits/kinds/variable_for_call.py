"""da.sum(0) for da[t].reshape(B, H).sum(0): a variable in the place of what is made of another, and used at once."""

import ast
from collections.abc import Iterator

from ..products import is_product
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node, site.parent:
        case ast.Call(func=ast.Attribute(value=value)), parent:
            if site.scope.is_atom(value) and (isinstance(parent, ast.Attribute) or is_product(parent)):
                arrays = site.scope.used_as("matrix") | site.scope.used_as("argument")
                for name in site.known(arrays):
                    if isinstance(arrays[name], ast.Name) and name != site.of(value):
                        yield Change(site.node, name)


KIND = Kind("take a variable for a call", (ast.Call,), propose)
