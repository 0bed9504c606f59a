"""Which expressions change nothing when they are evaluated, so that they can be tried where the program stands."""

import ast
import builtins
import re
from dataclasses import dataclass

# Calls that change nothing they are given. Builtins by name; functions of NumPy's kind and methods of arrays by theirs.
BUILTINS = frozenset(
    re.findall(r"\w+", "range len reversed zip enumerate sum min max abs float int list tuple slice iter")
)
PURE = frozenset(
    re.findall(
        r"\w+",
        "abs all any arange array asarray astype atleast_2d broadcast_to clip concatenate copy cosh cumsum diag dot "
        "einsum empty empty_like exp expand_dims eye flip full full_like get hstack inner items keys kron log matmul "
        "maximum mean minimum moveaxis multiply newaxis ones ones_like outer prod ravel reshape roll shape sign sinh "
        "size split sqrt square squeeze stack subtract sum swapaxes tanh tensordot transpose tril triu values vstack "
        "where zeros zeros_like",
    )
)


@dataclass(frozen=True)
class Own:
    """The functions that a file defines, by name: all, and those of them that only work something out."""

    defined: frozenset[str] = frozenset()
    pure: frozenset[str] = frozenset()


def own_functions(tree: ast.Module) -> Own:
    """Those of a file. One that calls itself is not taken for pure, nor a name where one of several is not."""
    bodies: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bodies.setdefault(name, []).append(node)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
                bodies.setdefault(name, []).append(value)
    own = Own(frozenset(bodies))
    while True:
        pure = frozenset(name for name, each in bodies.items() if all(_only_works_out(body, own) for body in each))
        if pure == own.pure:
            return own
        own = Own(own.defined, pure)


def _only_works_out(function: ast.AST, own: Own) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.AugAssign | ast.Global | ast.Nonlocal | ast.Delete | ast.With | ast.ClassDef):
            return False
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            return False
        if not _changes_nothing(node, own):
            return False
    return True


def is_pure(tree: ast.AST, own: Own) -> bool:
    """Whether evaluating an expression leaves everything as it was."""
    return all(_changes_nothing(node, own) for node in ast.walk(tree))


def _changes_nothing(node: ast.AST, own: Own) -> bool:
    match node:
        case ast.NamedExpr() | ast.Await() | ast.Yield() | ast.YieldFrom():
            return False
        case ast.Attribute(attr=name):
            return not name.startswith("__")  # mangled inside a class
        case ast.Call(func=function, keywords=keywords):
            return not any(each.arg in ("out", None) for each in keywords) and _is_pure_function(function, own)
    return True


def _is_pure_function(function: ast.expr, own: Own) -> bool:
    match function:
        case ast.Name(id=name):
            return name in own.pure or (name in BUILTINS - own.defined and hasattr(builtins, name))
        case ast.Attribute(attr=name):
            return name in own.pure or name in PURE - own.defined
    return False
