"""gradparity's harness: what is compared, how, and what follows.

The names below load when first used, so that importing this package (as the pytest plugin and `gradparity --help` do)
costs nothing and pulls in neither NumPy nor a framework.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compare import Comparison, Difference, compare
    from .errors import BadInput, GradparityError
    from .finding import Diagnosis, Finding
    from .gradients import Gradients, Maker
    from .noise import Noise, measure_noise
    from .patch import Patch, Repair
    from .problem import Problem, Tensors, make_tensors
    from .result import Panel, Result

_HOMES = {
    "BadInput": "errors",
    "Comparison": "compare",
    "Diagnosis": "finding",
    "Difference": "compare",
    "Finding": "finding",
    "Gradients": "gradients",
    "GradparityError": "errors",
    "Maker": "gradients",
    "Noise": "noise",
    "Panel": "result",
    "Patch": "patch",
    "Problem": "problem",
    "Repair": "patch",
    "Result": "result",
    "Tensors": "problem",
    "compare": "compare",
    "make_tensors": "problem",
    "measure_noise": "noise",
}

__all__ = [
    "BadInput",
    "Comparison",
    "Diagnosis",
    "Difference",
    "Finding",
    "Gradients",
    "GradparityError",
    "Maker",
    "Noise",
    "Panel",
    "Patch",
    "Problem",
    "Repair",
    "Result",
    "Tensors",
    "compare",
    "make_tensors",
    "measure_noise",
]


class _Package(ModuleType):
    """This package. A public name that is a submodule's too stays what it is here, the function: Python hangs every
    submodule on its package as soon as it is imported, by whomever."""

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
