"""Which expressions change nothing when they are evaluated, so that they can be tried where the program stands."""

import ast
import builtins
import re

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


def is_pure(tree: ast.Expression, own: frozenset[str]) -> bool:
    """Whether evaluating it leaves everything as it was. `own`: names of the functions that the file defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(node, ast.Attribute) and node.attr.startswith("__"):  # mangled inside a class
            return False
        if isinstance(node, ast.Call) and not _pure_call(node, own):
            return False
    return True


def _pure_call(call: ast.Call, own: frozenset[str]) -> bool:
    function = call.func
    if any(keyword.arg in ("out", None) for keyword in call.keywords):
        return False
    if isinstance(function, ast.Name):
        return function.id in BUILTINS - own and hasattr(builtins, function.id)
    return isinstance(function, ast.Attribute) and function.attr in PURE - own
