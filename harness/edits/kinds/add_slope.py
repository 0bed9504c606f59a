"""dh[t] * (1 - h[t] ** 2) for dh[t]: the slope of a nonlinearity put in, where a term has none."""

import ast
from collections.abc import Iterator

from ..bounds import plus
from ..levels import PRODUCT, wrapped
from ..site import Change, Kind, Site
from ..values import factors, is_result, results, terms


def propose(site: Site) -> Iterator[Change]:
    if not site.loops or is_forward(site):
        return
    states = [state for state in dict.fromkeys(reached(site)) if is_given(site, state)]
    for term in (term for value in results(site.node) for term in terms(value)):
        parts = [site.of(factor) for factor in factors(term)]
        if any(part.startswith("1 - ") for part in parts):
            continue
        for state in (state for state in states if state not in parts):
            for slope in (f"(1 - {state} ** 2)", f"{state} * (1 - {state})", *called(site, state)):
                yield Change(term, f"{wrapped(site.of(term), PRODUCT)} * {slope}", f"{site.of(term)} times {slope}")


def is_forward(site: Site) -> bool:
    """Whether the loop applies a nonlinearity itself: its slope belongs elsewhere."""
    inside = (node for node in ast.walk(site.loops[0]) if isinstance(node, ast.Call))
    return any(site.of(node.func) in site.scope.file.squashing for node in inside)


def is_given(site: Site, state: str) -> bool:
    """A state is read, not worked out or filled here as an adjoint is."""
    base = state.partition("[")[0]
    values = site.scope.given.get(base, [])
    worked_out = any(isinstance(value, ast.BinOp) or not is_result(value) for value in values)
    return not worked_out and '"' not in state and base not in {*site.scope.atoms["set base"], *site.scope.carried}


def reached(site: Site) -> Iterator[str]:
    """What may be a state: the variables of this turn of the loop, and arrays at this step or the next."""
    yield from (text for text, node in site.scope.used_as("element").items() if text in site.known({text: node}))
    for loop in site.loops:
        if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name):
            for base in (*site.scope.used_as("base"), *site.scope.attributes):
                if "[" not in base:
                    yield from (f"{base}[{at}]" for at in (loop.target.id, plus(loop.target.id, 1)))


def called(site: Site, state: str) -> list[str]:
    """The slope by the file's own functions of one array: dtanh(h)."""
    return [f"{name}({state})" for name in site.scope.file.slopes]


KIND = Kind("add a slope", (ast.Assign, ast.AugAssign), propose)
