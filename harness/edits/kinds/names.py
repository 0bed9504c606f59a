"""dxs for dhs, c[t] for h[t], self.W for self.V: another variable of the same function, used in the same way."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    node, scope = site.node, site.scope
    role, text = scope.role(node), site.of(node)
    if not role or text in scope.loop_variables or is_keyed(node):
        return
    found = scope.used_as(role)
    if isinstance(node, ast.Attribute):
        found |= dict.fromkeys(scope.attributes, node)
    ends = scope.ends if role == "value" and not site.loops else []
    for new in dict.fromkeys((*site.known(found), *ends)):
        if not shares_base(new, text):
            yield Change(node, new)


def is_keyed(node: ast.AST) -> bool:
    """p["W"], which takes another key, not another variable."""
    return (
        isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    )


def shares_base(one: str, other: str) -> bool:
    """h[t] and h[t + 1]: another index, not another variable."""
    return one.partition("[")[0] == other.partition("[")[0]


KIND = Kind("take another variable", (ast.Name, ast.Attribute, ast.Subscript), propose)
