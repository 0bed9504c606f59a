"""A statement moved out of the loop that it begins or ends, or into the loop that it borders on."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site

MOVED = (ast.Assign, ast.AugAssign, ast.Expr)


def propose(site: Site) -> Iterator[Change]:
    loop = site.node
    assert isinstance(loop, ast.For | ast.While)
    block, body, whole = site.block(), loop.body, site.lines()
    if not whole or not site.lines(body[0]) or loop.orelse:
        return
    at = block.index(loop)
    outer, inner = site.indent(), site.indent(body[0])
    if len(body) > 1:
        yield from moved(site, body[0], whole[0], inner, outer, "before the loop")
        yield from moved(site, body[-1], whole[1], inner, outer, "behind the loop")
    for before in block[max(at - 1, 0) : at]:
        if first := site.lines(body[0]):
            yield from moved(site, before, first[0], outer, inner, "into the loop, as its first")
    for behind in block[at + 1 : at + 2]:
        yield from moved(site, behind, whole[1], outer, inner, "into the loop, as its last")


def moved(site: Site, node: ast.stmt, to: int, old: str, new: str, where: str) -> Iterator[Change]:
    """The lines of a statement cut out and put in at `to`, indented anew."""
    lines, text = site.lines(node), site.source.text
    if not lines or not isinstance(node, MOVED) or not text[: lines[1]].endswith(("\n", "\r")):
        return
    start, end = lines
    piece = new + "".join(text[start:end].removeprefix(old))
    if "\n" + old in piece.rstrip() and '"""' not in piece:
        piece = piece.replace("\n" + old, "\n" + new)
    what = f"{site.of(node).splitlines()[0]} moved {where}"
    if to <= start:
        yield Change((to, end), piece + text[to:start], what)
    else:
        yield Change((start, to), text[end:to] + piece, what)


KIND = Kind("move across the border of a loop", (ast.For, ast.While), propose)
