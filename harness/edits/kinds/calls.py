"""x for tanh(x), tanh(x) for x, sigmoid(x) for tanh(x): a function of one array left out, put in, or another one."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site

MADE = ("zeros", "ones", "empty")


def propose(site: Site) -> Iterator[Change]:
    node, file = site.node, site.scope.file
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=name) as func) if not is_from_module(site, func):
            if name not in ("append", "insert") and (site.scope.is_atom(value) or not isinstance(value, ast.Name)):
                yield Change(node, site.of(value))
        case ast.Call(func=ast.Attribute(attr="roll" | "flip" | "clip" | "nan_to_num"), args=[first, *_]):
            yield Change(node, site.of(first))
        case ast.Call(func=ast.Attribute(attr="where"), args=[_, first, second]):
            yield from (Change(node, site.of(first)), Change(node, site.of(second)))
        case ast.Call(func=func, args=[only], keywords=[]) if not isinstance(only, ast.Starred | ast.Constant):
            name = site.of(func)
            if name in file.unary or (is_from_module(site, func) and not name.rpartition(".")[2].startswith(MADE)):
                yield Change(node, site.of(only))
            if name in file.unary:
                yield from (Change(node, site.within(node, func, other)) for other in file.unary if other != name)
    if site.scope.role(node) == "element" and site.of(node) not in site.scope.atoms["index"]:  # a step is no array
        for name in file.squashing:
            yield Change(node, f"{name}({site.of(node)})")


def is_from_module(site: Site, func: ast.expr) -> bool:
    match func:
        case ast.Attribute(value=ast.Name(id=name)):
            return name in site.scope.file.not_values
    return False


KIND = Kind("change a function", (ast.Call, ast.Name, ast.Attribute, ast.Subscript), propose)
