"""d * c for d * c * f * (1 - f): some factors of a product left out, any of them together."""

import ast
from collections.abc import Iterator
from itertools import combinations

from ..levels import PRODUCT
from ..site import Change, Kind, Site
from ..values import factors

MOST = 6  # factors of a product whose choices are all tried


def propose(site: Site) -> Iterator[Change]:
    if isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Mult):
        return  # a part of a longer product
    assert isinstance(site.node, ast.expr)
    parts = factors(site.node)
    if not 2 < len(parts) <= MOST or site.scope.in_index(site.node):
        return
    texts = [site.of(part, PRODUCT if part is parts[0] else PRODUCT + 1) for part in parts]
    for size in range(1, len(parts)):
        for kept in combinations(texts, size):
            yield Change(site.node, " * ".join(kept))


KIND = Kind("leave factors out", (ast.BinOp,), propose, breaks=True)
