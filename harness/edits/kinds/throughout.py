"""np.tanh(c[t]) for tanh_c[t] wherever the loop reads it: one value taken for another throughout."""

import ast
from collections.abc import Iterator, Mapping

from ..site import Change, Kind, Site
from .another_factor import values


def propose(site: Site) -> Iterator[Change]:
    loop = site.node
    if not isinstance(loop, ast.For) or site.loops:
        return
    places: dict[str, list[ast.AST]] = {}
    for node in (node for child in loop.body for node in ast.walk(child)):
        if site.scope.role(node) == "element":
            places.setdefault(site.of(node), []).append(node)
    for text, nodes in places.items():
        if len({site.source.line(site.source.span(node)[0]) for node in nodes}) > 1:
            inner = Site(site.source, site.scope, nodes[0])
            for new in dict.fromkeys((*values(inner), *squashed(inner))):
                if new != text:
                    yield replaced(site, dict.fromkeys(nodes, new), f"it takes `{new}` for `{text}`, throughout")


def squashed(site: Site) -> Iterator[str]:
    for value in values(site):
        yield from (f"{name}({value})" for name in site.scope.file.squashing)


def replaced(site: Site, new: Mapping[ast.AST, str], what: str) -> Change:
    """All of these expressions changed, as one change of the text that they span."""
    spans = sorted(site.source.placed(node, text) for node, text in new.items())
    start, end = spans[0][0][0], spans[-1][0][1]
    pieces, done = [], start
    for (first, last), text in spans:
        pieces += [site.source.text[done:first], text]
        done = last
    return Change((start, end), "".join(pieces), what)


KIND = Kind("take another value throughout", (ast.For,), propose, breaks=True)
