"""How tightly Python's expressions bind: where a replaced expression needs parentheses around it."""

import ast
from functools import lru_cache

ANY, TEST, OR, AND, NOT, COMPARE, BITS, SUM, PRODUCT, UNARY, POWER, ATOM = range(12)

BINARY: dict[type[ast.operator], int] = {
    **dict.fromkeys((ast.BitOr, ast.BitXor, ast.BitAnd, ast.LShift, ast.RShift), BITS),
    **dict.fromkeys((ast.Add, ast.Sub), SUM),
    **dict.fromkeys((ast.Mult, ast.Div, ast.MatMult, ast.FloorDiv, ast.Mod), PRODUCT),
    ast.Pow: POWER,
}
SYMBOLS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
LOOSE = {ast.Lambda: TEST, ast.IfExp: TEST, ast.Compare: COMPARE, ast.Starred: ANY, ast.NamedExpr: ANY}
LOOSE |= dict.fromkeys((ast.Yield, ast.YieldFrom, ast.Await), ANY)


def level(node: ast.AST) -> int:
    """How tightly the outermost operator of an expression binds."""
    match node:
        case ast.BinOp():
            return BINARY[type(node.op)]
        case ast.UnaryOp():
            return NOT if isinstance(node.op, ast.Not) else UNARY
        case ast.BoolOp():
            return AND if isinstance(node.op, ast.And) else OR
    return LOOSE.get(type(node), ATOM)


@lru_cache(maxsize=50_000)
def level_of(text: str) -> tuple[int, type[ast.operator] | None]:
    """The level of an expression given as text, and its operator if it is a binary one. SyntaxError if it is none."""
    node = ast.parse(f"({text}\n)", mode="eval").body
    if isinstance(node, ast.Tuple):
        return (ATOM if text[:1] == "(" else ANY), None
    return level(node), type(node.op) if isinstance(node, ast.BinOp) else None


def wrapped(text: str, least: int) -> str:
    """An expression in parentheses where it binds less tightly than `least`."""
    return f"({text})" if level_of(text)[0] < least else text


def needs_parentheses(parent: ast.AST | None, child: ast.AST, text: str) -> bool:
    """Whether `text` in the place of `child` would be read otherwise without parentheses."""
    own, op = level_of(text)
    match parent:
        case ast.BinOp():
            return own < binary_demand(parent, child, op)
        case ast.Attribute() | ast.Await():
            return own < ATOM
        case ast.Subscript() if child is parent.value:
            return own < ATOM
        case ast.Call() if child is parent.func:
            return own < ATOM
        case ast.UnaryOp():
            return own < level(parent)
        case ast.Compare() | ast.Starred():
            return own <= COMPARE
        case ast.BoolOp():
            return own <= level(parent)
        case ast.IfExp():
            return own <= TEST
        case ast.Assign() | ast.Return() | ast.Subscript() | ast.Expr() | ast.For():
            return False
    return own < TEST


def binary_demand(parent: ast.BinOp, child: ast.AST, op: type[ast.operator] | None) -> int:
    """The least level of an operand. a * (b * c) and a + (b - c) are written without parentheses: the same value."""
    own = BINARY[type(parent.op)]
    if isinstance(parent.op, ast.Pow):
        return own + 1 if child is parent.left else UNARY
    flat = {ast.Mult: (ast.Mult, ast.Div), ast.Add: (ast.Add, ast.Sub)}.get(type(parent.op), ())
    return own if child is parent.left or op in flat else own + 1
