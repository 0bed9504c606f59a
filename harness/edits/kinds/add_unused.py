"""dc = dnext_c + dh for dc = dh, back(d[t] + dh) for back(d[t]): what is given or carried, and never read, added."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT, SUM, wrapped
from ..site import Change, Kind, Site
from ..values import results, terms


def propose(site: Site) -> Iterator[Change]:
    carried = [name for name, loops in site.scope.carried.items() if not loops.isdisjoint(site.loops)]
    match site.node:
        case ast.Assign() | ast.Return():
            for value in results(site.node):
                yield from added(site, value, list(site.scope.unused))
        case ast.Call(func=ast.Name(id=name), args=args) if name not in ("len", "range", "zip", "enumerate"):
            for arg in (arg for arg in args if site.scope.is_atom(arg)):
                yield from added(site, arg, [*carried, *site.scope.unused])
        case ast.BinOp(left=ast.Call(func=ast.Name()) as call, op=ast.Add(), right=right):
            for arg in (arg for arg in call.args if site.scope.is_atom(arg)):
                new = site.within(call, arg, f"{site.of(arg, SUM)} + {site.of(right, PRODUCT)}")
                yield Change(site.node, new)


def added(site: Site, value: ast.expr, names: list[str]) -> Iterator[Change]:
    present = {site.of(term) for term in terms(value)}
    for name in dict.fromkeys(names):
        if name not in present and name != "_":
            yield Change(value, f"{wrapped(name, SUM)} + {site.of(value, SUM)}", f"the term {name} added")


KIND = Kind("add what is never read", (ast.Assign, ast.Return, ast.Call, ast.BinOp), propose)
