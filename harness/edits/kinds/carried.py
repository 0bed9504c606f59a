"""dh += dh_next put in: what is carried round a loop, added to an adjoint that the loop sets or reads."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site
from ..vocabulary import names


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.For(body=[first, *_]) as loop if site.lines(first):
            steps = [node for child in loop.body for node in ast.walk(child) if steps_with(loop, node)]
            for target in dict.fromkeys(site.of(node) for node in steps):
                yield from added(site, loop, first, target, before=True)
        case ast.Assign(targets=[ast.Name() | ast.Subscript() as target]):
            for loop in site.loops[:1]:
                yield from added(site, loop, site.node, site.of(target), before=False)


def steps_with(loop: ast.For, node: ast.AST) -> bool:
    """dh[t] of a loop over t."""
    return isinstance(node, ast.Subscript) and set(names(node.slice)) == set(names(loop.target))


def added(site: Site, loop: ast.AST, at: ast.AST, target: str, *, before: bool) -> Iterator[Change]:
    """`target += carried` as a line of its own, before or behind a statement."""
    lines, text = site.lines(at), site.source.text
    if not lines:
        return
    ending = text[: lines[1]][len(text[: lines[1]].rstrip("\r\n")) :][:2] or "\n"
    ending = "\r\n" if ending == "\r\n" else ending[:1]
    for name, loops in site.scope.carried.items():
        if loop in loops and name != target:
            new = f"{target} += {name}"
            place = lines[0] if before else lines[1]
            yield Change((place, place), f"{site.indent(at)}{new}{ending}", f"{new} put in")


KIND = Kind("add what is carried", (ast.For, ast.Assign), propose)
