"""dx[:, k * width : (k + 1) * width] for dx[:, :width]: another slice of the same function along an axis."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    assert isinstance(site.node, ast.Subscript)
    at = site.node.slice
    found = {site.of(node): node for node in site.scope.nodes if isinstance(node, ast.Slice)}
    for part in at.elts if isinstance(at, ast.Tuple) else (at,):
        if isinstance(part, ast.Slice):
            others = (text for text in site.known(found) if text != site.of(part))
            yield from (Change(site.node, site.within(site.node, part, text)) for text in others)


KIND = Kind("take another slice", (ast.Subscript,), propose)
