"""Importing what the user writes: what runs is the text that stands in the file now, whatever was compiled before.

Python tells compiled code to be stale by the size of the source and the second of its last change: a file that is
written again within the second, as long as before, is not seen to be another.
"""

import sys
import sysconfig
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import Any

INSTALLED = ("site-packages", "dist-packages")
STANDARD = Path(sysconfig.get_path("stdlib")).resolve()


class TextLoader(SourceFileLoader):
    """Compiles the text, each time: bytecode is neither read nor written."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


LOADERS = (
    (ExtensionFileLoader, EXTENSION_SUFFIXES),
    (TextLoader, SOURCE_SUFFIXES),
    (SourcelessFileLoader, BYTECODE_SUFFIXES),  # where there is no text at all
)
_folders: set[Path] = set()


def importable(folder: Path) -> None:
    """Put a folder at the front of where modules are imported from; what is in it and below is compiled anew.

    What is installed below it, as in a virtual environment, is left to Python.
    """
    folder = folder.resolve()
    sys.path.insert(0, str(folder))
    if folder in _folders:
        return
    _folders.add(folder)
    for known in [path for path in tuple(sys.path_importer_cache) if _own(path)]:
        del sys.path_importer_cache[known]
    if _finder not in sys.path_hooks:
        sys.path_hooks.insert(0, _finder)


def spec_of(path: Path) -> ModuleSpec | None:
    """The spec of a single file; None where it is no Python file."""
    if path.suffix not in SOURCE_SUFFIXES:
        return spec_from_file_location(path.stem, path)
    return spec_from_file_location(path.stem, path, loader=TextLoader(path.stem, str(path)))


def _finder(path: str) -> Any:
    if not _own(path):
        raise ImportError(f"{path} is none of the user's folders", path=path)
    return FileFinder.path_hook(*LOADERS)(path)


def _own(path: str) -> bool:
    """Whether a folder is one of the user's or below it, and nothing that was installed there."""
    here = Path(path).resolve()
    if any(part in INSTALLED for part in here.parts) or here.is_relative_to(STANDARD):
        return False
    return any(here.is_relative_to(folder) for folder in _folders)
