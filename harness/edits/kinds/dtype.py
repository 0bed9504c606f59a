"""zeros(n) for zeros(n, dtype=float32), a for a.astype(float32): no dtype of its own."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    assert isinstance(site.node, ast.Call)
    match site.node:
        case ast.Call(func=ast.Attribute(value=value, attr="astype" | "float" | "half")):
            yield Change(site.node, site.of(value))
        case ast.Call(func=func, args=args, keywords=keywords):
            kept = [each for each in keywords if each.arg != "dtype"]
            if len(kept) < len(keywords):
                yield Change(site.node, f"{site.of(func)}({', '.join(site.of(each) for each in (*args, *kept))})")


KIND = Kind("leave a dtype out", (ast.Call,), propose)
