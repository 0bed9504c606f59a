"""The values that a statement hands on, and the terms and factors they are made of."""

import ast

MADE_EMPTY = ("zeros", "empty", "ones", "full", "len", "list", "dict", "range")


def results(node: ast.AST | None) -> list[ast.expr]:
    """What an assignment or a return hands on: its value, or each value of a dict, a tuple or a list that it is."""
    match node:
        case ast.Assign(targets=[ast.Tuple(), *_], value=value) if not isinstance(value, ast.Tuple):
            return []  # what is unpacked
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Return(value=ast.expr() as value):
            whole = value
        case _:
            return []
    match whole:
        case ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            return [each for each in values if is_result(each)]
    return [whole] if is_result(whole) else []


def is_result(node: ast.expr) -> bool:
    """A value worked out from others: no literal, no room made for later."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return not name.startswith(MADE_EMPTY) and not name[0].isupper()
        case ast.Attribute(attr="shape") | ast.Subscript(value=ast.Attribute(attr="shape")):
            return False
    return isinstance(node, ast.BinOp | ast.UnaryOp | ast.Name | ast.Attribute | ast.Subscript | ast.Call)


def chain(node: ast.expr, *ops: type[ast.operator]) -> list[ast.expr]:
    """The operands of a chain of one kind of operator, in order: a * b * c -> a, b, c."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ops):
        return [*chain(node.left, *ops), *([node.right] if ast.Mult not in ops else chain(node.right, *ops))]
    return [node]


def terms(node: ast.expr) -> list[ast.expr]:
    return chain(node, ast.Add, ast.Sub)


def factors(node: ast.expr) -> list[ast.expr]:
    return chain(node, ast.Mult)
