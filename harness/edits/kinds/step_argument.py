"""slope(dh[t]) for slope(h[t + 1]): a function of another array's step."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.parent:
        case ast.Call(args=[only], keywords=[]) if only is site.node and site.scope.is_step(site.node):
            elements = site.scope.used_as("element")
            for new in site.known({text: node for text, node in elements.items() if site.scope.is_step(node)}):
                if new.partition("[")[0] != site.of(site.node).partition("[")[0]:
                    yield Change(site.node, new)


KIND = Kind("take another step's argument", (ast.Subscript,), propose)
