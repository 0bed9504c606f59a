"""Gate blocks: an array that a function takes apart into names, i, f, g, o = split(a, 4)."""

import ast
from typing import NamedTuple

from .scope import Scope


class Blocks(NamedTuple):
    """One array that is taken apart: the call without its arguments, and the names of the blocks, in order."""

    call: str
    names: tuple[str, ...]


def unpacked(scope: Scope) -> dict[str, Blocks]:
    """By the text of an array, the blocks that the function takes it apart into."""
    found: dict[str, Blocks] = {}
    for node in scope.nodes:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=elts)], value=ast.Call(func=func, args=[array, *_])):
                names = [each.id for each in elts if isinstance(each, ast.Name)]
                if 1 < len(names) == len(elts):
                    found.setdefault(scope.source.of(array), Blocks(scope.source.of(func), tuple(names)))
    return found
