"""The names that a whole file gives to modules, functions and dictionary keys."""

import ast
import builtins
from dataclasses import dataclass
from functools import cached_property

from .source import Function, Source

ELEMENTWISE = {"tanh", "sigmoid", "exp", "log", "sqrt", "square", "abs", "sign", "sin", "cos"}


def names(node: ast.AST) -> list[str]:
    """The variables that stand in an expression."""
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What a file calls things, whichever of its functions is looked at."""

    source: Source

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.source.tree))

    @cached_property
    def not_values(self) -> frozenset[str]:
        """Names that stand for no array or number: modules, functions, classes, and builtins that no variable hides."""
        imports = (each for each in self.nodes if isinstance(each, ast.Import | ast.ImportFrom))
        named = {alias.asname or alias.name for each in imports for alias in each.names}
        defined = {each.name for each in self.nodes if isinstance(each, Function | ast.ClassDef)}
        variables = {each.id for each in self.nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        variables |= {each.arg for each in self.nodes if isinstance(each, ast.arg)}
        return frozenset(named | (defined | set(dir(builtins))) - variables)

    def alias(self, module: str) -> str | None:
        """What the file calls a module."""
        imports = (each for each in self.nodes if isinstance(each, ast.Import))
        return next((n.asname or n.name for each in imports for n in each.names if n.name == module), None)

    @cached_property
    def keys(self) -> dict[str, list[str]]:
        """By the text of a dictionary, the keys that the file uses on it."""
        found: dict[str, dict[str, None]] = {}
        for node in self.nodes:
            match node:
                case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
                    found.setdefault(self.source.of(value), {})[key] = None
        return {name: list(keys) for name, keys in found.items()}

    @cached_property
    def unary(self) -> list[str]:
        """The functions of one array that the file calls: np.tanh, and its own ones of one parameter."""
        own = {each.name for each in self.nodes if isinstance(each, Function) and len(each.args.args) == 1}
        own |= {
            name
            for each in self.nodes
            if isinstance(each, ast.Assign) and isinstance(each.value, ast.Lambda) and len(each.value.args.args) == 1
            for target in each.targets
            for name in names(target)
        }
        called = (each for each in self.nodes if isinstance(each, ast.Call) and len(each.args) == 1)
        texts = dict.fromkeys(
            self.source.of(each.func) for each in called if isinstance(each.func, ast.Name | ast.Attribute)
        )
        return [text for text in texts if text in own or text.rpartition(".")[2] in ELEMENTWISE]

    @cached_property
    def slopes(self) -> list[str]:
        """Those of them that are named as derivatives: dtanh, sigmoid_prime."""
        return [
            name for name in self.unary if name.startswith("d") or name.endswith(("prime", "slope", "grad", "deriv"))
        ]

    @cached_property
    def squashing(self) -> list[str]:
        """Those of them that are nonlinearities of a network."""
        return [name for name in self.unary if name.rpartition(".")[2].lower().startswith(("tanh", "sig", "relu"))]
