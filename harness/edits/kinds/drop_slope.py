"""d * o for d * o * s * (1 - s): the slope of a sigmoid left out."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT
from ..site import Change, Kind, Site
from ..values import factors


def propose(site: Site) -> Iterator[Change]:
    if isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Mult):
        return  # a part of a longer product
    assert isinstance(site.node, ast.expr)
    parts = factors(site.node)
    texts = [site.of(part) for part in parts]
    for s in texts:
        if f"1 - {s}" in texts and len(parts) > 2:
            gone = {texts.index(s), texts.index(f"1 - {s}")}
            kept = [site.of(part, PRODUCT) for k, part in enumerate(parts) if k not in gone]
            yield Change(site.node, " * ".join(kept), f"{s} * (1 - {s}) left out")


KIND = Kind("leave a slope out", (ast.BinOp,), propose)
