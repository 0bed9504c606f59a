"""NumPy's own files: where each array lies in an .npz or .npy.

Arrays that a zip holds as they are can be mapped in place. Headers are parsed by numpy.lib.format, which evaluates
literals only; pickles are refused. Zip members are found by name but never extracted under it.
"""

import struct
from io import BytesIO
from pathlib import Path
from typing import IO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import ml_dtypes
import numpy as np

from .errors import BadInput
from .stored import Stored

HEAD_BYTES = 1 << 15  # room for any honest header; NumPy would read as far as a hostile one claims to reach


def npz(path: Path) -> dict[str, Stored]:
    """The arrays of an .npz by name; raises all sorts of errors where it is damaged.

    Checksums of what is mapped are left alone: a flipped bit in a number is a difference, and is reported as one.
    """
    found: dict[str, Stored] = {}
    with ZipFile(path) as archive, path.open("rb") as file:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name in found:
                raise ValueError(f"two members are named {name!r}")
            with archive.open(info) as unpacked:
                head = unpacked.read(HEAD_BYTES)
            mapped = info.compress_type == ZIP_STORED
            start, member = (_data_offset(file, info), "") if mapped else (0, info.filename)
            found[name] = _array(path, f"member {name!r}", head, info.file_size, start, member)
    return found


def npy(path: Path) -> dict[str, Stored]:
    """The one array of an .npy, under the name of the file; raises all sorts of errors where it is damaged."""
    with path.open("rb") as file:
        return {path.stem: _array(path, "the array", file.read(HEAD_BYTES), path.stat().st_size)}


def _data_offset(file: IO[bytes], info: ZipInfo) -> int:
    """Where a member's bytes start: its local header may be longer than its entry in the zip's directory."""
    file.seek(info.header_offset)
    name_length, extra_length = struct.unpack("<26xHH", file.read(30))
    return info.header_offset + 30 + name_length + extra_length


def _array(path: Path, what: str, head: bytes, length: int, start: int = 0, member: str = "") -> Stored:
    """Where the numbers of an .npy lie that starts with `head` and has `length` bytes from `start` on."""
    stream = BytesIO(head)
    shape, fortran, dtype = _header(stream)
    if dtype.hasobject:
        raise BadInput(
            f"{path}: {what} holds pickled Python objects, which are never read, since they can run any code; "
            "expected numbers: save np.asarray(value, dtype=float)"
        )
    if dtype.kind == "V" and dtype.itemsize <= 1:
        raise BadInput(
            f"{path}: {what} holds raw bytes, where numbers are expected; NumPy's files cannot name float8: "
            "save it as .safetensors"
        )
    if dtype == np.dtype("V2"):  # ml_dtypes has one type of two bytes, and NumPy does not write down its name
        dtype = np.dtype(ml_dtypes.bfloat16)
    place = Stored(path, dtype, shape, start + stream.tell(), "F" if fortran else "C", member)
    if place.nbytes != length - stream.tell() or min(shape, default=0) < 0:
        raise ValueError(f"{what} has {length - stream.tell()} bytes, but {dtype} {shape} takes {place.nbytes}")
    return place


def _header(stream: BytesIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError(f".npy version {version}, which plain arrays of numbers do not need")
