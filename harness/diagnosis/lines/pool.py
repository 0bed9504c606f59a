"""The pool: what could stand at a place of the user's program, in the words that the program itself uses.

What its function writes down, its variables and what they hold, and the elements of its arrays at the indices that it
uses anywhere. From each of these, grown: transposed, negated, as the slope of a nonlinearity; and two with an operator.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from ...edits.bounds import plus
from ...edits.levels import ATOM, PRODUCT, SUM, UNARY, level_of
from ...edits.purity import Own, is_pure
from ...edits.scope import Scope
from ...edits.vocabulary import names as names_in

LONG = 60  # characters: nobody has forgotten a longer expression by mistake
MOST = 400  # texts of a pool
NO_VALUES = (ModuleType, FunctionType, type, str)


class Grown(NamedTuple):
    """A way to grow an expression: its text, how tightly each operand must bind, and what it comes to."""

    text: str
    least: tuple[int, ...]
    value: Callable[..., Any]

    def written(self, *operands: str) -> str:
        bound = [
            f"({one})" if level_of(one)[0] < least else one for one, least in zip(operands, self.least, strict=True)
        ]
        return self.text.format(*bound)


NEGATED = Grown("-{}", (UNARY,), operator.neg)
SLOPES = (
    Grown("1 - {}", (PRODUCT,), lambda a: 1 - a),
    Grown("1 - {} ** 2", (ATOM,), lambda a: 1 - a**2),
    Grown("{0} * (1 - {0})", (PRODUCT,), lambda a: a * (1 - a)),
    Grown("{} > 0", (SUM,), lambda a: a > 0),
)
ALONE = (
    Grown("{}.T", (ATOM,), lambda a: a.T),
    NEGATED,
    *SLOPES,
    Grown("{}.sum(0)", (ATOM,), lambda a: a.sum(0)),
    Grown("{}.sum(1)", (ATOM,), lambda a: a.sum(1)),
)
TIMES = Grown("{} * {}", (PRODUCT, PRODUCT), operator.mul)
OVER = Grown("{} / {}", (PRODUCT, UNARY), operator.truediv)
PRODUCED = Grown("{} @ {}", (PRODUCT, UNARY), operator.matmul)
TOGETHER = (
    Grown("{} + {}", (SUM, SUM), operator.add),
    Grown("{} - {}", (SUM, PRODUCT), operator.sub),
    TIMES,
    OVER,
    PRODUCED,
)
TURNED = Grown("{1} @ {0}", (UNARY, PRODUCT), lambda a, b: b @ a)


def texts(scope: Scope, names: Mapping[str, Any], own: Own) -> list[str]:
    """What could stand there, what the function itself writes first; `names` are those in force at the place."""
    found = dict.fromkeys(_written(scope, own))
    found |= dict.fromkeys(name for name, value in names.items() if is_value(name, value))
    found |= dict.fromkeys(_held(scope, names))
    found |= dict.fromkeys(_elements(scope, names))
    return list(found)[:MOST]


def is_value(name: str, value: Any) -> bool:
    return not name.startswith("__") and not isinstance(value, NO_VALUES) and not callable(value)


def _written(scope: Scope, own: Own) -> Iterator[str]:
    """The function's own expressions, the short ones first."""
    nodes = [node for node in scope.nodes if isinstance(node, ast.expr) and _is_read(scope, node)]
    pure = dict.fromkeys(scope.source.of(n) for n in nodes if is_pure(n, own))
    yield from sorted((text for text in pure if len(text) <= LONG and "\n" not in text), key=len)


def _is_read(scope: Scope, node: ast.expr) -> bool:
    parent = scope.source.parents.get(node)
    if isinstance(getattr(node, "ctx", ast.Load()), ast.Store) or isinstance(
        node, ast.Slice | ast.Starred | ast.Lambda
    ):
        return False
    if isinstance(node, ast.Tuple | ast.List | ast.Constant | ast.Dict | ast.JoinedStr):
        return False
    return not (isinstance(parent, ast.Call) and node is parent.func)


def _held(scope: Scope, names: Mapping[str, Any]) -> Iterator[str]:
    """What an object or a mapping holds: self.W, p["W"]."""
    mentioned = {each for node in scope.nodes if isinstance(node, ast.Name) for each in names_in(node)}
    for name in sorted(mentioned & names.keys()):
        value = names[name]
        if isinstance(value, Mapping):
            yield from (f"{name}[{key!r}]" for key in value if isinstance(key, str))
        elif hasattr(value, "__dict__") and not isinstance(value, NO_VALUES) and not hasattr(value, "shape"):
            yield from (f"{name}.{key}" for key, each in vars(value).items() if is_value(key, each))


def _elements(scope: Scope, names: Mapping[str, Any]) -> Iterator[str]:
    """The elements of every array, at all indices that are used on any."""
    reads = [node for node in scope.nodes if isinstance(node, ast.Subscript)]
    bases = dict.fromkeys(scope.source.of(node.value) for node in reads)
    bases |= dict.fromkeys(name for name, value in names.items() if is_value(name, value) and hasattr(value, "__len__"))
    indices = dict.fromkeys(scope.source.of(node.slice) for node in reads if not is_key(node.slice))
    around = [plus(name, by) for name in sorted(scope.loop_variables & names.keys()) for by in (1, -1)]
    indices |= dict.fromkeys((*sorted(scope.loop_variables & names.keys()), *around, "0", "-1"))
    for base in bases:
        yield from (f"{base}[{index}]" for index in indices if len(index) < LONG)


def is_key(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
