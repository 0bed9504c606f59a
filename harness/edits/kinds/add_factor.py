"""dc * f for dc: one more factor, that the function multiplies by elsewhere."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT, wrapped
from ..site import Change, Kind, Site
from ..values import factors, results, terms


def propose(site: Site) -> Iterator[Change]:
    for value in results(site.node):
        for term in terms(value) if site.loops or isinstance(value, ast.BinOp) else ():
            present = {site.of(factor) for factor in factors(term)}
            for factor in site.known(site.scope.factors):
                if factor not in present:
                    new = f"{site.of(term, PRODUCT)} * {wrapped(factor, PRODUCT + 1)}"
                    yield Change(term, new, f"{site.of(term)} times {factor}")


KIND = Kind("add a factor", (ast.Assign, ast.AugAssign, ast.Return), propose)
