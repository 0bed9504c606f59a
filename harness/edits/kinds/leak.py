"""np.where(h > 0, 1, 0.01) for h > 0: the slope of a rectifier that leaks."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site

SLOPES = ("0.01", "0.1", "0.2", "-1")


def propose(site: Site) -> Iterator[Change]:
    numpy = site.scope.file.alias("numpy")
    match site.node:
        case ast.Compare(ops=[ast.Gt()], comparators=[ast.Constant(value=0)]) if numpy:
            yield from (Change(site.node, f"{numpy}.where({site.of(site.node)}, 1, {slope})") for slope in SLOPES)


KIND = Kind("let a rectifier leak", (ast.Compare,), propose, breaks=True)
