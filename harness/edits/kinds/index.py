"""h[t] for h[t + 1], h[-1] for h[0], h[t] for h[k]: one element further or back, or that of another loop."""

import ast
from collections.abc import Iterator

from ..bounds import plus, whole
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    assert isinstance(site.node, ast.Subscript)
    at = site.node.slice
    for index in at.elts if isinstance(at, ast.Tuple) else (at,):
        if isinstance(index, ast.Name | ast.BinOp) or whole(index) is not None:
            others = [name for name in site.known(site.scope.used_as("index")) if name != site.of(index)]
            for new in (*shifted(site.of(index), whole(index)), *others):
                yield Change(site.node, site.within(site.node, index, new))


def shifted(text: str, number: int | None) -> list[str]:
    ends = {0: ["-1"], -1: ["0"]}.get(number, []) if number is not None else []
    return [plus(text, 1), plus(text, -1), *ends]


KIND = Kind("shift an index", (ast.Subscript,), propose)
