"""np.tensordot(W.T, s, 1) for np.tensordot(W, s, 1): a matrix transposed on its way into a general product."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Attribute(attr="tensordot" | "einsum" | "inner"), args=args):
            for arg in (arg for arg in args if site.scope.is_atom(arg)):
                yield Change(arg, f"{site.of(arg)}.T")


KIND = Kind("transpose an argument", (ast.Call,), propose)
