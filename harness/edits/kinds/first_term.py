"""H[:-1].T @ d[1:] + np.outer(h0, d[0]): the step whose state before it is the initial one, left out of a sum."""

import ast
from collections.abc import Iterator

from ..products import operands
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    both = operands(site.node)
    sliced = [part for each in both or () for part in ast.walk(each) if is_sliced(part)]
    bounds = {site.of(part.slice): part for part in sliced if isinstance(part, ast.Subscript)}
    if set(bounds) != {"1:", ":-1"} or len(sliced) != 2:
        return
    later = f"{site.of(bounds['1:'].value)}[0]"
    values = {**site.scope.used_as("value"), **site.scope.used_as("argument"), **dict.fromkeys(site.scope.attributes)}
    numpy = site.scope.file.alias("numpy")
    for first in values:
        if "[" not in first:
            for term in (f"{first}.T @ {later}", *([f"{numpy}.outer({first}, {later})"] if numpy else ())):
                yield Change(site.node, f"{site.of(site.node)} + {term}", f"the term {term} added")


def is_sliced(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)


KIND = Kind("add the first term", (ast.BinOp, ast.Call), propose)
