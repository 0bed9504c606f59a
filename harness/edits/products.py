"""Matrix products, however they are spelled: a @ b, np.dot(a, b), a.dot(b), np.outer(a, b)."""

import ast

PRODUCTS = {"dot", "matmul", "outer", "kron", "vdot"}


def is_product(node: ast.AST | None) -> bool:
    return operands(node) is not None


def operands(node: ast.AST | None) -> tuple[ast.expr, ast.expr] | None:
    """The two factors of a matrix product."""
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return left, right
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[left, right]) if name in PRODUCTS:
            return left, right
        case ast.Call(func=ast.Attribute(value=left, attr="dot"), args=[right]):
            return left, right
    return None
