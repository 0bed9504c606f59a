"""np.vstack(np.split(W, 4, -1)) for W.T: the gate blocks of a matrix below each other, and none of them transposed."""

import ast
from collections.abc import Iterator

from ..blocks import unpacked
from ..products import is_product
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    numpy = site.scope.file.alias("numpy")
    match site.node:
        case ast.Attribute(value=weight, attr="T") if numpy and is_product(site.parent) and site.loops:
            for count in sorted({len(found.names) for found in unpacked(site.scope).values()}):
                new = f"{numpy}.vstack({numpy}.split({site.of(weight)}, {count}, -1))"
                yield Change(site.node, new, f"the blocks of {site.of(weight)} not transposed")


KIND = Kind("transpose by blocks", (ast.Attribute,), propose)
