"""dbi for dbg, h for h_prev, s.h_prev for s.h: a variable or an attribute with a name much like it."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site
from ..vocabulary import names


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Name(id=name, ctx=ast.Load()) if site.scope.role(site.node) not in ("", "index", "keyed"):
            near = variables(site) if len(name) > 1 else [each for each in variables(site) if is_near(site, each)]
            yield from (Change(site.node, other) for other in near if are_similar(name, other))
        case ast.Attribute(value=ast.Name(id=owner), attr=name, ctx=ast.Load()) if site.scope.role(site.node):
            for other in fields(site, owner, name):
                if are_similar(name, other):
                    yield Change(site.node, f"{owner}.{other}")


def variables(site: Site) -> list[str]:
    """What the function sets or is given, numbers of turns apart."""
    stored = [each.id for each in site.scope.nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
    found = dict.fromkeys((*site.scope.parameters, *stored))
    return [name for name in found if name not in site.scope.atoms["index"] and name not in site.scope.file.not_values]


def is_near(site: Site, name: str) -> bool:
    """Longer than a letter, or what a loop around goes through: letters alone are much like each other."""
    return len(name) > 1 or any(isinstance(loop, ast.For) and name in names(loop.target) for loop in site.loops)


def fields(site: Site, owner: str, name: str) -> list[str]:
    """The attributes that the function reads of the same object, and those declared beside this one in a class."""
    found: dict[str, None] = {}
    for node in site.scope.nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=of), attr=other) if of == owner:
                found[other] = None
    for node in site.scope.file.nodes:
        if isinstance(node, ast.ClassDef):
            fields_of = (each.target for each in node.body if isinstance(each, ast.AnnAssign))
            declared = [each.id for each in fields_of if isinstance(each, ast.Name)]
            found |= dict.fromkeys(declared if name in declared else ())
    return list(found)


def are_similar(one: str, other: str) -> bool:
    """One letter is another, or one name is the other with something before or behind it."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    short, long = sorted((one, other), key=len)
    return long.startswith(short) or long.endswith(f"_{short}")


KIND = Kind("take a variable with a similar name", (ast.Name, ast.Attribute), propose)
