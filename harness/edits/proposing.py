"""Every edit that the kinds have to offer for a source."""

import ast
from collections.abc import Collection, Iterator, Sequence
from functools import cache, lru_cache
from importlib import import_module
from itertools import takewhile
from pkgutil import iter_modules
from time import perf_counter

from ..errors import BadInput, listed
from . import kinds as folder
from .edit import Edit, made
from .scope import Scope, editable
from .site import Change, Kind, Site
from .source import Function, Source, Span, named, plain
from .vocabulary import Vocabulary

LONG = 5_000  # characters: a longer statement, such as one with a table in it, is soon forgotten


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Every kind of the folder, by name."""
    found = (import_module(f".{module.name}", folder.__name__).KIND for module in iter_modules(folder.__path__))
    return tuple(sorted(found, key=lambda kind: kind.name))


def propose(
    source: str,
    functions: Collection[str] | None = None,
    only: Collection[str] | None = None,
    *,
    breaking: bool = False,
    until: float = float("inf"),
    within: Sequence[Span] | None = None,
    without: Sequence[Span] = (),
) -> tuple[Edit, ...]:
    """Every edit of every kind inside these functions, or all of the file.

    Args:
        functions: qualified names, "lstm", "RNN.backward"; what is nested in a function belongs to it.
        only: names of kinds, where not all are wanted.
        breaking: the kinds that are of use only for breaking what is right as well.
        until: a time on the clock of perf_counter, after which there are no more than those that were found by then.
        within, without: stretches of the text, where not all of it is of interest: what stands in one of them is looked
            at, or is not.
    Returns:
        Edits from the first line to the last, in a line those that change the fewest characters first; no two with the
        same resulting text; each result is valid Python and parses to another tree than the source.
    """
    text = Source(source)
    kinds = [kind for kind in all_kinds() if breaking or not kind.breaks]
    chosen = [kind for kind in kinds if only is None or kind.name in only]
    places = takewhile(lambda _: perf_counter() < until, sites(text, functions))
    looked_at = (site for site in places if (within is None or _inside(site, within)) and not _inside(site, without))
    found = [edit for site in looked_at for kind in chosen for edit in offers(kind, site)]
    found = [edit for edit in found if not any(first <= edit.start and edit.end <= last for first, last in without)]
    seen, kept = set[tuple[int, int, str]](), []
    for edit in sorted(found, key=lambda e: (e.line, e.end - e.start + len(e.new), e.start, e.end, e.new, e.kind)):
        if edit.new == source[edit.start : edit.end]:
            continue
        if perf_counter() > until:
            break
        result = made(source, edit)
        if result not in seen:
            seen.add(result)
            if is_changed(text, edit):
                kept.append(edit)
    return tuple(kept)


def _inside(site: Site, within: Sequence[Span]) -> bool:
    try:
        start, end = site.source.span(site.node)
    except TypeError:  # a part of the syntax without a place of its own
        return False
    return any(first <= start and end <= last for first, last in within)


def sites(source: Source, functions: Collection[str] | None) -> Iterator[Site]:
    """Every place in these functions, each with the innermost function that it is in."""
    by_name = dict(named(source.tree))
    if functions is not None and (unknown := set(functions) - set(by_name)):
        raise BadInput(f"no function {listed(sorted(unknown))} in the source; there are {listed(by_name, 'and')}")
    roots = source.tree.body if functions is None else [by_name[name] for name in by_name if name in functions]
    file, scopes = Vocabulary(source), dict[ast.AST, Scope]()
    places = (node for root in roots if not isinstance(root, ast.Import | ast.ImportFrom) for node in editable(root))
    for node in dict.fromkeys(places):  # each once: a function may be named beside one it is nested in
        root = home(source, node)
        yield Site(source, scopes.setdefault(root, Scope(source, file, root)), node)


def home(source: Source, node: ast.AST) -> Function | ast.Module:
    """The innermost function around a node, or the module."""
    parent = source.parents.get(node)
    while not isinstance(parent, Function | ast.Module):
        if parent is None:
            return source.tree
        parent = source.parents.get(parent)
    return parent


def offers(kind: Kind, site: Site) -> Iterator[Edit]:
    """A kind's changes of one place as edits of the text."""
    if isinstance(site.node, kind.on):
        for change in kind.propose(site):
            try:
                yield trimmed(kind, site.source, change)
            except SyntaxError:  # what a kind made of unusual text, or of a comment inside it, is no expression
                continue


def trimmed(kind: Kind, source: Source, change: Change) -> Edit:
    """The change as an edit of no more than the words it changes, so that edits of one line can be combined."""
    at, new = change.at, change.new
    (start, end), new = source.placed(at, new) if isinstance(at, ast.AST) else (at, new)
    old = source.text[start:end]
    what = change.what or f"{plain(new)} for {plain(old)}"
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    while same and (is_word(old, same) or is_word(new, same)):
        same -= 1
    tail = 0
    while tail < min(len(old), len(new)) - same and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    while tail and (is_word(old, len(old) - tail) or is_word(new, len(new) - tail)):
        tail -= 1
    start, end, new = start + same, end - tail, new[same : len(new) - tail]
    return Edit(kind.name, start, end, new, source.line(start), what)


def is_word(text: str, at: int) -> bool:
    """Whether a word or a number goes on across this place."""
    around = text[max(at - 1, 0) : at + 1]
    return len(around) == 2 and at > 0 and all(letter.isalnum() or letter in "_." for letter in around)


def is_changed(source: Source, edit: Edit) -> bool:
    """Whether the source is still Python, and another tree than before; only the statement around is parsed."""
    text, unit = source.text, source.statement(edit.start, edit.end)
    if unit is None:
        return is_python(source, edit)
    start, stop = source.span(unit)
    if edit.start == start and edit.new[:1].isspace():  # a line put in before the statement, or the statement indented
        return is_python(source, edit)
    after, body = "", getattr(unit, "body", None)
    if body:
        first = source.span(body[0])[0]
        if edit.end > first:  # whole statements were moved or left out
            return is_python(source, edit)
        start, stop, after = start + 2 * text.startswith("elif", start), first, "pass"
    try:
        changed = tree_of(text[start : edit.start] + edit.new + text[edit.end : stop] + after)
    except SyntaxError:
        return False
    return changed != tree_of(text[start:stop] + after)


def is_python(source: Source, edit: Edit) -> bool:
    """Whether the file's outermost statement around the edit, or the file, still parses."""
    body = source.tree.body
    k = next((k for k, each in enumerate(body) if source.holds(each, edit.start, edit.end)), None)
    start, stop = (0, len(source.text)) if k is None else source.span(body[k])
    if k and edit.start == start:  # what comes before decides on the indentation
        before = body[k - 1]
        start = 0 if before.col_offset or getattr(before, "decorator_list", None) else source.span(before)[0]
    try:
        ast.parse(source.text[start : edit.start] + edit.new + source.text[edit.end : stop])
    except SyntaxError:
        return False
    return True


def tree_of(text: str) -> str:
    return (_tree_of if len(text) < LONG else _long_tree_of)(text)


def _parsed(text: str) -> str:
    return ast.dump(ast.parse(text))


_tree_of = lru_cache(maxsize=10_000)(_parsed)
_long_tree_of = lru_cache(maxsize=2)(_parsed)  # of the last edit and of the statement that it is in
