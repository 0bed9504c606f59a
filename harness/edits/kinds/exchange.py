"""f, i for i, f: two names unpacked, two arguments, or two values of a dictionary exchanged."""

import ast
from collections.abc import Iterator, Sequence
from itertools import combinations

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    items: Sequence[ast.expr] = ()
    match site.node:
        case ast.Tuple(elts=elts) | ast.List(elts=elts) if not isinstance(site.parent, ast.Subscript):
            items = elts
        case ast.Call(args=args):
            items = args
        case ast.Dict(values=values):
            items = values
    for one, other in combinations(items, 2):
        first, second = site.of(one), site.of(other)
        if first != second and not any(isinstance(each, ast.Starred) for each in (one, other)):
            (start, mid), (again, end) = site.source.span(one), site.source.span(other)
            yield Change((start, end), second + site.source.text[mid:again] + first, f"{first} and {second} exchanged")


KIND = Kind("exchange two of a list", (ast.Tuple, ast.List, ast.Call, ast.Dict), propose)
