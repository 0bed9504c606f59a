"""Safetensors: where each tensor lies in a file, or in shards behind an index.

The library checks the header (sizes, gaps, overlaps, the end of the file). It hands out copies, though, and not of
float8, so where the numbers lie is then read from that checked header, for them to be mapped.
"""

import json
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors import safe_open

from .errors import BadInput, listed
from .stored import Stored, refused, require_file

EXPECTED = "a safetensors file"
INDEX_BYTES = 100_000_000  # what safetensors allows a header
DTYPES = {
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype(ml_dtypes.bfloat16),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn), "F8_E4M3FNUZ": np.dtype(ml_dtypes.float8_e4m3fnuz),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2), "F8_E5M2FNUZ": np.dtype(ml_dtypes.float8_e5m2fnuz),
    "F8_E8M0": np.dtype(ml_dtypes.float8_e8m0fnu), "C64": np.dtype("<c8"), "BOOL": np.dtype("?"),
    "I64": np.dtype("<i8"), "I32": np.dtype("<i4"), "I16": np.dtype("<i2"), "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"), "U32": np.dtype("<u4"), "U16": np.dtype("<u2"), "U8": np.dtype("u1"),
}  # fmt: skip


def tensors(path: Path) -> dict[str, Stored]:
    """The tensors of one file by name; raises all sorts of errors where it is damaged."""
    with safe_open(path, framework="numpy"), path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {name: _tensor(path, name, entry, start=8 + length) for name, entry in header.items()}


def _tensor(path: Path, name: str, entry: dict, start: int) -> Stored:
    dtype = entry["dtype"]
    if dtype not in DTYPES:
        raise BadInput(f"{path} has {name!r} as {dtype}; expected {listed(DTYPES)}: save it as one of these")
    return Stored(path, DTYPES[dtype], tuple(entry["shape"]), start + entry["data_offsets"][0])


def sharded(path: Path) -> dict[str, Stored]:
    """The tensors of all shards of an index; raises all sorts of errors where it is damaged."""
    if path.stat().st_size > INDEX_BYTES:
        raise ValueError(f"{path.stat().st_size} bytes are too many for an index")
    index = json.loads(path.read_bytes())
    files = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(files, dict) or not all(isinstance(file, str) for file in files.values()):
        raise ValueError("it has no weight_map of names to files")
    shards = {file: _shard(path, file) for file in sorted(set(files.values()))}
    for name, file in files.items():
        if name not in shards[file]:
            raise BadInput(f"{path} puts {name!r} into {file}, which has no such tensor: write index and shards again")
    return {name: shards[file][name] for name, file in files.items()}


def _shard(index: Path, name: str) -> dict[str, Stored]:
    # Symbolic links are followed: Hugging Face's cache is made of them.
    if name != Path(name).name or name in ("", "..") or "\\" in name or not name.isprintable():
        raise BadInput(f"{index} names the shard {name!r}; expected a file beside it: name it without directories")
    path = index.parent / name
    require_file(path)
    with refused(path, EXPECTED):
        return tensors(path)
