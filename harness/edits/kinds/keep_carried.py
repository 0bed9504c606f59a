"""carry = dh + da @ W.T for carry = da @ W.T, where the carry is added to dh: what was carried there is carried on."""

import ast
from collections.abc import Iterator

from ..levels import SUM, wrapped
from ..site import Change, Kind, Site
from ..values import terms


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if site.scope.carried.get(
            name, frozenset()
        ).intersection(site.loops):
            present = {site.of(term) for term in terms(value)}
            for total in dict.fromkeys(totals(site, name)):
                if total not in present:
                    new = f"{wrapped(total, SUM)} + {site.of(value, SUM)}"
                    yield Change(value, new, f"{total} carried on as well")


def totals(site: Site, name: str) -> Iterator[str]:
    """What this name is added to, or is a term of, in the function."""
    for node in site.scope.nodes:
        match node:
            case ast.AugAssign(target=target, op=ast.Add(), value=ast.Name(id=added)) if added == name:
                yield site.of(target)
            case ast.Assign(targets=[ast.Name() | ast.Subscript() as target], value=ast.BinOp() as value):
                if site.of(target) != name and name in {site.of(term) for term in terms(value)}:
                    yield site.of(target)


KIND = Kind("keep what is carried", (ast.Assign,), propose)
