"""dh_next = zeros_like(h0) for dh_next = da @ W.T: what the function gives the same name elsewhere."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Assign(targets=[target], value=value) if not isinstance(target, ast.Tuple):
            given = {site.of(other): other for other in site.scope.given.get(site.of(target), ())}
            for new in site.known(given):
                if new != site.of(value):
                    yield Change(value, new, f"{site.of(target)} = {new} for {site.of(site.node)}")


KIND = Kind("give the value from elsewhere", (ast.Assign,), propose)
