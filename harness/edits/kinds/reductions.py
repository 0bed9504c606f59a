"""sum(1) for sum(0), mean for sum, no axis, no keepdims: what is summed, and over which axis."""

import ast
from collections.abc import Iterator

from ..bounds import whole
from ..site import Change, Kind, Site

OTHERS = {"sum": "mean", "mean": "sum", "cumsum": "sum"}
REDUCE = {"sum", "mean", "max", "min", "prod", "std", "var", "cumsum"}
ALONG = {*REDUCE, "concatenate", "stack", "flip", "roll", "argmax", "repeat", "softmax", "expand_dims"}


def propose(site: Site) -> Iterator[Change]:
    node = site.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in ALONG:
        return
    name = node.func.attr
    head = site.of(node.func.value)
    args = [site.of(each) for each in (*node.args, *node.keywords)]
    if name in OTHERS:
        yield Change(node, called(site, OTHERS[name], args))
    at = axis_at(site, node)
    if at is not None:
        prefix = args[at].partition("=")[0] + "=" if at >= len(node.args) else ""
        given = node.args[at] if at < len(node.args) else node.keywords[at - len(node.args)].value
        for new in axes(given, site):
            yield Change(node, called(site, name, [*args[:at], prefix + new, *args[at + 1 :]]))
    if name in REDUCE:
        for i, keyword in enumerate(node.keywords, len(node.args)):
            if keyword.arg in ("axis", "keepdims", "dim", "keepdim"):
                yield Change(node, called(site, name, [*args[:i], *args[i + 1 :]]))
        if at is not None and at < len(node.args):
            yield Change(node, called(site, name, [*args[:at], *args[at + 1 :]]))
        if at is None:
            for new in ("axis=0", "axis=-1"):
                yield Change(node, called(site, name, [*args, new]))
        elif not any(keyword.arg in ("keepdims", "keepdim") for keyword in node.keywords) and head:
            yield Change(node, called(site, name, [*args, "keepdims=True"]))


def axis_at(site: Site, node: ast.Call) -> int | None:
    """Where among the arguments the axis stands: by name, or behind the array where a module's function is called."""
    for i, keyword in enumerate(node.keywords, len(node.args)):
        if keyword.arg in ("axis", "dim"):
            return i
    assert isinstance(node.func, ast.Attribute)
    value = node.func.value
    module = isinstance(value, ast.Name) and value.id in site.scope.file.not_values
    return int(module) if node.func.attr in REDUCE and len(node.args) > module else None


def axes(node: ast.expr, site: Site) -> list[str]:
    if isinstance(node, ast.Tuple):
        return [site.of(each) for each in node.elts]
    number = whole(node)
    return [] if number is None else [str(other) for other in (0, 1, 2, -1) if other != number] + ["(0, 1)"]


def called(site: Site, name: str, args: list[str]) -> str:
    assert isinstance(site.node, ast.Call)
    assert isinstance(site.node.func, ast.Attribute)
    _, end = site.source.bracketed(site.node.func.value)
    start, _ = site.source.span(site.node)
    return f"{site.source.text[start:end]}.{name}({', '.join(args)})"


KIND = Kind("change a reduction", (ast.Call,), propose)
