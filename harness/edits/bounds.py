"""Whole numbers as text: an index, a bound or a size, and what is one more or one less."""

import ast

from .levels import SUM, level


def plus(text: str, by: int) -> str:
    """The text of an expression that is `by` more, as short as it goes: "t" -> "t + 1" -> "t + 2", "t - 1" -> "t"."""
    node = ast.parse(text.strip(), mode="eval").body
    if (number := whole(node)) is not None:
        return str(number + by)
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right) if (number := whole(right)) is not None:
            total = (number if isinstance(op, ast.Add) else -number) + by
            return signed(ast.get_source_segment(text.strip(), left) or "", total)
    return signed(text.strip() if level(node) >= SUM else f"({text.strip()})", by)


def signed(text: str, by: int) -> str:
    return f"{text} {'+' if by > 0 else '-'} {abs(by)}" if by else text


def whole(node: ast.AST | None) -> int | None:
    """The value of a literal whole number, -1 as well as 1."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
    return None


def multiple(text: str, by: int) -> str | None:
    """A bound that is `by` units more, where it counts units: "H" -> "2 * H", "(k + 1) * H" -> "(k + 2) * H"."""
    node = ast.parse(text.strip(), mode="eval").body
    match node:
        case ast.Name():
            return times(1 + by, text.strip())
        case ast.BinOp(left=count, op=ast.Mult(), right=ast.Name() | ast.Attribute() as unit):
            units, number = ast.unparse(unit), whole(count)
            if number is not None:
                return times(number + by, units)
            more = plus(ast.unparse(count), by)
            return f"({more}) * {units}" if " " in more else f"{more} * {units}"
    return None


def times(count: int, unit: str) -> str:
    return {0: "", 1: unit}.get(count, f"{count} * {unit}") if count >= 0 else ""
