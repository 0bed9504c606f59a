"""What a worker answers, as bytes that cannot carry code: whatever wrote them, to read them runs nothing.

A frame is a head of fixed size, a structure in MessagePack, and the bytes of all arrays. The reader names the type
that it expects; nothing else can come out, whatever the bytes say, and memory is taken by the bytes that have come.
What goes the other way, to a worker, is a pickle: only this process has ever written there.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import ml_dtypes
import msgspec
import numpy as np

from .arrays import ML_FLOATS

Array = np.ndarray
KEY = 16  # bytes: says which call a frame belongs to
PART, VALUE, FAILURE = range(3)
LARGEST = 1 << 34  # bytes of a frame, where nothing else limits it
PIECE = 1 << 20  # bytes that are read at once: a length that was only claimed takes no memory
ALIGNED = 64
_HEAD = struct.Struct(f"<{KEY}sBQQ")
_OBJECT = "object"
_NUMBERS = {np.dtype(kind).name: np.dtype(kind) for kind in "?bBhHiIlLqQefdgFDG"}
DTYPES = _NUMBERS | {name: np.dtype(getattr(ml_dtypes, name)) for name in ML_FLOATS}


class Garbled(Exception):
    """Bytes that are no frame, or a frame of another type than was expected."""


@dataclass(frozen=True)
class Frame:
    """One message. `kind`: a PART of an answer, its VALUE at last, or the FAILURE that stands for it."""

    key: bytes
    kind: int
    structure: bytes
    arrays: bytearray


@dataclass(frozen=True)
class Failure:
    """An error as it crosses: the name of its class, its message, and its traceback where that is of use."""

    name: str
    message: str
    text: str = ""


def write(stream: Any, key: bytes, kind: int, value: Any) -> None:
    """Write one message: nothing of it where it cannot be written as a whole.

    Raises:
        TypeError: it holds what cannot cross.
    """
    arrays, length = [], 0

    def put(one: Any) -> Any:
        nonlocal length
        if isinstance(one, np.bool | np.integer | np.float64):
            return one.item()
        if not isinstance(one, np.ndarray | np.generic):
            raise TypeError(f"a {type(one).__name__} cannot cross to another process")
        name, data = _bytes(np.asarray(one))
        start = length
        arrays.append((data, -data.nbytes % ALIGNED))
        length += data.nbytes + arrays[-1][1]
        return name, one.shape, start

    structure = msgspec.msgpack.encode(value, enc_hook=put)
    stream.write(_HEAD.pack(key, kind, len(structure), length) + structure)
    for data, padding in arrays:
        stream.write(data)
        stream.write(bytes(padding))
    stream.flush()


def read(stream: BinaryIO, largest: int = LARGEST) -> Frame:
    """The next message.

    Raises:
        EOFError: the other side is gone, perhaps in the middle of a message.
        Garbled: it is larger than `largest` bytes.
    """
    key, kind, *lengths = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if sum(lengths) > largest:
        raise Garbled(f"a message of {sum(lengths):.3g} bytes; {largest:.3g} are allowed")
    structure, arrays = (_exactly(stream, length) for length in lengths)
    return Frame(key, kind, bytes(structure), arrays)


def decoded(frame: Frame, expected: Any) -> Any:
    """The value of a frame, of the type that is expected: of frozen dataclasses, containers, numbers, text and arrays.

    Raises:
        Garbled: it is something else.
    """

    def take(kind: Any, one: Any) -> Any:
        if kind is not np.ndarray:
            raise ValueError(f"a {kind} does not cross")
        return _array(one, frame.arrays)

    try:
        return msgspec.msgpack.decode(frame.structure, type=expected, dec_hook=take)
    except Exception as error:  # a noun that refuses its values may raise anything
        raise Garbled(str(error)) from None


def _exactly(stream: BinaryIO, length: int) -> bytearray:
    found = bytearray()
    for piece in _pieces(stream, length):
        found += piece
    if len(found) < length:
        raise EOFError
    return found


def _pieces(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while length and (piece := stream.read(min(length, PIECE))):
        length -= len(piece)
        yield piece


def _bytes(array: Array) -> tuple[str, memoryview]:
    """The name of a dtype, and the bytes. What is not numbers keeps its shape alone."""
    native = array.dtype.newbyteorder("=")
    if DTYPES.get(native.name) != native:
        return _OBJECT, memoryview(bytes(array.size))
    return native.name, np.ascontiguousarray(array, native).reshape(-1).view(np.uint8).data


def _array(one: Any, arrays: bytearray) -> Array:
    if isinstance(one, bool | int | float):
        return np.asarray(one)
    name, shape, start = one
    if not (isinstance(shape, list) and all(type(n) is int and n >= 0 for n in (*shape, start))):
        raise ValueError("an array without a shape")
    dtype = DTYPES.get(name)
    if dtype is None and name != _OBJECT:
        raise ValueError(f"an array of {name!r}")
    count = prod(shape)
    size = count * (dtype.itemsize if dtype else 1)
    if start + size > len(arrays):
        raise ValueError("an array that ends beyond its bytes")
    if dtype is None:
        return np.full(shape, None)
    return np.frombuffer(arrays, dtype, count, start).reshape(shape) if count else np.empty(shape, dtype)
