"""np.concatenate([z, r, n], -1) for a, that is taken apart into r, z, n: two gate blocks exchanged in one use."""

import ast
from collections.abc import Iterator
from itertools import combinations

from ..blocks import unpacked
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    if site.scope.role(site.node) not in ("matrix", "value") or not (numpy := site.scope.file.alias("numpy")):
        return
    if found := unpacked(site.scope).get(site.of(site.node)):
        for one, other in combinations(found.names, 2):
            swapped = [{one: other, other: one}.get(name, name) for name in found.names]
            new = f"{numpy}.concatenate([{', '.join(swapped)}], -1)"
            yield Change(site.node, new, f"{one} and {other} exchanged in {site.of(site.node)}")


KIND = Kind("exchange two blocks", (ast.Name, ast.Subscript, ast.Attribute), propose)
