"""p["W_xh"] for p["W_hh"]: another key that the file uses on the same dictionary."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key)) as at):
            quote = site.of(at)[-1]
            for other in site.scope.file.keys.get(site.of(value), ()):
                if other != key:
                    yield Change(site.node, site.within(site.node, at, f"{quote}{other}{quote}"))


KIND = Kind("take another key", (ast.Subscript,), propose)
