"""swapaxes(1, 2) for swapaxes(0, 1), transpose(1, 0, 2) for transpose(0, 1, 2): other axes moved, or none."""

import ast
from collections.abc import Iterator
from itertools import combinations

from ..bounds import whole
from ..site import Change, Kind, Site

NAMES = {"transpose", "swapaxes", "moveaxis", "permute"}


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Attribute(attr=name), args=args) if name in NAMES:
            nested = [each.elts for each in args if isinstance(each, ast.Tuple)]
            given = [each for each in (nested[0] if nested else args) if whole(each) is not None]
            for one, other in combinations(given, 2):
                (start, mid), (again, end) = site.source.span(one), site.source.span(other)
                new = site.of(other) + site.source.text[mid:again] + site.of(one)
                yield Change((start, end), new, f"axes {site.of(one)} and {site.of(other)} exchanged")
            for one in given if name in ("swapaxes", "moveaxis") else ():
                for new in ("0", "1", "2"):
                    yield Change(one, new, f"axis {new} for {site.of(one)} in {site.of(site.node)}")


KIND = Kind("move other axes", (ast.Call,), propose)
