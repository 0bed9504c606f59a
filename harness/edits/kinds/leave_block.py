"""da @ W.T - da_o @ split(W, 4)[3].T for da @ W.T: one gate's share left out of a product."""

import ast
from collections.abc import Iterator

from ..blocks import unpacked
from ..levels import ATOM, wrapped
from ..products import operands
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match operands(site.node):
        case left, ast.Attribute(value=weight, attr="T"):
            if found := unpacked(site.scope).get(site.of(left)):
                count = len(found.names)
                for k, name in enumerate(found.names):
                    block = f"{found.call}({wrapped(site.of(weight), 1)}, {count})[{k}]"
                    new = f"{site.of(site.node)} - {name} @ {wrapped(block, ATOM)}.T"
                    yield Change(site.node, new, f"the share of {name} left out")


KIND = Kind("leave a block out", (ast.BinOp, ast.Call), propose)
