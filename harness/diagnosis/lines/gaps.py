"""Gaps: a program in which the arrays of each function can be watched, and added to, between its statements too.

What is added is added in place, as a statement that was missing there would have done.
"""

import ast
from collections.abc import Iterator
from types import CodeType

from ...edits.source import Function, Source
from .taps import GAP, LEFT, Tap

LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def gapped(source: str, filename: str) -> tuple[CodeType, tuple[Tap, ...]]:
    """The code of a source with a call of LEFT(number, array) between its statements, and the taps by number: one for
    every array that a function changes, wherever it is about to be read, and at the end of a block."""
    text = Source(source)
    taps: list[Tap] = []
    for function in [node for node in ast.walk(text.tree) if isinstance(node, Function)]:
        arrays = dict.fromkeys(_bases(text, function))
        for block in list(_blocks(function)):
            block[:] = [each for k in range(len(block)) for each in (block[k], *_gaps(text, block, k, arrays, taps))]
    return compile(ast.fix_missing_locations(text.tree), filename, "exec", dont_inherit=True), tuple(taps)


def _gaps(text: Source, block: list[ast.stmt], k: int, arrays: dict[str, None], taps: list[Tap]) -> Iterator[ast.stmt]:
    node, after = block[k], block[k + 1 : k + 2]
    if isinstance(node, LEAVING):
        return
    for name in arrays:
        if after and not any(
            text.of(each) == name for each in ast.walk(after[0]) if isinstance(each, ast.Name | ast.Attribute)
        ):
            continue
        last, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        taps.append(Tap(node.lineno, last, node.col_offset, end, name, GAP, plain=False, target=name))
        call = ast.parse(f"{LEFT}({len(taps) - 1}, lambda: {name})").body[0]
        yield ast.copy_location(call, node)


def _bases(text: Source, function: ast.AST) -> Iterator[str]:
    """The variables and attributes that a function sets, or sets elements of."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            base: ast.AST = node
            while isinstance(base, ast.Subscript):
                base = base.value
            if isinstance(base, ast.Name | ast.Attribute):
                yield text.of(base)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks of a function, without those of functions inside it."""
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value
            yield from (
                found for each in value if not isinstance(each, Function | ast.ClassDef) for found in _blocks(each)
            )
        elif isinstance(value, list):
            yield from (found for each in value if isinstance(each, ast.ExceptHandler) for found in _blocks(each))
