"""d[-1 - t] of `for t in range(T)` for d[t] of `for t in reversed(range(T))`: adjoints meet other steps' states."""

import ast
from collections.abc import Iterator

from ..site import Change, Kind, Site
from .throughout import replaced

ORDERS = (
    ("-1 - {t}", "range({T})", "takes the kept states in forward order, where the errors come from the last step"),
    ("{t} + 1 - {T}", "(*reversed(range({T} - 1)), {T} - 1)", "takes the kept states of the step before"),
    ("{t} - 1", "(0, *reversed(range(1, {T})))", "takes the kept states of the step after"),
)


def propose(site: Site) -> Iterator[Change]:
    """What runs over kept states from the last step, and reads step by step an adjoint that it is given."""
    match site.node:
        case (
            ast.For(
                target=ast.Name(id=t),
                iter=ast.Call(
                    func=ast.Name(id="reversed"), args=[ast.Call(func=ast.Name(id="range"), args=[ast.Name(id=count)])]
                ) as over,
            ) as loop
        ):
            for given in site.scope.parameters:
                reads = [node for child in loop.body for node in ast.walk(child) if is_step(node, given, t)]
                for index, order, what in ORDERS if reads else ():
                    new: dict[ast.AST, str] = dict.fromkeys(reads, f"{given}[{index.format(t=t, T=count)}]")
                    new[over] = order.format(t=t, T=count)
                    yield replaced(site, new, f"it {what}: each error meets another step")


def is_step(node: ast.AST, array: str, t: str) -> bool:
    """array[t]."""
    return isinstance(node, ast.Subscript) and ast.unparse(node) == f"{array}[{t}]"


KIND = Kind("take the kept states in another order", (ast.For,), propose, breaks=True)
