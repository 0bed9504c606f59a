"""What the text of one function uses: where an edit takes names, terms, factors and keys from."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .source import Function, Source

UNTOUCHED = (ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.arguments)
ARRAY = {"T", "shape", "dtype", "size", "ndim", "real", "imag"}
LOOPS = (ast.For, ast.AsyncFor, ast.comprehension)


def editable(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what stands below it, in order, but for what no edit touches: annotations, decorators, docstrings,
    imports, f-strings, parameters."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST) and not isinstance(child, UNTOUCHED) and not is_text(child):
                yield from editable(child)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@dataclass(frozen=True, eq=False)
class Scope:
    """One function, without the functions inside it, or the module's own statements."""

    source: Source
    root: Function | ast.Module

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return [node for child in self.root.body if not is_text(child) for node in self.own(child)]

    def own(self, node: ast.AST) -> Iterator[ast.AST]:
        inside = {below for each in editable(node) if isinstance(each, Function) for below in ast.walk(each)}
        return (each for each in editable(node) if each not in inside)

    @cached_property
    def loop_variables(self) -> frozenset[str]:
        return frozenset(name for node in self.nodes if isinstance(node, LOOPS) for name in names(node.target))

    @cached_property
    def parameters(self) -> list[str]:
        if isinstance(self.root, ast.Module):
            return []
        given = [arg.arg for arg in (*self.root.args.posonlyargs, *self.root.args.args, *self.root.args.kwonlyargs)]
        return given[1:] if isinstance(self.source.parents.get(self.root), ast.ClassDef) else given

    @cached_property
    def not_values(self) -> frozenset[str]:
        """Names that stand for no array or number: modules, functions, classes, builtins."""
        tree = self.source.tree
        named = {
            n.asname or n.name
            for each in ast.walk(tree)
            if isinstance(each, ast.Import | ast.ImportFrom)
            for n in each.names
        }
        defined = {each.name for each in ast.walk(tree) if isinstance(each, Function | ast.ClassDef)}
        return frozenset(named | defined | set(dir(builtins)))

    def is_atom(self, node: ast.AST) -> bool:
        """A variable, an attribute that holds a value, or an element of one: h, self.h, h[t + 1], p["W_hh"]."""
        parent = self.source.parents.get(node)
        if isinstance(parent, ast.Call) and node is parent.func:
            return False
        match node:
            case ast.Name():
                return node.id not in self.not_values
            case ast.Attribute(value=ast.Name(id=name)):
                return name not in self.not_values and node.attr not in ARRAY
            case ast.Subscript():
                return self.is_atom(node.value)
        return False

    def role(self, node: ast.AST) -> str:
        """How an atom is used: as an "operand", the "base" of a larger atom, or an "index"; "" where it is not used so."""
        if not self.is_atom(node):
            return ""
        parent = self.source.parents.get(node)
        if self.in_index(node):
            return "index" if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ""
        if parent is not None and self.is_atom(parent):
            return "base" if isinstance(parent, ast.Subscript) else ""
        if isinstance(parent, ast.Attribute) and parent.attr in ARRAY - {"T"}:
            return ""
        return "operand"

    def in_index(self, node: ast.AST) -> bool:
        """Inside square brackets or the arguments of range."""
        parents = self.source.parents
        while isinstance(node, ast.expr):
            parent = parents.get(node)
            if isinstance(parent, ast.Subscript) and node is parent.slice:
                return True
            if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "range":
                return True
            if parent is None:
                return False
            node = parent
        return False

    @cached_property
    def atoms(self) -> dict[str, dict[str, ast.AST]]:
        """By role, every text that atoms of this function have, with the first such node."""
        found: dict[str, dict[str, ast.AST]] = {"operand": {}, "base": {}, "index": {}}
        for name in self.parameters:
            found["operand"][name] = ast.Name(name)
        for node in self.nodes:
            if role := self.role(node):
                found[role].setdefault(self.source.of(node), node)
        for name in self.loop_variables:
            found["operand"].pop(name, None)
        for text in [text for text in found["operand"] if text in found["base"] or text.endswith("[:]")]:
            if text.endswith("[:]") or text in self.parameters:
                del found["operand"][text]
        return found

    def operands_of(self, *kinds: type[ast.operator]) -> dict[str, ast.AST]:
        """Every text that is an operand of such operators, and is not itself such an operation."""
        found: dict[str, ast.AST] = {}
        for node in self.nodes:
            if isinstance(node, ast.BinOp) and isinstance(node.op, kinds):
                for operand in (node.left, node.right):
                    if not (isinstance(operand, ast.BinOp) and isinstance(operand.op, kinds)):
                        found.setdefault(self.source.of(operand), operand)
        return found

    @cached_property
    def terms(self) -> dict[str, ast.AST]:
        return {
            text: n
            for text, n in self.operands_of(ast.Add, ast.Sub).items()
            if not is_number(n) and not self.in_index(n)
        }

    @cached_property
    def factors(self) -> dict[str, ast.AST]:
        return {text: n for text, n in self.operands_of(ast.Mult).items() if not is_number(n) and not self.in_index(n)}

    @cached_property
    def carried(self) -> dict[str, frozenset[ast.AST]]:
        """Names handed from one turn of a loop to the next: read in it before they are set in it, with the loops."""
        found: dict[str, set[ast.AST]] = {}
        for loop in self.nodes:
            if not isinstance(loop, ast.For | ast.While):
                continue
            inside = [node for child in loop.body for node in self.own(child) if isinstance(node, ast.Name)]
            stored = {node.id for node in inside if isinstance(node.ctx, ast.Store)}
            before = {
                n.id
                for n in self.nodes
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.lineno < loop.lineno
            }
            for name in stored & (before | set(self.parameters)):
                found.setdefault(name, set()).add(loop)
        return {name: frozenset(loops) for name, loops in sorted(found.items())}


def names(node: ast.AST) -> list[str]:
    """The variables that stand in an expression."""
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]


def is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
