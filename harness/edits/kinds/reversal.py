"""for t in reversed(range(T)) for range(T), das[::-1] for das, insert(0, da) for append(da): the other order."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site

GATHERS = ("array", "asarray", "stack", "concatenate", "vstack")


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.For(iter=over) | ast.comprehension(iter=over):
            match over:
                case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
                    yield Change(over, site.of(inner))
                case ast.Call(func=ast.Name(id="range")) | ast.Name() | ast.Attribute():
                    yield Change(over, f"reversed({site.of(over)})")
        case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=None, step=step)) if (
            step and site.of(step) == "-1"
        ):
            yield Change(site.node, site.of(value))
        case ast.Call(func=ast.Attribute(attr=name), args=[ast.Name() as first, *_]) if name in GATHERS:
            yield Change(first, f"{site.of(first)}[::-1]")
        case ast.Call(func=ast.Attribute(value=value, attr="append"), args=[item]):
            yield Change(site.node, f"{site.of(value)}.insert(0, {site.of(item)})")
        case ast.Call(func=ast.Attribute(value=value, attr="insert"), args=[ast.Constant(value=0), item]):
            yield Change(site.node, f"{site.of(value)}.append({site.of(item)})")


KIND = Kind("reverse an order", (ast.For, ast.comprehension, ast.Subscript, ast.Call), propose)
