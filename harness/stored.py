"""Where a tensor lies in a file, how it is read from there, and what becomes of a file that is not as it should be."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any, Literal
from zipfile import ZipFile

import numpy as np

from .errors import BadInput

Array = np.ndarray


@dataclass(frozen=True)
class Stored:
    """Where a tensor lies: at `offset` of the file, or of what the zip `member` unpacks to where one is named."""

    path: Path
    dtype: np.dtype
    shape: tuple[int, ...]
    offset: int
    order: Literal["C", "F"] = "C"
    member: str = ""

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def read(self) -> Array:
        """The tensor, read-only. Raises BadInput: the file is damaged, or has changed since it was opened."""
        with refused(self.path, "what it was when it was opened"):
            if not self.nbytes:  # there is nothing to map
                return np.empty(self.shape, self.dtype)
            if not self.member:
                return self._mapped(self.path)
            # Unpacked on disk rather than in memory: this member alone may be larger than that.
            with ZipFile(self.path) as archive, archive.open(self.member) as packed, TemporaryFile() as unpacked:
                copyfileobj(packed, unpacked, 1 << 20)
                unpacked.flush()
                return self._mapped(unpacked)

    def _mapped(self, file: Path | IO[Any]) -> Array:
        mapped = np.memmap(file, self.dtype, "r", self.offset, self.shape, self.order)  # type: ignore[call-overload]  # its stubs want a narrower file
        return np.asarray(mapped)  # a plain array: slices of np.memmap, a subclass, cost several times as much


@contextmanager
def refused(path: Path, expected: str) -> Iterator[None]:
    """Turns whatever goes wrong inside into BadInput.

    Every exception, since none of zipfile, numpy, json and safetensors says what a damaged file may make it raise.
    """
    try:
        yield
    except BadInput:
        raise
    except OSError as error:
        reason = _line(error.strerror or error)
        raise BadInput(f"{path} cannot be read ({reason}); expected {expected}: check its name and rights") from None
    except Exception as error:
        reason = _line(error) or type(error).__name__
        raise BadInput(f"{path} is damaged ({reason}); expected {expected}: write or copy it again") from None


def _line(reason: object) -> str:
    return " ".join(str(reason).split())[:200]


def require_file(path: Path) -> None:
    """Raises BadInput: nothing is there, or something that is no file, such as a pipe, which would be waited on."""
    if not path.exists():
        raise BadInput(f"{path} does not exist; expected a file: check the name")
    if not path.is_file():
        raise BadInput(f"{path} is not a regular file; expected one: write the gradients to a file first")
