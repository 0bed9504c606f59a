"""What else to say of a file that was checked, worked out from its name, its text, and how it ended."""

import ast
import re
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path

from .edits.source import named
from .problem import Problem

FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.M)  # of faulthandler
MEND = "make the problem smaller (-T, -B, -H) or raise --time-limit"
MEND_IMPORT = 'put what need not run under if __name__ == "__main__":, or raise --time-limit'


def paired(names: Collection[str], problem: Problem) -> tuple[str, ...]:
    """A note where h0 is given as a pair: to a function with these parameters, of a model with two states."""
    if "c0" in {state.name for state in problem.spec.states} and "h0" in names and "c0" not in names:
        return ("h0 was given as the pair (h0, c0), since the function has no parameter c0.",)
    return ()


def parameters(path: Path, function: str) -> set[str]:
    """The names that a function of a file has for what it is given; none where it is not found as plain text."""
    found = dict(named(_tree(path))).get(function)
    given = (*found.args.posonlyargs, *found.args.args, *found.args.kwonlyargs) if found else ()
    return {each.arg for each in given}


def stopped_at(text: str, path: Path) -> str:
    """Where a program was that ran out of time, from what faulthandler wrote, and how to mend that."""
    frames = [(line, name) for file, line, name in FRAME.findall(text) if Path(file).name == path.name]
    if not frames:
        return f"; {MEND}"
    imported = frames[-1][1] == "<module>"
    where = f", in line {frames[0][0]} of {path.name}{', while it was imported' * imported}"
    return f"{where}; {MEND_IMPORT if imported else MEND}"


def shadowing(path: Path) -> str:
    """A line where the file, or one beside it, hides a module that it needs, as random.py and torch.py do.

    The folder of a file stands first on the path of what it imports.
    """
    imported = set(_imported(path))
    names = [path.stem] if path.stem in imported or path.stem in sys.modules else []
    names += sorted(name for name in imported if name != path.stem and (path.parent / f"{name}.py").is_file())
    hidden = [name for name in names if _is_elsewhere(name, path.parent.resolve())]
    if not hidden:
        return ""
    name = hidden[0]
    file = path.with_name(f"{name}.py")
    return f"\n  mend it   rename {file}: whatever imports {name} gets that file and not the module of this name"


def _imported(path: Path) -> Iterator[str]:
    """The top-level names of what a file imports."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _tree(path: Path) -> ast.Module:
    """What a file parses to; nothing where it cannot be read, which is said elsewhere."""
    with suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.parse(path.read_bytes())
    return ast.Module([], [])


def _is_elsewhere(name: str, folder: Path) -> bool:
    """Whether a module of this name is there without the folder."""
    others = [entry for entry in sys.path if Path(entry or ".").resolve() != folder]
    return name in sys.stdlib_module_names or PathFinder.find_spec(name, others) is not None
