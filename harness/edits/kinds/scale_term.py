"""dc_next + 2 * d * o for dc_next + d * o: one term of a sum by a factor."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT
from ..site import Change, Kind, Site
from ..values import results, terms


def propose(site: Site) -> Iterator[Change]:
    for value in results(site.node):
        found = terms(value)
        for term in found if len(found) > 1 else ():
            yield from (Change(term, f"{factor} * {site.of(term, PRODUCT)}") for factor in ("2", "0.5"))


KIND = Kind("scale a term", (ast.Assign, ast.AugAssign, ast.Return), propose, breaks=True)
