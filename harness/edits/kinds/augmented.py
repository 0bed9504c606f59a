"""dW += d for dW = d, dW -= d for dW += d: accumulated, overwritten, or taken away."""

import ast
from collections.abc import Iterator

from ..levels import SYMBOLS
from ..site import Change, Kind, Site

OTHERS: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("=", "-=", "*="),
    ast.Sub: ("=", "+="),
    ast.Mult: ("=", "+=", "/="),
    ast.Div: ("=", "*="),
}


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.AugAssign(target=target, op=op):
            old, others = f"{SYMBOLS.get(type(op), '')}=", OTHERS.get(type(op), ())
        case ast.Assign(targets=[ast.Name() | ast.Subscript() | ast.Attribute() as target]):
            old, others = "=", ("+=",)
        case _:
            return
    _, start = site.source.bracketed(target)
    at = site.source.text.index(old, start)
    for new in others:
        yield Change((at, at + len(old)), new, f"{site.of(target)} {new} for {site.of(target)} {old}")


KIND = Kind("accumulate or overwrite", (ast.Assign, ast.AugAssign), propose)
