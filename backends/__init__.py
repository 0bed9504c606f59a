"""The AD systems and oracles, one file each. The folder is the registry; entry points add other people's backends."""

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules

from ..harness.errors import BadInput
from ._contract import FLOATS, Backend
from ._variants import Variant, variants

__all__ = ["FLOATS", "Backend", "Variant", "discover", "variants"]


@cache
def discover() -> dict[str, Backend]:
    """Every backend by name: the files of this folder, then the entry points of the group `gradparity.backends`.

    An entry point names a `Backend`. One that cannot be imported, or names something else, stays in the list, broken,
    with its reason.

    Raises:
        BadInput: two of them have one name, so that what is asked by it would depend on who was found last.
    """
    modules = sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    found = [import_module(f".{module}", __name__).BACKEND for module in modules]
    known = {backend.name: "built in" for backend in found}
    for entry in entry_points(group="gradparity.backends"):
        backend = _load(entry)
        if backend.name in known:
            taken = f"{backend.name!r}, a name that is taken ({known[backend.name]})"
            raise BadInput(f"the plugin {entry.value} calls itself {taken}; rename its Backend, or uninstall it")
        known[backend.name] = entry.value
        found.append(backend)
    return {backend.name: backend for backend in sorted(found, key=lambda backend: (backend.rank, backend.name))}


def _load(entry: EntryPoint) -> Backend:
    """Someone else's backend: whatever is wrong with it, an exit of the process too, must not stop ours."""
    try:
        found = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Backend(name=entry.name, broken=f"{entry.value} cannot be loaded: {error!r}")
    if not isinstance(found, Backend):
        return Backend(name=entry.name, broken=f"{entry.value} is no Backend but of type {type(found).__name__}")
    return found
