"""d * np.tanh(c[t]) for d * f, d * (1 - c * c) for d * (1 - g * g): a factor that is any form of any value at hand."""

import ast
from collections.abc import Iterator

from ..blocks import unpacked
from ..bounds import plus
from ..levels import PRODUCT, SUM, wrapped
from ..site import Change, Kind, Site
from ..values import factors

PLAIN = ("{v}", "(1 - {v})")
SLOPES = ("(1 - {v} * {v})", "{v} * (1 - {v})")


def propose(site: Site) -> Iterator[Change]:
    node = site.node
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult) or not site.loops:
        return
    if site.scope.in_index(node) or (isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Mult)):
        return
    parts = factors(node)
    texts = [site.of(part, PRODUCT + 1) for part in parts]
    at_hand = list(dict.fromkeys(values(site)))
    plain = [form.format(v=wrapped(value, SUM + 1)) for value in at_hand for form in PLAIN]
    sloped = list(dict.fromkeys(form for value in at_hand for form in slopes_of(site, value)))
    slopes = pairs(site, parts) + [(k,) for k, part in enumerate(parts) if is_slope(part)]
    for gone in slopes:
        for form in (*plain, *sloped):
            kept = [form if k == gone[0] else text for k, text in enumerate(texts) if k == gone[0] or k not in gone]
            yield Change(node, " * ".join(kept))
    for k in (k for k in range(len(parts)) if not any(k in gone for gone in slopes)):
        for form in plain:
            yield Change(node, " * ".join([*texts[:k], form, *texts[k + 1 :]]))
    if slopes:
        yield from (Change(node, " * ".join([*texts, form])) for form in sloped)


def pairs(site: Site, parts: list[ast.expr]) -> list[tuple[int, ...]]:
    """Where s and 1 - s are factors, both."""
    texts = [site.of(part) for part in parts]
    return [(texts.index(s), texts.index(f"1 - {s}")) for s in texts if f"1 - {s}" in texts]


def is_slope(part: ast.expr) -> bool:
    """1 - u * u, or a call: slope(h)."""
    match part:
        case ast.Call() | ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.BinOp()):
            return True
    return False


def slopes_of(site: Site, value: str) -> Iterator[str]:
    """What people take for the slope of a nonlinearity, from a value."""
    yield from (form.format(v=wrapped(value, SUM + 1)) for form in SLOPES)
    for name in site.scope.file.squashing:
        yield from (f"{name}({value})", f"{name}({value}) * (1 - {name}({value}))", f"(1 - {name}({value}) ** 2)")
    yield from (f"{name}({value})" for name in slope_functions(site))


def slope_functions(site: Site) -> list[str]:
    """Functions of one argument that the loop calls and that are variables themselves, as `slope` is."""
    calls = (node for node in ast.walk(site.loops[0]) if isinstance(node, ast.Call) and len(node.args) == 1)
    names = dict.fromkeys(node.func.id for node in calls if isinstance(node.func, ast.Name))
    return [name for name in names if name not in site.scope.file.not_values]


def values(site: Site) -> Iterator[str]:
    """Elements that the function works with, what arrays hold at this step and the next, and pre-activations."""
    yield from site.known(site.scope.used_as("element"))
    loop = site.loops[0]
    if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name):
        at = loop.target.id
        apart = unpacked(site.scope)  # arrays of several blocks are no values of one gate
        for base, node in site.scope.used_as("base").items():
            if isinstance(node, ast.Name) and f"{base}[{at}]" not in apart:
                yield from (f"{base}[{at}]", f"{base}[{plus(at, 1)}]")
        yield from activated(site, at)


def activated(site: Site, at: str) -> Iterator[str]:
    """What the functions around this one hand to a nonlinearity, step by step: phi(xs[t] + h[t] @ W)."""
    outer = site.source.parents.get(site.scope.root)
    if not isinstance(outer, ast.FunctionDef):
        return
    for node in ast.walk(outer):
        match node:
            case ast.Assign(value=ast.Call(args=[ast.BinOp() as given], keywords=[])):
                loops = [each for each in ast.walk(outer) if isinstance(each, ast.For) and node in each.body]
                if any(isinstance(each.target, ast.Name) and each.target.id == at for each in loops):
                    yield site.of(given)


KIND = Kind("multiply by another value", (ast.BinOp,), propose, breaks=True)
