"""The user's file in pieces, so that a mutant compiles the piece it changes and shares the code of all others.

A piece is a statement of the top level, with what follows it up to the next; of a class only the method is compiled
that is changed. Every run gets a module of its own, made
by executing all pieces anew: no global of an earlier mutant is left.
"""

import __future__

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ..edits import Edit
from ..edits.source import Function, Source

Codes = tuple[CodeType, ...]


@dataclass(frozen=True)
class Method:
    """A method of a class of the top level: where its first line starts, its body, and where that ends."""

    of: str
    name: str
    start: int
    body: int
    end: int
    line: int


@dataclass(frozen=True)
class Piece:
    """A stretch of the source: character offsets, the number of its first line, from 1, and the methods of a class.

    `last` is the end of the line on which its statements end: comments behind it, up to `end`, need not be compiled.
    """

    start: int
    last: int
    end: int
    line: int
    methods: tuple[Method, ...] = ()


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
    text = Source(source)
    tree, starts = text.tree, text.starts
    first: dict[int, ast.stmt] = {}
    lasts: list[int] = []
    for statement in tree.body:
        line = _first_line(statement)
        if lasts and line <= lasts[-1]:  # it stands on one line with the statement before
            lasts.pop()
        else:
            first[line] = statement
        lasts.append(statement.end_lineno or line)
    bounds, ends = [*(starts[line - 1] for line in first), len(source)], [*starts[1:], len(source)]
    pieces = tuple(
        Piece(a, ends[last - 1], b, line, tuple(_methods(text, statement)))
        for (a, b), last, (line, statement) in zip(pairwise(bounds), lasts, first.items(), strict=True)
    )
    flags = _flags(tree)
    codes = tuple(_compiled(source[p.start : p.last], p.line, path, flags) for p in pieces)
    return Program(path, function, source, pieces, codes, flags)


def mutated(original: Program, edit: Edit) -> Codes:
    """The code of all pieces with the edit made. Raises SyntaxError."""
    for k, piece in enumerate(original.pieces):
        if piece.start <= edit.start and edit.end <= piece.end and (edit.start < piece.end or piece.end == edit.end):
            source = original.source
            text = source[piece.start : edit.start] + edit.new + source[edit.end : max(edit.end, piece.last)]
            changed = _spliced(original, k, edit) or _compiled(text, piece.line, original.path, original.flags)
            return (*original.codes[:k], changed, *original.codes[k + 1 :])
    raise SyntaxError(f"{edit.what} is an edit across statements of the top level")


def _spliced(original: Program, k: int, edit: Edit) -> CodeType | None:
    """The code of a class with that of the method exchanged in whose body an edit is; None where that cannot be."""
    method = next((m for m in original.pieces[k].methods if m.body <= edit.start and edit.end <= m.end), None)
    if method is None:
        return None
    source, names = original.source, (method.of, method.name)
    text = f"class {method.of}:\n{source[method.start : edit.start]}{edit.new}{source[edit.end : method.end]}"
    alone = _compiled(text, method.line - 1, original.path, original.flags)
    old, new = _inner(original.codes[k], *names), _inner(alone, *names)
    if old is None or new is None or old.co_freevars != new.co_freevars:  # the class makes the cell for super()
        return None
    outer = _inner(original.codes[k], method.of)
    assert outer is not None  # what is in it was found
    return _exchanged(original.codes[k], outer, _exchanged(outer, old, new))


def _inner(code: CodeType, *names: str) -> CodeType | None:
    """The code of what is defined in a code, by its name and then the name of what is defined in that."""
    found: CodeType | None = code
    for name in names:
        inside = (one for one in (found.co_consts if found else ()) if isinstance(one, CodeType))
        found = next((one for one in inside if one.co_name == name), None)
    return found


def _exchanged(code: CodeType, old: CodeType, new: CodeType) -> CodeType:
    return code.replace(co_consts=tuple(new if one is old else one for one in code.co_consts))


def _methods(text: Source, statement: ast.stmt) -> Iterator[Method]:
    """The methods of a class, but for those that share their name, as the two halves of a property do."""
    within = statement.body if isinstance(statement, ast.ClassDef) else []
    found = [each for each in within if isinstance(each, Function)]
    counts = Counter(each.name for each in found)
    for each in found:
        line, body, (_, end) = _first_line(each), text.span(each.body[0])[0], text.span(each)
        if counts[each.name] == 1 and isinstance(statement, ast.ClassDef) and line > statement.lineno:
            yield Method(statement.name, each.name, text.starts[line - 1], body, end, line)


def _first_line(statement: ast.stmt) -> int:
    """The first line of a statement, decorators included."""
    return min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))])


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
    return _moved(compile(text, str(path), "exec", flags, dont_inherit=True), line - 1)


def _moved(code: CodeType, by: int) -> CodeType:
    """The code as if it stood so many lines further down: the lines in it count from its first."""
    inner = tuple(_moved(one, by) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.replace(co_consts=inner, co_firstlineno=code.co_firstlineno + by)


def _flags(tree: ast.Module) -> int:
    names = [a.name for s in tree.body if isinstance(s, ast.ImportFrom) and s.module == "__future__" for a in s.names]
    flags = 0
    for name in names:
        flags |= getattr(__future__, name).compiler_flag
    return flags
