"""The user's file in pieces, so that a mutant compiles the piece it changes and shares the code of all others.

A piece is a statement of the top level, with what follows it up to the next. Every run gets a module of its own, made
by executing all pieces anew: no global of an earlier mutant is left.
"""

import __future__

import ast
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ..edits import Edit
from ..edits.source import line_starts

Codes = tuple[CodeType, ...]


@dataclass(frozen=True)
class Piece:
    """A stretch of the source: character offsets, and the number of its first line, from 1."""

    start: int
    end: int
    line: int


@dataclass(frozen=True)
class Program:
    """A version of the user's file.

    Args:
        path: where it is, or would be.
        function: what is called in it; dots reach into classes.
        pieces: without a gap between them; `codes` belong to them. `flags` are those of its __future__ imports.
    """

    path: Path
    function: str
    source: str
    pieces: tuple[Piece, ...]
    codes: Codes
    flags: int


def program(path: Path, function: str, source: str) -> Program:
    """Take a source apart. Raises SyntaxError."""
    tree = ast.parse(source)
    starts = line_starts(source)
    first: list[int] = []
    last = 0
    for statement in tree.body:
        line = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        if line > last:  # else it stands on one line with the statement before
            first.append(line)
        last = statement.end_lineno or line
    bounds = [*(starts[line - 1] for line in first), len(source)]
    pieces = tuple(Piece(a, b, n) for (a, b), n in zip(pairwise(bounds), first, strict=True))
    flags = _flags(tree)
    codes = tuple(_compiled(source[p.start : p.end], p.line, path, flags) for p in pieces)
    return Program(path, function, source, pieces, codes, flags)


def mutated(original: Program, edit: Edit) -> Codes:
    """The code of all pieces with the edit made. Raises SyntaxError."""
    for k, piece in enumerate(original.pieces):
        if piece.start <= edit.start and edit.end <= piece.end and (edit.start < piece.end or piece.end == edit.end):
            source = original.source
            text = source[piece.start : edit.start] + edit.new + source[edit.end : piece.end]
            changed = _compiled(text, piece.line, original.path, original.flags)
            return (*original.codes[:k], changed, *original.codes[k + 1 :])
    raise SyntaxError(f"{edit.what} is an edit across statements of the top level")


def fresh(original: Program, codes: Codes) -> Any:
    """The function of a new module made of these pieces."""
    module = ModuleType(original.path.stem)
    module.__file__ = str(original.path)
    sys.modules[module.__name__] = module  # dataclasses and pickle look a module up by its name
    for code in codes:
        exec(code, module.__dict__)
    found: Any = module
    for part in original.function.split("."):
        found = getattr(found, part)
    return found


def _compiled(text: str, line: int, path: Path, flags: int) -> CodeType:
    return compile("\n" * (line - 1) + text, str(path), "exec", flags, dont_inherit=True)


def _flags(tree: ast.Module) -> int:
    names = [a.name for s in tree.body if isinstance(s, ast.ImportFrom) and s.module == "__future__" for a in s.names]
    flags = 0
    for name in names:
        flags |= getattr(__future__, name).compiler_flag
    return flags
