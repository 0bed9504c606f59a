"""[da * r, dc * o * (1 - o)] for [da, dc], dc = dc * f: a factor or a slope put to a variable that stands alone."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT, wrapped
from ..site import Change, Kind, Site
from ..values import factors, results, terms

LISTED = (ast.List, ast.Tuple, ast.Dict)


def propose(site: Site) -> Iterator[Change]:
    node = site.node
    if isinstance(node, ast.Assign | ast.Return):
        if not has_loops(site):  # elsewhere kinds of their own add factors and slopes
            for term in (term for value in results(node) for term in terms(value)):
                if site.scope.is_atom(term) or isinstance(term, ast.BinOp):
                    yield from multiplied(site, term)
        elif site.loops and isinstance(node, ast.Assign):
            yield from sloped(site, node)
    elif isinstance(node, ast.Name | ast.Subscript) and site.scope.is_atom(node) and is_listed(site):
        yield from multiplied(site, node)


def has_loops(site: Site) -> bool:
    return any(isinstance(node, ast.For | ast.While) for node in site.scope.nodes)


def sloped(site: Site, node: ast.Assign) -> Iterator[Change]:
    """Values times 1 - n^2, where the same turn of the loop takes n out of a tuple that the way forward has kept."""
    for other in ast.walk(site.loops[0]):
        if isinstance(other, ast.Assign) and isinstance(other.targets[0], ast.Tuple):
            for each in other.targets[0].elts if other is not node else ():
                for value in results(node) if isinstance(each, ast.Name) and not is_other(site, each) else ():
                    slope = f"(1 - {site.of(each)} ** 2)"
                    yield Change(value, f"{site.of(value, PRODUCT)} * {slope}", f"{site.of(value)} times {slope}")


def is_other(site: Site, state: ast.expr) -> bool:
    """Whether the function multiplies by 1 - s already, or fills the array as it does an adjoint."""
    return f"1 - {site.of(state)}" in site.scope.factors or site.of(state) in site.scope.atoms["set base"]


def is_listed(site: Site) -> bool:
    """Among the items of a list inside a call: np.concatenate([di, df])."""
    above = site.source.parents.get(site.parent) if isinstance(site.parent, LISTED) else None
    return isinstance(above, ast.Call)


def multiplied(site: Site, term: ast.expr) -> Iterator[Change]:
    text, present = site.of(term, PRODUCT), {site.of(each) for each in factors(term)}
    known = {**site.scope.factors, **site.scope.unused}
    for factor in site.known(known):
        atom = site.scope.is_atom(known[factor])
        if factor in present or not (atom or factor.startswith("1 - ")):
            continue
        shapes = (factor, f"{factor} * (1 - {factor})", f"(1 - {factor} ** 2)") if atom else (wrapped(factor, PRODUCT),)
        for shape in shapes:
            yield Change(term, f"{text} * {shape}", f"{site.of(term)} times {shape}")


KIND = Kind("multiply what stands alone", (ast.Assign, ast.Return, ast.Name, ast.Subscript), propose)
