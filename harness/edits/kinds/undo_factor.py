"""dn * r for dxn * r, where dxn = dn * slope: in the place of a variable its definition, with one factor less."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT
from ..site import Change, Kind, Site
from ..values import factors


def propose(site: Site) -> Iterator[Change]:
    if not isinstance(site.node, ast.Name) or site.scope.role(site.node) != "element":
        return
    given = [*site.scope.given.get(site.node.id, ()), *site.scope.given.get(f"{site.node.id}[:]", ())]
    if len(given) != 1 or site.source.statement(*site.source.span(given[0])) is site.statement():
        return
    parts = factors(given[0])
    for left_out in parts if len(parts) > 1 else ():
        kept = [site.of(part, PRODUCT if part is parts[0] else PRODUCT + 1) for part in parts if part is not left_out]
        what = f"{site.node.id} without its factor {site.of(left_out)}"
        yield Change(site.node, " * ".join(kept), what)


KIND = Kind("undo a factor", (ast.Name,), propose)
