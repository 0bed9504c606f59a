"""0 for 1, 3 for 2, 1 for 0.5: another number."""

import ast
from collections.abc import Iterator

from ..scope import is_number
from ..site import Change, Kind, Site

OTHERS: dict[float, tuple[str, ...]] = {
    0: ("1",),
    1: ("0", "2"),
    2: ("1", "3"),
    3: ("2", "4"),
    4: ("3",),
    0.5: ("1", "2"),
}


def propose(site: Site) -> Iterator[Change]:
    node = site.node
    assert isinstance(node, ast.Constant)
    if not isinstance(node.value, int | float) or not is_number(node) or site.scope.in_index(node) or is_argument(site):
        return
    others = OTHERS.get(node.value) or ("0", f"2 * {site.of(node)}", f"0.5 * {site.of(node)}")
    for new in others:
        yield Change(
            node,
            new,
            f"{new} for {site.of(node)} in {site.of(site.parent)}" if isinstance(site.parent, ast.expr) else "",
        )


def is_argument(site: Site) -> bool:
    """Handed to a call by name, or alone: an axis, a count; the kinds that know those change them."""
    match site.parent:
        case ast.keyword():
            return True
        case ast.Call(func=ast.Attribute(), args=[only]):
            return only is site.node
    return False


KIND = Kind("change a number", (ast.Constant,), propose)
