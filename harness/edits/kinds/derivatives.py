"""s * (1 - s) for 1 - h * h, z for 1 - z, 1 - a ** 2 for 1 - h ** 2: another slope of another nonlinearity."""

import ast
from collections.abc import Iterator

from ..levels import POWER, PRODUCT, SUM, wrapped
from ..site import Change, Kind, Site
from ..values import factors
from .neighbour import neighbours


def propose(site: Site) -> Iterator[Change]:
    node = site.node
    assert isinstance(node, ast.expr)
    match node:
        case ast.BinOp(left=ast.Constant(value=1 | 1.0), op=ast.Sub(), right=right):
            inner, text = squared(right, site), site.of(right, PRODUCT)
            for new in of_square(site, node, inner) if inner else (text, f"1 - {text} * {text}"):
                yield Change(node, new)
        case ast.BinOp(op=ast.Mult()) if not is_inner(site):
            yield from pairs(site, node)
    if (
        site.scope.role(node) == "element"
        and isinstance(site.parent, ast.BinOp)
        and isinstance(site.parent.op, ast.Mult)
    ):
        text = site.of(node)
        if f"1 - {text}" in site.scope.factors and not is_complemented(site):
            yield Change(node, f"1 - {text}")


def of_square(site: Site, node: ast.expr, inner: ast.expr) -> Iterator[str]:
    """What may stand for 1 - u^2."""
    text = site.of(inner)
    u, base = wrapped(text, PRODUCT + 1), wrapped(text, POWER + 1)
    yield f"1 - {u}"
    yield f"{u} * (1 - {wrapped(text, SUM + 1)})"
    yield f"{u}"
    for name in site.scope.file.squashing:
        yield f"1 - {name}({text}) ** 2"
    for other in (*site.known(site.scope.used_as("element")), *neighbours(site, inner)):
        if other != text:
            yield f"1 - {other} ** 2" if f"{base}**" in site.of(node).replace(" ", "") else f"1 - {other} * {other}"


def squared(node: ast.expr, site: Site) -> ast.expr | None:
    """u of u * u, u ** 2, np.square(u) or np.power(u, 2)."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if site.of(left) == site.of(right):
            return left
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=2)):
            return left
        case ast.Call(func=ast.Attribute(attr="square"), args=[only]):
            return only
        case ast.Call(func=ast.Attribute(attr="power"), args=[base, ast.Constant(value=2)]):
            return base
    return None


def is_inner(site: Site) -> bool:
    """Whether the product is part of a longer one."""
    return isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Mult)


def pairs(site: Site, node: ast.expr) -> Iterator[Change]:
    """For s * (1 - s) among the factors of a product: 1 - s^2, and v * (1 - v) for another v."""
    found = factors(node)
    for at, factor in enumerate(found):
        match factor:
            case ast.BinOp(left=ast.Constant(value=1 | 1.0), op=ast.Sub(), right=s):
                first = next((i for i, each in enumerate(found) if site.of(each) == site.of(s)), None)
                if first is None:
                    continue
                texts = [site.of(each, PRODUCT + 1) for each in found]
                s_text = texts[first]
                yield Change(node, joined(texts, {first: None, at: f"(1 - {s_text} * {s_text})"}))
                for other in site.known(site.scope.used_as("element")):
                    if other != s_text:
                        yield Change(node, joined(texts, {first: other, at: f"(1 - {other})"}))


def is_complemented(site: Site) -> bool:
    """Whether 1 - z is a factor beside z already."""
    top = site.node
    while isinstance(up := site.source.parents.get(top), ast.BinOp) and isinstance(up.op, ast.Mult):
        top = up
    assert isinstance(top, ast.expr)
    return f"1 - {site.of(site.node)}" in {site.of(each) for each in factors(top)}


def joined(texts: list[str], new: dict[int, str | None]) -> str:
    return " * ".join(text for i, old in enumerate(texts) if (text := new.get(i, old)) is not None)


KIND = Kind("change a derivative", (ast.BinOp, ast.Name, ast.Attribute, ast.Subscript), propose)
