"""Gradient files as lazy mappings: .npz, .npy, .safetensors, and safetensors in shards behind an index.

Opening a file reads and checks its headers. A tensor is read when it is asked for, as a read-only memory map, so that a
file larger than memory is no trouble.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from . import npz, safetensors_file
from .errors import BadInput, listed
from .stored import Stored, refused, require_file

Array = np.ndarray

READERS: dict[str, tuple[str, Callable[[Path], dict[str, Stored]]]] = {
    ".npz": ("what np.savez writes", npz.npz),
    ".npy": ("what np.save writes", npz.npy),
    ".safetensors": (safetensors_file.EXPECTED, safetensors_file.tensors),
    ".safetensors.index.json": ("an index of safetensors shards", safetensors_file.sharded),
}
PICKLES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt")


class TensorFile(Mapping[str, Array]):
    """The tensors of a file by name. Only the one that was asked for last is kept."""

    def __init__(self, stored: Mapping[str, Stored]) -> None:
        self._stored = stored
        self._last: tuple[str, Array] | None = None

    def __getitem__(self, name: str) -> Array:
        """Raises KeyError: no such tensor. BadInput: the file is damaged."""
        if self._last is None or self._last[0] != name:
            self._last = None  # let it go before another takes room
            self._last = name, self._stored[name].read()
        return self._last[1]

    def __contains__(self, name: object) -> bool:
        return name in self._stored  # Mapping's own would read the tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    @property
    def files(self) -> list[Path]:
        """The files that its tensors lie in."""
        return list(dict.fromkeys(place.path for place in self._stored.values()))

    def without(self, prefix: str) -> "TensorFile":
        """The same tensors, their names without a prefix that all of them have."""
        return TensorFile({name.removeprefix(prefix): place for name, place in self._stored.items()})


def open_tensors(path: Path) -> TensorFile:
    """A gradient file as a lazy mapping of name -> array.

    Args:
        path: an .npz; an .npy (one gradient, named after the file); a .safetensors; the .safetensors.index.json of one
            in shards; or a directory that holds exactly one such index, or else exactly one .safetensors. Arrays keep
            their dtype; raw ones of two bytes in .npz and .npy are bfloat16, whose name NumPy does not write down.
    Raises:
        BadInput: there is no such file, or it is of another kind, damaged, cut short, or holds pickled objects.
    """
    with refused(path, "a gradient file"):
        file = _only_one(path) if path.is_dir() else path
        suffix = next((suffix for suffix in READERS if file.name.lower().endswith(suffix)), None)
        if suffix is None:
            raise BadInput(f"{file} is of no kind that can be read; expected {listed(READERS)}: {_mend(file)}")
        require_file(file)
    expected, reader = READERS[suffix]
    with refused(file, expected):
        return TensorFile(reader(file))


def files(path: Path) -> list[Path]:
    """All files that are read for a path: the index of shards as well as they. Raises BadInput as `open_tensors`."""
    found = open_tensors(path).files
    return [*found, _only_one(path) if path.is_dir() else path]


def _only_one(folder: Path) -> Path:
    found = sorted(folder.glob("*.safetensors.index.json")) or sorted(folder.glob("*.safetensors"))
    if len(found) != 1:
        raise BadInput(
            f"{folder} is a directory with {len(found) or 'no'} safetensors files; expected exactly one index or one "
            ".safetensors in it: name the file itself"
        )
    return found[0]


def _mend(path: Path) -> str:
    if path.suffix.lower() not in PICKLES:
        return "write it with np.savez or safetensors"
    return (
        "it may be a pickle, which can run any code when it is read; write the gradients with "
        "safetensors.torch.save_file({name: p.grad for name, p in model.named_parameters()}, 'grads.safetensors')"
    )
