"""range(1, T) for range(T), range(T - 1, -1, -1) for range(T): other steps, or the same in the other order."""

import ast
from collections.abc import Iterator

from ..bounds import plus
from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(func=ast.Name(id="range"), args=args) if args and not any(
            isinstance(a, ast.Starred) for a in args
        ):
            start, stop, step = bounds([site.of(arg) for arg in args])
            for new in dict.fromkeys(ranges(start, stop, step)):
                yield Change(site.node, f"range({written(*new)})")


def bounds(args: list[str]) -> tuple[str, str, str]:
    return (args[0], args[1], args[2] if len(args) > 2 else "1") if len(args) > 1 else ("0", args[0], "1")


def ranges(start: str, stop: str, step: str) -> Iterator[tuple[str, str, str]]:
    for by in (1, -1):
        if by > 0 or start != "0":
            yield plus(start, by), stop, step
        yield start, plus(stop, by), step
    if step == "1":
        yield plus(stop, -1), plus(start, -1), "-1"
    if step == "-1":
        yield plus(stop, 1), plus(start, 1), "1"


def written(start: str, stop: str, step: str) -> str:
    if step == "1":
        return stop if start == "0" else f"{start}, {stop}"
    return f"{start}, {stop}, {step}"


KIND = Kind("change a range", (ast.Call,), propose)
