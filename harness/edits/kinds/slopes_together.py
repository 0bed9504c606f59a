"""dc * g for dc * g * i * (1 - i), and so for every gate: the slopes of all sigmoids wrong in the same way."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT
from ..site import Change, Kind, Site
from ..values import factors
from .throughout import replaced

# Of s, what stands for s * (1 - s); and of u, what stands for 1 - u * u.
OF_SIGMOIDS = {
    "it leaves out the slope s (1 - s) of every sigmoid": None,
    "it takes s for the slope s (1 - s) of every sigmoid": "{s}",
    "it takes 1 - s for the slope s (1 - s) of every sigmoid": "(1 - {s})",
    "it takes 1 - s^2, tanh's slope, for the slope s (1 - s) of every sigmoid": "(1 - {s} * {s})",
    "it takes the slope of every sigmoid at what is a sigmoid already": "sigmoid({s}) * (1 - sigmoid({s}))",
}


def propose(site: Site) -> Iterator[Change]:
    loop = site.node
    if not isinstance(loop, ast.For) or site.loops:
        return
    inside = [node for child in loop.body for node in ast.walk(child) if isinstance(node, ast.BinOp)]
    products = [node for node in inside if isinstance(node.op, ast.Mult) and not is_inner(site, node)]
    sigmoid = next((name for name in site.scope.file.squashing if "sig" in name), "")
    sloped = [node for node in products if slope_of(site, node)]
    if len(sloped) < 2:
        return
    for what, form in OF_SIGMOIDS.items():
        if form is None or sigmoid or "sigmoid" not in form:
            named = form and form.replace("sigmoid", sigmoid)
            yield replaced(site, {node: remade(site, node, named) for node in sloped}, what)
    tanhs = {node: new for node in products if (new := without_square(site, node))}
    every: dict[ast.AST, str] = {**{node: remade(site, node, None) for node in sloped}, **tanhs}
    yield replaced(site, every, "it leaves out the slope of every gate")


def is_inner(site: Site, node: ast.AST) -> bool:
    parent = site.source.parents.get(node)
    return isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult)


def slope_of(site: Site, node: ast.expr) -> str:
    """s, where s and 1 - s are factors."""
    texts = [site.of(part) for part in factors(node)]
    return next((s for s in texts if f"1 - {s}" in texts), "")


def remade(site: Site, node: ast.expr, form: str | None) -> str:
    s = slope_of(site, node)
    kept = [site.of(part, PRODUCT) for part in factors(node) if site.of(part) not in (s, f"1 - {s}")]
    return " * ".join([*kept, *([form.format(s=s)] if form else [])])


def without_square(site: Site, node: ast.expr) -> str:
    """The product without a factor 1 - u * u, where u is no longer expression: the slope of a gate, not of a cell."""
    parts = factors(node)
    kept = [site.of(part, PRODUCT) for part in parts if not is_square_slope(part)]
    return " * ".join(kept) if len(kept) < len(parts) else ""


def is_square_slope(node: ast.expr) -> bool:
    match node:
        case ast.BinOp(
            left=ast.Constant(value=1),
            op=ast.Sub(),
            right=ast.BinOp(left=ast.Name(id=one), op=ast.Mult(), right=ast.Name(id=other)),
        ):
            return one == other
    return False


KIND = Kind("change all slopes together", (ast.For,), propose, breaks=True)
