"""d[y[t]] -= 1 put in: the target that is not subtracted, where another line picks its entry."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site
from ..vocabulary import names


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Assign(targets=[ast.Name(id=target)]):
            lines, source = site.lines(), site.source
            if lines is None or source.text[lines[0] : lines[1]][-1:] not in ("\n", "\r"):
                return
            ending = "\r\n" if source.text[: lines[1]].endswith("\r\n") else source.text[lines[1] - 1]
            elements = [node for node in site.scope.nodes if isinstance(node, ast.Subscript)]
            picks = {source.of(node.slice): node for node in elements if picks_targets(site, node)}
            for at in site.known(picks):
                new = f"{target}[{at}] -= 1"
                yield Change((lines[1], lines[1]), f"{site.indent()}{new}{ending}", f"{new} put in")


def picks_targets(site: Site, node: ast.Subscript) -> bool:
    """p[t][y[t], 0], p[rows, y]: a whole parameter or an element of one stands in the index."""
    at = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return isinstance(node.ctx, ast.Load) and any(
        isinstance(each, ast.Name | ast.Subscript)
        and not site.scope.loop_variables.issuperset(names(each))
        and set(names(each)[:1]) <= set(site.scope.parameters)
        for each in at
    )


KIND = Kind("subtract the target", (ast.Assign,), propose)
