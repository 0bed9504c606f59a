"""grads, dh = back(dh) for grads, _ = back(dh): what a call returns kept under the name of what it was given."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Assign(targets=[ast.Tuple(elts=elts)], value=ast.Call(args=args)) if site.loops:
            kept = {each.id for each in elts if isinstance(each, ast.Name)}
            given = {each.id for each in args if isinstance(each, ast.Name)}
            for target in elts:
                if isinstance(target, ast.Name) and (target.id == "_" or target.id in site.scope.unused):
                    for name in sorted(given - kept - site.scope.loop_variables):
                        yield Change(target, name, f"what is returned kept as {name}")


KIND = Kind("keep what is returned", (ast.Assign,), propose)
