"""carry = dh * z + da @ W.T for carry = da @ W.T, where the carry is added to dh: a gate's share is carried on."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT, SUM, wrapped
from ..site import Change, Kind, Site
from ..values import terms


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if site.loops and name in site.scope.carried:
            present = {site.of(term) for term in terms(value)}
            shares = site.known({**site.scope.used_as("element"), **site.scope.factors})
            for total in dict.fromkeys(totals(site, name)):
                for share in shares:
                    new = f"{total} * {wrapped(share, PRODUCT + 1)}"
                    if share not in (total, name) and new not in present:
                        yield Change(value, f"{new} + {site.of(value, SUM)}", f"the term {new} added")


def totals(site: Site, name: str) -> Iterator[str]:
    """What the function adds this name to."""
    for node in site.scope.nodes:
        match node:
            case ast.AugAssign(target=target, op=ast.Add(), value=ast.Name(id=added)) if added == name:
                yield site.of(target)
            case ast.Assign(targets=[ast.Name(id=total)], value=ast.BinOp() as value) if total != name:
                if name in {site.of(term) for term in terms(value)}:
                    yield total


KIND = Kind("carry a share on", (ast.Assign,), propose)
