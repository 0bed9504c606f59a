"""dh + dh_next for dh: one more term, that the function adds elsewhere or carries round a loop."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT, SUM, wrapped
from ..site import Change, Kind, Site
from ..values import results, terms


def propose(site: Site) -> Iterator[Change]:
    carried = [name for name, loops in site.scope.carried.items() if not loops.isdisjoint(site.loops)]
    for value in results(site.node):
        present = {site.of(term) for term in terms(value)}
        for term in dict.fromkeys((*carried, *site.known(site.scope.terms))):
            if term not in present:
                yield Change(value, f"{site.of(value, SUM)} + {wrapped(term, PRODUCT)}", f"the term {term} added")


KIND = Kind("add a term", (ast.Assign, ast.AugAssign, ast.Return), propose)
