"""d * (a > 0) for d * np.ones_like(a): where a rectifier is open, in the place of all; and for d, if `a` is unread."""

import ast
from collections.abc import Iterator

from ..levels import COMPARE, PRODUCT, wrapped
from ..site import Change, Kind, Site
from ..values import results


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Attribute(attr="ones_like"), args=[only]):
            yield Change(site.node, f"{wrapped(site.of(only), COMPARE + 1)} > 0")
        case ast.Assign() | ast.Return() if is_rectified(site):
            for value in results(site.node):
                for name in site.scope.unused:
                    new = f"{site.of(value, PRODUCT)} * ({name} > 0)"
                    yield Change(value, new, f"{site.of(value)} where {name} > 0")


def is_rectified(site: Site) -> bool:
    """Whether the file has a rectifier."""
    return any(isinstance(node, ast.Attribute) and node.attr == "maximum" for node in site.scope.file.nodes)


KIND = Kind("put a mask in", (ast.Call, ast.Assign, ast.Return), propose)
