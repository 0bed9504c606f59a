"""The candidate: the user's function, loaded and called. Runs in a worker, except in the user's own test process."""

import faulthandler
import inspect
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import as_array
from .errors import BadInput
from .importing import importable, spec_of
from .layout import Layout, native_tensors
from .names import is_letter, normalised, readings, spellings
from .problem import Problem, Tensors, make_tensors
from .visible import few

Array = np.ndarray
APART = {"T": 2, "B": 2, "I": 3, "H": 5, "O": 4}  # sizes that all differ, so that a weight in another's place raises


def call_file(
    path: str, function: str, problem: Problem, layout: Layout, tensors: Tensors, until: float = 0.0
) -> dict[str, Array]:
    """Load the user's file, call the function and return what it returned, name -> NumPy array.

    Args:
        until: a time, as time.time() has it, at which standard error is told where the program is; 0 for never.
    Raises:
        BadInput: the file cannot be imported, lacks the function, or the function does not do what is asked of it.
    """
    with _watched(until):
        return call(load(Path(path), function), problem, layout, tensors, name=f"{Path(path).name}:{function}")


@contextmanager
def _watched(until: float) -> Iterator[None]:
    left = max(until - time.time(), 0.01)
    if not until or left > threading.TIMEOUT_MAX:
        yield
        return
    faulthandler.dump_traceback_later(left)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def call_file_on(
    path: str, function: str, layout: Layout, questions: Sequence[tuple[Problem, Tensors]]
) -> list[dict[str, Array] | None]:
    """`call_on` for a function of a file, which is loaded once."""
    return call_on(load(Path(path), function), layout, questions)


def call_on(
    function: Callable[..., Any], layout: Layout, questions: Sequence[tuple[Problem, Tensors]]
) -> list[dict[str, Array] | None]:
    """A candidate's gradients on one problem after the other; None where it raises or returns none."""

    def answer(problem: Problem, tensors: Tensors) -> dict[str, Array] | None:
        try:
            return call(function, problem, layout, tensors)
        except BadInput:
            return None

    return [answer(*question) for question in questions]


def load(path: Path, function: str) -> Callable[..., Any]:
    """The function of that name (dots reach into classes) in a Python file; its folder can be imported from."""
    importable(path.parent)
    spec = spec_of(path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path} is no Python file; give one that ends in .py")
    module = module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses and pickle look a module up by its name
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # SystemExit too: a script without a __main__ guard
        raise BadInput(f"{path.name} cannot be imported: {said(error, path)}") from None
    found: Any = module
    for part in function.split("."):
        if not hasattr(found, part):
            raise BadInput(f"{path.name} has no {function!r}; {_offer(module)}")
        found = getattr(found, part)
    if inspect.isclass(found) and not (issubclass(found, Mapping) or hasattr(found, "_asdict")):
        raise BadInput(
            f"{path.name}:{function} is a class; expected a function: write one that makes an object of it, runs "
            "it and returns the gradients, def gradients(params, x, y, h0): ..."
        )
    if not callable(found):
        raise BadInput(f"{path.name}:{function} is no function but of type {type(found).__name__}")
    return found


def _offer(module: Any) -> str:
    own = [n for n, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__]
    return f"it has {few(own)}: name one as FILE:FUNCTION" if own else "it defines no function"


def call(
    function: Callable[..., Any], problem: Problem, layout: Layout, tensors: Tensors, name: str = ""
) -> dict[str, Array]:
    """Call a candidate with what its parameter names ask for, in its layout, and read what it returns.

    Raises:
        BadInput: it asks for something unknown, raises, or returns no mapping of gradients.
    """
    name = name or getattr(function, "__qualname__", repr(function))
    given = arguments(function, problem, layout, tensors, name)
    try:
        returned = function(**given)
    except (Exception, SystemExit) as error:
        mend = "  mend it   raise --memory, or make the problem smaller (-T, -B, -H)"
        more = mend if isinstance(error, MemoryError) else _shapes(given)
        raise BadInput(f"{name} raised {said(error, code_of(function))}\n{more}") from None
    return read(returned, name, problem)


def arguments(
    function: Callable[..., Any], problem: Problem, layout: Layout, tensors: Tensors, name: str
) -> dict[str, Any]:
    """What the parameter names ask for: params, x, y, h0, c0, lengths, or single weights under any spelling."""
    wanted = parameters(function, name)
    native = native_tensors(layout, problem, tensors)
    return _given(wanted, native, letters(function, problem, layout), problem, layout, name)


def parameters(function: Callable[..., Any], name: str) -> Mapping[str, inspect.Parameter]:
    """The parameters of a candidate. Raises BadInput where it does not say what they are."""
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise BadInput(f"{name} does not say what it takes; wrap it: def gradients(params, x, y, h0): ...") from None


def letters_of_file(path: str, function: str, problem: Problem, layout: Layout) -> dict[str, str]:
    """`letters` for a function of a file."""
    return letters(load(Path(path), function), problem, layout)


def letters(function: Callable[..., Any], problem: Problem, layout: Layout) -> dict[str, str]:
    """By parameter that is a single letter, the native name of the weight it stands for.

    Schools use letters differently (`names`), so what they could stand for is tried, the most usual first: it is the
    first with which the function runs, on a small problem of sizes that all differ or else on this one.
    """
    found = _letters if isinstance(function, Hashable) else _letters.__wrapped__
    return dict(found(function, problem, layout))


@lru_cache(maxsize=32)
def _letters(function: Callable[..., Any], problem: Problem, layout: Layout) -> dict[str, str]:
    places = {p.name: p for spec in problem.asked for p in layout.place(spec, problem.spec)}
    usual = {spelling: place for place in reversed(places.values()) for spelling in spellings(place)}
    wanted = parameters(function, "")
    said = {name: usual[spelling] for name in wanted if (spelling := normalised(name)) in usual}
    single = {name: place for name, place in said.items() if is_letter(normalised(name), place)}
    longer = {place.name for name, place in said.items() if name not in single}
    possible = readings(single, {name: place for name, place in places.items() if name not in longer})
    if not single or not possible:
        return {}
    sizes = APART if layout.batched else {**APART, "B": 1}
    small = replace(problem, **sizes, loss_on="all" if problem.loss_on == "all" else "last")
    for asked in (small, problem) if len(possible) > 1 else ():
        native = native_tensors(layout, asked, make_tensors(asked))
        for one in possible:
            try:
                function(**_given(wanted, native, one, asked, layout, ""))
                return one
            except (Exception, SystemExit):  # whatever it does with arrays of the wrong shape
                continue
    return possible[0]


def _given(
    wanted: Mapping[str, inspect.Parameter],
    native: Tensors,
    single: Mapping[str, str],
    problem: Problem,
    layout: Layout,
    name: str,
) -> dict[str, Any]:
    """By parameter, what it is given. `single`: what the single letters stand for."""
    offered: dict[str, Any] = {
        "params": dict(native.params), "x": native.x, "y": native.y, **native.states, "lengths": None,
    }  # fmt: skip
    if "c0" in native.states and "c0" not in wanted:
        offered["h0"] = (native.states["h0"], native.states["c0"])
    places = [place for spec in problem.spec.parameters for place in layout.place(spec, problem.spec)]
    known = {spelling: place.name for place in reversed(places) for spelling in spellings(place)}
    given: dict[str, Any] = {}
    for asked, parameter in wanted.items():
        weight = single.get(asked) or known.get(normalised(asked))
        if asked in offered:
            given[asked] = offered[asked]
        elif weight and weight in native.params:
            given[asked] = native.params[weight]
        elif parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD,
        ):  # fmt: skip
            raise BadInput(
                f"{name} asks for {asked!r}; it can be given {', '.join(offered)}, or single weights: "
                f"{', '.join(native.params)}"
            )
    return given


def read(returned: Any, name: str, problem: Problem) -> dict[str, Array]:
    """The gradients a candidate returned: a mapping, a named tuple, or (loss, mapping)."""
    if isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[1], Mapping):
        return {"loss": plain(returned[0]), **read(returned[1], name, problem)}
    returned = getattr(returned, "_asdict", lambda: returned)()
    if not isinstance(returned, Mapping):
        wanted = ", ".join(f"{spec.name}=..." for spec in problem.asked if spec.kind in ("weight", "bias"))
        got = f"{name} returned {_kind(returned)}; expected a mapping from name to array."
        raise BadInput(f"{got}\n  mend it   return dict({wanted})")
    wrong = [key for key in returned if not isinstance(key, str)]
    if wrong:
        raise BadInput(f"{name} returned a mapping with the key {wrong[0]!r}; every key is the name of a gradient")
    if not returned:
        raise BadInput(f"{name} returned an empty mapping; expected one array for each of the weights")
    return {str.__str__(key): plain(value) for key, value in returned.items() if value is not None}


def plain(value: Any) -> Array:
    """A copy that can cross to another process, where the user's classes are unknown: of objects only the shape."""
    array = np.array(as_array(value))
    return np.full(array.shape, None) if array.dtype.hasobject else array


def _kind(value: Any) -> str:
    if isinstance(value, list | tuple):
        return (
            f"a {type(value).__name__} of {len(value)}: shapes {', '.join(str(np.shape(as_array(v))) for v in value)}"
        )
    return "None: is its return missing?" if value is None else f"a {type(value).__name__}"


def said(error: BaseException, path: Path | None = None) -> str:
    """An error in a line, with the line of the user's file that it comes from."""
    message = (str(error).strip().splitlines() or [""])[0][:300]
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if isinstance(error, SyntaxError):  # says its own line
        return text
    trace, line = error.__traceback__, 0
    while trace:
        if path and Path(trace.tb_frame.f_code.co_filename).name == path.name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{text} (line {line} of {path.name})" if line and path else text


def code_of(function: Callable[..., Any]) -> Path | None:
    """The file a function was written in."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Path(code.co_filename) if code else None


def _shapes(given: Mapping[str, Any]) -> str:
    """The shapes a candidate was called with, since a wrong layout is the commonest reason to raise."""
    said_of = []
    for name, value in given.items():
        if isinstance(value, Mapping):
            said_of += [f"{name}[{key!r}] {np.shape(one)}" for key, one in value.items()]
        elif isinstance(value, tuple):
            said_of.append(f"{name} " + " and ".join(str(np.shape(one)) for one in value))
        else:
            said_of.append(f"{name} {np.shape(value)}")
    return f"  called with  {', '.join(said_of)}\n  other layouts: --layout row|column|torch, --unbatched"
