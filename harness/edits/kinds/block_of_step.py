"""split(gates[t - 1], 4)[1] for f, where i, f, g, o = split(gates[t], 4): a gate of the step before, or after."""

import ast
from collections.abc import Iterator

from ..blocks import unpacked
from ..bounds import plus
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    if not isinstance(site.node, ast.Name) or site.scope.role(site.node) != "element":
        return
    for array, found in unpacked(site.scope).items():
        base, _, at = array.removesuffix("]").partition("[")
        if site.node.id in found.names and at in site.scope.loop_variables:
            place = found.names.index(site.node.id)
            for by in (-1, 1):
                yield Change(site.node, f"{found.call}({base}[{plus(at, by)}], {len(found.names)})[{place}]")


KIND = Kind("take a block of another step", (ast.Name,), propose, breaks=True)
