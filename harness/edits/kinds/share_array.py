"""da = gates for da = np.empty_like(gates): no room of its own, so that one is written to where the other is read."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Attribute(attr=name), args=[array], keywords=[]) if name.endswith("_like"):
            yield Change(site.node, site.of(array), f"{site.of(array)} itself for {site.of(site.node)}")


KIND = Kind("share an array", (ast.Call,), propose)
