"""Taps: a program in which every value that a statement makes can be watched, and added to.

A statement makes the values that it assigns, adds, returns, yields or passes on; the elements of a tuple or a
dictionary that it writes down are one value each, and so is what a comprehension makes at each turn.
"""

import ast
from dataclasses import dataclass
from types import CodeType

from ...edits.levels import SYMBOLS
from ...edits.source import Source, Span

TAP = "__tap__"
LEFT = "__left__"
GAP = "left"  # the role of what stands in no expression, but between two statements
KEEPERS = ("dict", "tuple", "list")  # calls whose arguments are values of the statement, as a literal's elements are


@dataclass(frozen=True)
class Tap:
    """A value that a statement makes.

    Args:
        line, last: the lines that the expression stands on, from 1; `column` and `end` its place in them, from 0, in
            bytes of UTF-8 as `ast` counts.
        text: the expression.
        role: what the statement does with it: "assigned", "added", "returned", "yielded", "made", "passed".
        plain: it names, slices or fills with a constant, and computes nothing.
        target, operator: of an assignment to one target what it is, and "=", "+=" and the like; "" otherwise.
    """

    line: int
    last: int
    column: int
    end: int
    text: str
    role: str
    plain: bool
    target: str = ""
    operator: str = ""

    def span(self, source: Source) -> Span:
        """Its place in the text, in characters."""
        return source.offset(self.line, self.column), source.offset(self.last, self.end)

    def node(self, source: Source) -> ast.expr | None:
        """The expression in the tree of the source."""
        place = (self.line, self.column, self.last, self.end)
        nodes = (node for node in ast.walk(source.tree) if isinstance(node, ast.expr))
        return next((n for n in nodes if (n.lineno, n.col_offset, n.end_lineno, n.end_col_offset) == place), None)


def tapped(source: str, filename: str) -> tuple[CodeType, tuple[Tap, ...]]:
    """The code of a source with a call of TAP(number, value) around each value, and the taps by number.

    Raises SyntaxError.
    """
    wrapping = _Wrapping(Source(source))
    tree = ast.fix_missing_locations(wrapping.visit(ast.parse(source, filename)))
    return compile(tree, filename, "exec", dont_inherit=True), tuple(wrapping.taps)


class _Wrapping(ast.NodeTransformer):
    def __init__(self, source: Source) -> None:
        self.source, self.taps = source, list[Tap]()
        self.statement = ("", "")  # target and operator of the one that is at work

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        return self._valued(node, "assigned", node.targets[0] if len(node.targets) == 1 else None, "=")

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return self._valued(node, "assigned")

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        return self._valued(node, "assigned")

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        symbol = SYMBOLS.get(type(node.op), "")
        return self._valued(node, "added", node.target, f"{symbol}=")

    def visit_Return(self, node: ast.Return) -> ast.AST:
        return self._valued(node, "returned")

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        return self._valued(node, "yielded")

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Call):  # a bare call works by what it is handed
            self._handed(node.value, "passed")
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.generic_visit(node)
        node.body = self._tap(node.body, "returned")
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._made(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._made(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._made(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        self.generic_visit(node)
        node.value = self._tap(node.value, "made")
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = [self.visit(statement) for statement in node.body]  # not its decorators and defaults
        return node

    def _made(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> ast.AST:
        self.generic_visit(node)
        node.elt = self._tap(node.elt, "made")
        return node

    def _valued(self, node: ast.AST, role: str, target: ast.expr | None = None, operator: str = "") -> ast.AST:
        self.generic_visit(node)
        value = getattr(node, "value", None)
        if value is not None:
            single = isinstance(target, ast.Name | ast.Attribute | ast.Subscript)
            self.statement = (self._text(target), operator) if target is not None and single else ("", "")
            node.value = self._tap(value, role)  # type: ignore[attr-defined]  # all callers' nodes have one
            self.statement = ("", "")
        return node

    def _tap(self, node: ast.expr, role: str) -> ast.expr:
        match node:
            case ast.Tuple() | ast.List():
                node.elts = [self._tap(each, role) for each in node.elts]
                return node
            case ast.Dict():
                node.values = [self._tap(each, role) for each in node.values]
                return node
            case ast.Call(func=ast.Name(id=name)) if name in KEEPERS:
                self._handed(node, role)
                return node
            case ast.Constant() | ast.Lambda() | ast.Starred() | ast.ListComp() | ast.DictComp() | ast.Await():
                return node
            case ast.Call(func=ast.Name(id=name)) if name == TAP:  # a walrus, or a comprehension in parentheses
                return node
        return self._wrapped(node, role)

    def _handed(self, call: ast.Call, role: str) -> None:
        call.args = [self._tap(each, role) for each in call.args]
        for keyword in call.keywords:
            keyword.value = self._tap(keyword.value, role)

    def _wrapped(self, node: ast.expr, role: str) -> ast.expr:
        number = len(self.taps)
        place = (node.lineno, node.end_lineno or node.lineno, node.col_offset, node.end_col_offset or node.col_offset)
        self.taps.append(Tap(*place, self._text(node), role, is_plain(node), *self.statement))
        call = ast.Call(ast.Name(TAP, ast.Load()), [ast.Constant(number), node], [])
        return ast.copy_location(call, node)

    def _text(self, node: ast.expr) -> str:
        return self.source.of(node)


def is_plain(node: ast.expr) -> bool:
    """Whether an expression computes nothing: a name, an entry, a constant, or an array filled with one."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.UnaryOp(operand=inner):
            return is_plain(inner)
        case ast.Call(func=function):
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            return name.startswith(("zeros", "ones", "empty", "full", "copy", "float", "asarray", "array"))
    return False
