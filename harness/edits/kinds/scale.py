"""2 * d, 0.5 * d, d / len(x) for d: a constant factor, or a size that the function reads anyhow."""

import ast
from collections.abc import Iterator

from ..levels import PRODUCT
from ..site import Change, Kind, Site
from ..values import results


def propose(site: Site) -> Iterator[Change]:
    divisors = site.known(site.scope.sizes)
    for value in results(site.node):
        text = site.of(value, PRODUCT)
        yield Change(value, f"2 * {text}")
        yield Change(value, f"0.5 * {text}")
        for size in divisors:
            yield Change(value, f"{text} / {size}")


KIND = Kind("scale a result", (ast.Assign, ast.AugAssign, ast.Return), propose)
