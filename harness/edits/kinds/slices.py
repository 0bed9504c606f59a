"""h[:-1] for h[1:], a[:, H : 2 * H] for a[:, : H]: other bounds of a slice, or another block of the same size."""

import ast
from collections.abc import Iterator

from ..bounds import multiple, plus
from ..site import Change, Kind, Site

WHOLE = {("1", ""), ("", "-1"), ("", "")}


def propose(site: Site) -> Iterator[Change]:
    assert isinstance(site.node, ast.Subscript)
    at = site.node.slice
    for part in at.elts if isinstance(at, ast.Tuple) else (at,):
        if isinstance(part, ast.Slice):
            lower, upper, step = (
                site.of(bound).strip() if bound else "" for bound in (part.lower, part.upper, part.step)
            )
            for new in dict.fromkeys(bounds(lower, upper)):
                yield Change(site.node, site.within(site.node, part, written(*new, step)))


def bounds(lower: str, upper: str) -> Iterator[tuple[str, str]]:
    """Lower and upper bounds near the given ones, "" where there is none."""
    if (lower, upper) in WHOLE:
        yield from WHOLE - {(lower, upper)}
    yield from ((new, upper) for new in (*near(lower, "1"), ""))
    yield from ((lower, new) for new in (*near(upper, "-1"), ""))
    for by in (1, -1):
        moved = [(multiple(bound, by) if bound else None) for bound in (lower, upper)]
        if lower and not upper and by < 0 and moved[0] is not None:
            yield moved[0], lower
        if upper and not lower and by > 0 and moved[1] is not None:
            yield upper, moved[1]
        if moved[0] is not None and moved[1] is not None:
            yield moved[0], moved[1]
        elif lower and upper:
            yield plus(lower, by), plus(upper, by)


def near(bound: str, first: str) -> list[str]:
    if not bound:
        return [first]
    blocks = [multiple(bound, by) for by in (1, -1)]
    found = blocks if any(block is not None for block in blocks) else [plus(bound, 1), plus(bound, -1)]
    return [new for new in found if new and new != "0"]


def written(lower: str, upper: str, step: str) -> str:
    gap = " " if " " in lower + upper else ""
    text = f"{lower}{gap if lower else ''}:{gap if upper else ''}{upper}"
    return f"{text}{gap}:{gap}{step}" if step else text


KIND = Kind("move the bounds of a slice", (ast.Subscript,), propose)
