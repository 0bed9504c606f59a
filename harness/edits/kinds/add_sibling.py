"""Wf.T @ df + Wo.T @ do for Wf.T @ df: a term like another product of the function, with one letter of its names
another; and dh * z + da @ W.T for da @ W.T, where an adjoint is handed on without what goes straight."""

import ast
import re
from collections.abc import Iterator

from ..levels import PRODUCT, SUM, wrapped
from ..products import is_product
from ..site import Change, Kind, Site
from ..values import results, terms
from ..vocabulary import names


def propose(site: Site) -> Iterator[Change]:
    for value in results(site.node):
        target = site.of(site.node.targets[0]) if isinstance(site.node, ast.Assign) else ""
        present = {site.of(term) for term in terms(value)}
        if any(is_product(term) for term in terms(value)):
            for new in (*renamed(site, terms(value)), *straight(site, target)):
                if new not in present:
                    yield Change(value, f"{site.of(value, SUM)} + {new}", f"the term {new} added")
        if target.isidentifier():
            yield from beside(site, value, target)


def beside(site: Site, value: ast.expr, target: str) -> Iterator[Change]:
    """s_b = slope * (W.T @ s_b + unit) for s_b = slope * unit, by W.T @ s_h."""
    for inner in ast.walk(value):
        if isinstance(inner, ast.Name) and isinstance(site.source.parents.get(inner), ast.BinOp):
            for new in renamed(site, products(site)):
                if re.search(rf"\b{target}\b", new) and new not in site.of(value):
                    yield Change(inner, f"({new} + {inner.id})", f"the term {new} added")


def products(site: Site) -> list[ast.expr]:
    return [node for node in site.scope.nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)]


def renamed(site: Site, like: list[ast.expr]) -> Iterator[str]:
    """Matrix products with the last letter of two names, or of one, another: Wf.T @ df -> Wo.T @ do."""
    known = {each.id for each in site.scope.nodes if isinstance(each, ast.Name)} | set(site.scope.parameters)
    for term in (term for term in like if is_product(term)):
        used = set(names(term))
        for old in sorted({name[-1] for name in used if len(name) > 1}):
            changing = {name for name in used if name[-1] == old and len(name) > 1}
            for letter in sorted({name[-1] for name in known} - {old}):
                to = {name: name[:-1] + letter for name in changing}
                if known.issuperset(to.values()):
                    yield re.sub(r"\w+", lambda found, to=to: to.get(found.group(), found.group()), site.of(term))


def straight(site: Site, target: str) -> Iterator[str]:
    """An adjoint that the function multiplies by something, times each of its factors."""
    factors = site.known({**site.scope.factors, **site.scope.unused})
    adjoints = [text for text in factors if text.startswith("d") and "(" not in text and "." not in text]
    for one in dict.fromkeys((*adjoints[:2], *([target] if target.isidentifier() else []))):
        for other in factors:
            simple = site.scope.is_atom({**site.scope.factors, **site.scope.unused}[other])
            if other != one and simple and not other.startswith("d"):
                yield f"{one} * {wrapped(other, PRODUCT + 1)}"


KIND = Kind("add a term like another", (ast.Assign, ast.Return), propose)
