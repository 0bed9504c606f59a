"""Nouns from plain data, such as JSON holds: every part of the type that its dataclass says, or refused with its place.

What is let through here is shown by every report, so that none of them has to doubt a type, a range or a length.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from reprlib import Repr
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from .errors import BadInput, listed

Noun = TypeVar("Noun")
SPECIAL = ("nan", "inf", "-inf")  # floats that JSON has no number for
LARGEST = 2**64  # no count, size or seed is larger

_short = Repr()
_short.maxlevel = 2


class Damaged(ValueError):
    """A part that is missing, or of another type, range or length than it should be."""


def noun(cls: type[Noun], data: Any, at: str = "") -> Noun:
    """A frozen dataclass from the mapping that `asdict` made of it, nested ones too; parts unknown are left out.

    Raises:
        Damaged: a part is missing or is not what it should be; the message says which.
    """
    if not isinstance(data, dict):
        raise _wrong(at, data, "an object")
    hints, parts = _parts(cls)
    known = {name: _typed(hints[name], data[name], f"{at}.{name}" if at else name) for name in parts if name in data}
    if lacking := [name for name, part in parts.items() if name not in data and _required(part)]:
        raise Damaged(f"{at or 'the whole'} lacks {lacking[0]}")
    try:
        return cls(**known)
    except (ValueError, BadInput) as error:
        raise Damaged(f"{at}: {error}") from None


@cache
def _parts(cls: type) -> tuple[dict[str, Any], dict[str, Field[Any]]]:
    return get_type_hints(cls), {part.name: part for part in fields(cls)}


def _required(part: Field[Any]) -> bool:
    return part.default is MISSING and part.default_factory is MISSING


def _typed(hint: Any, value: Any, at: str) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _one_of(args, value, at)
    if is_dataclass(hint):
        return noun(hint, value, at)  # type: ignore[arg-type]  # a dataclass type, as just asked
    if origin is tuple:
        return _tuple(args, value, at)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise _wrong(at, value, "an object")
        return {_typed(args[0], name, at): _typed(args[1], one, f"{at}.{name:.40}") for name, one in value.items()}
    if origin is Literal:
        if type(value) is not str or value not in args:
            raise _wrong(at, value, f"one of {listed(args)}")
        return value
    return _plain(hint, value, at)


def _plain(hint: Any, value: Any, at: str) -> Any:
    """A number, a text or a truth value: of exactly that type, since True is no 1."""
    if hint is float:
        if type(value) is float or (type(value) is int and abs(value) < LARGEST) or value in SPECIAL:
            return float(value)
    elif type(value) is hint and not (hint is int and abs(value) >= LARGEST):
        return value
    raise _wrong(at, value, hint.__name__)


def _tuple(args: tuple[Any, ...], value: Any, at: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _wrong(at, value, "a list")
    hints = args[:1] * len(value) if args[-1] is Ellipsis else args
    if len(hints) != len(value):
        raise _wrong(at, value, f"a list of {len(hints)}")
    return tuple(_typed(hint, one, f"{at}[{k}]") for k, (hint, one) in enumerate(zip(hints, value, strict=True)))


def _one_of(hints: tuple[Any, ...], value: Any, at: str) -> Any:
    """The value as the first type of a union that it fits; the last one says what is wrong with it."""
    if value is None and NoneType in hints:
        return None
    *others, last = (hint for hint in hints if hint is not NoneType)
    for hint in others:
        try:
            return _typed(hint, value, at)
        except Damaged:
            continue
    return _typed(last, value, at)


def _wrong(at: str, value: Any, expected: str) -> Damaged:
    return Damaged(f"{at or 'the whole'} is {_short.repr(value):.80} where {expected} is expected")
