"""What the text of one function uses: where an edit takes names, terms, factors and keys from."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .products import is_product
from .source import Function, Source
from .vocabulary import Vocabulary, names

UNTOUCHED = (ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.arguments)
ARRAY = {"T", "shape", "dtype", "size", "ndim", "real", "imag"}
ROLES = {  # each with those whose atoms could stand there as well
    "element": ("element",),
    "matrix": ("matrix", "element"),
    "argument": ("argument", "value"),
    "value": ("value", "element"),
    "base": ("base",),
    "set base": ("set base",),
    "keyed": ("keyed",),
    "set": ("set",),
}
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
    file: Vocabulary
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

    def is_atom(self, node: ast.AST) -> bool:
        """A variable, an attribute that holds a value, or an element of one: h, self.h, h[t + 1], p["W_hh"]."""
        parent = self.source.parents.get(node)
        if isinstance(parent, ast.Call) and node is parent.func:
            return False
        match node:
            case ast.Name():
                return node.id not in self.file.not_values
            case ast.Attribute(value=ast.Name(id=name)):
                return name not in self.file.not_values and node.attr not in ARRAY
            case ast.Subscript():
                return self.is_atom(node.value)
        return False

    def role(self, node: ast.AST) -> str:
        """How an atom is used: one of ROLES, "index", or "" where it is no atom or part of a longer one."""
        if not self.is_atom(node):
            return ""
        parent, is_set = self.source.parents.get(node), not isinstance(getattr(node, "ctx", None), ast.Load)
        if self.in_index(node):
            return "index" if isinstance(node, ast.Name) and not is_set else ""
        if isinstance(parent, ast.Subscript):
            keyed = isinstance(parent.slice, ast.Constant) and isinstance(parent.slice.value, str)
            return "keyed" if keyed else "base" if isinstance(parent.ctx, ast.Load) else "set base"
        if is_set:
            return "set" if isinstance(parent, ast.Assign) and not isinstance(node, ast.Subscript) else ""
        if is_product(parent) or (isinstance(parent, ast.Attribute) and parent.attr == "T"):
            return "matrix"
        if isinstance(parent, ast.Attribute):
            return "" if parent.attr in ARRAY or self.is_atom(parent) else "argument"
        if isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Compare):
            return "element"
        return "argument" if isinstance(parent, ast.Call) else "value"

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
        """By role, the text of every atom that is used so in this function, with the first such node."""
        found: dict[str, dict[str, ast.AST]] = {role: {} for role in ("index", *ROLES)}
        for node in self.nodes:
            if role := self.role(node):
                found[role].setdefault(self.source.of(node), node)
        return found

    def used_as(self, role: str) -> dict[str, ast.AST]:
        """What could stand in this role: what does, or does in a role much like it, and names that nothing uses."""
        found = {text: node for each in ROLES.get(role, (role,)) for text, node in self.atoms[each].items()}
        if role == "base":
            found |= self.closed_over
        if role == "element":
            found |= {text: node for text, node in self.atoms["matrix"].items() if self.is_step(node)}
        if role in ("element", "matrix", "argument", "value"):
            found = {text: node for text, node in found.items() if not is_block(node)} | self.unused
        if role == "argument":
            found = {text: node for text, node in found.items() if text not in self.atoms["index"]}
        return found

    def is_step(self, node: ast.AST) -> bool:
        """What a loop reads of an array in one turn: dh[t]."""
        return isinstance(node, ast.Subscript) and not self.loop_variables.isdisjoint(names(node.slice))

    @cached_property
    def closed_over(self) -> dict[str, ast.AST]:
        """Arrays that the functions around this one take elements of, and this one does not mention."""
        mentioned = {name for node in self.nodes if isinstance(node, ast.Name) for name in names(node)}
        outer, found = self.source.parents.get(self.root), dict[str, ast.AST]()
        while isinstance(outer, Function):
            atoms = Scope(self.source, self.file, outer).atoms
            found |= {
                text: node for text, node in (atoms["base"] | atoms["set base"]).items() if isinstance(node, ast.Name)
            }
            outer = self.source.parents.get(outer)
        return {text: node for text, node in found.items() if text not in mentioned}

    @cached_property
    def unused(self) -> dict[str, ast.AST]:
        """Parameters and variables that the function, and those inside it, never read."""
        own = [each for each in ast.walk(self.root) if isinstance(each, ast.Name)]
        read = {each.id for each in own if isinstance(each.ctx, ast.Load)}
        written = {
            each.id: each for each in self.nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        given = {**{name: ast.Name(name) for name in self.parameters}, **written}
        return {name: node for name, node in given.items() if name not in read}

    @cached_property
    def ends(self) -> list[str]:
        """The first and last elements of arrays that a loop goes through: dh[0], dh[-1] where it reads dh[t]."""
        bases = [
            self.source.of(node.value)
            for node in self.nodes
            if isinstance(node, ast.Subscript) and self.is_atom(node) and self.is_step(node)
        ]
        return [f"{base}[{at}]" for base in dict.fromkeys(bases) if "[" not in base for at in (0, -1)]

    @cached_property
    def attributes(self) -> list[str]:
        """The values that the class keeps: self.h, self.W."""
        parent = self.source.parents.get(self.root)
        if not isinstance(parent, ast.ClassDef):
            return []
        found = [each for each in ast.walk(parent) if isinstance(each, ast.Attribute) and self.is_atom(each)]
        return list(dict.fromkeys(self.source.of(each) for each in found))

    @cached_property
    def called(self) -> set[str]:
        return {self.source.of(node.func) for node in self.nodes if isinstance(node, ast.Call)}

    @cached_property
    def sizes(self) -> dict[str, ast.AST]:
        """What the function reads as a size: len(x), x.shape[0]."""
        found: dict[str, ast.AST] = {}
        for node in self.nodes:
            match node:
                case ast.Call(func=ast.Name(id="len")) | ast.Subscript(value=ast.Attribute(attr="shape")):
                    found.setdefault(self.source.of(node), node)
        return found

    @cached_property
    def given(self) -> dict[str, list[ast.expr]]:
        """By the text of a target, every value that is assigned to it, pairs taken apart."""
        found: dict[str, list[ast.expr]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                target, value = node.targets[0], node.value
                pairs = [(target, value)]
                if isinstance(target, ast.Tuple):
                    pairs = list(zip(target.elts, value.elts, strict=False)) if isinstance(value, ast.Tuple) else []
                for name, each in pairs:
                    found.setdefault(self.source.of(name), []).append(each)
        return found

    def operands_of(self, *kinds: type[ast.operator]) -> dict[str, ast.AST]:
        """Every text that is an operand of such operators, and is not itself such an operation; numbers and what they
        are added to apart."""
        found: dict[str, ast.AST] = {}
        for node in self.nodes:
            if isinstance(node, ast.BinOp) and isinstance(node.op, kinds) and not self.in_index(node):
                both = (node.left, node.right)
                if ast.Add in kinds and any(is_number(each) for each in both):
                    continue
                for each in both:
                    if not is_number(each) and not (isinstance(each, ast.BinOp) and isinstance(each.op, kinds)):
                        found.setdefault(self.source.of(each), each)
        return found

    @cached_property
    def terms(self) -> dict[str, ast.AST]:
        return self.operands_of(ast.Add, ast.Sub)

    @cached_property
    def factors(self) -> dict[str, ast.AST]:
        return self.operands_of(ast.Mult)

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


def is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def is_block(node: ast.AST) -> bool:
    """A slice of a later axis, a[:, : 2 * H], or all of an array, a[:]."""
    if not isinstance(node, ast.Subscript):
        return False
    at = node.slice
    whole = isinstance(at, ast.Slice) and at.lower is None and at.upper is None and at.step is None
    return whole or (isinstance(at, ast.Tuple) and any(isinstance(each, ast.Slice) for each in at.elts))
