"""Running a tapped program: what passes through each tap, and the gradients when something is added there."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, Protocol

import numpy as np

from .taps import LEFT, TAP

Array = np.ndarray
Slot = tuple[int, int, int]
"""Which tap, which of its executions in a call, and which part of a tuple or list that it passes on; from 0."""


@dataclass
class Meter:
    """What passes through the taps in one call. It adds what it is told to, and notes the values if it is asked to.

    Args:
        added, seen: by slot what is added, and what is passed on then. `only`: the one tap that is noted, if not all.
    """

    added: Mapping[Slot, Array] = field(default_factory=dict)
    seen: dict[Slot, Array] | None = None
    only: int | None = None
    watch: "Watch | None" = None
    counts: dict[int, int] = field(default_factory=dict)
    resting: bool = False

    def reset(self) -> None:
        self.counts.clear()
        if self.seen is not None:
            self.seen.clear()

    def __call__(self, number: int, value: Any) -> Any:
        if self.resting or (not isinstance(value, PASSED_ON) and not _is_float(value)):
            return value
        turn = self._turn(number, sys._getframe(1))
        if not isinstance(value, PASSED_ON):
            return self._one((number, turn, 0), value)
        if not any(_is_float(each) for each in value):
            return value
        parts = [self._one((number, turn, k), each) if _is_float(each) else each for k, each in enumerate(value)]
        if all(a is b for a, b in zip(parts, value, strict=True)):
            return value
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)

    def left(self, number: int, read: Callable[[], Any]) -> None:
        """The same between two statements, for an array that is changed where it is."""
        try:
            value = read()
        except Exception:  # it is not set yet
            return
        if self.resting or not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.flags.writeable:
            return
        slot = number, self._turn(number, sys._getframe(1)), 0
        if slot in self.added:
            value += self.added[slot]
        self._note(slot, value)

    def _turn(self, number: int, frame: FrameType) -> int:
        """Which execution of a tap this is; whoever watches it sees the frame."""
        turn = self.counts[number] = self.counts.get(number, -1) + 1
        if self.watch and self.watch.number == number:
            self.resting = True  # what is tried there may call functions that have taps
            self.watch.passing(turn, frame)
            self.resting = False
        return turn

    def _one(self, slot: Slot, value: Any) -> Any:
        step = self.added.get(slot)
        value = value if step is None else _plus(value, step)
        self._note(slot, value)
        return value

    def _note(self, slot: Slot, value: Any) -> None:
        if self.seen is not None and self.only in (None, slot[0]):
            self.seen[slot] = _copied(value)


PASSED_ON = (tuple, list)


class Watch(Protocol):
    """Somebody who wants to see the frame in which a tap is passed."""

    number: int

    def passing(self, turn: int, frame: FrameType) -> None: ...


@dataclass(frozen=True)
class Runner:
    """A tapped program, and how it is called and read.

    Args:
        call: calls the function of a module and gives its gradients, flat, (N,).
        within: runs what it is given within limits; None where that comes to nothing.
    """

    code: CodeType
    path: Path
    call: Callable[[ModuleType], Array]
    within: Callable[[Callable[[], Array]], "Array | None"]

    def run(
        self,
        added: Mapping[Slot, Array] | None = None,
        seen: dict[Slot, Array] | None = None,
        watch: Watch | None = None,
        only: int | None = None,
    ) -> Array | None:
        """The gradients with `added` put on top of the values; None where the program raises or is not finite.

        Every run has a module of its own, so that none can leave anything behind for the next.
        """
        meter = Meter(added or {}, seen, only, watch)
        module = ModuleType(self.path.stem)
        module.__file__ = str(self.path)
        module.__dict__.update({TAP: meter, LEFT: meter.left})
        sys.modules[module.__name__] = module  # dataclasses and pickle look a module up by its name

        def once() -> Array:
            exec(self.code, module.__dict__)
            meter.reset()
            return self.call(module)

        found = self.within(once)
        return found if found is not None and np.isfinite(found).all() else None


def _is_float(value: Any) -> bool:
    if isinstance(value, float | np.floating):
        return True
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return kind == "f" or bool(getattr(value, "is_floating_point", bool)())


def _plus(value: Any, step: Array) -> Any:
    if isinstance(value, float | np.floating):
        return type(value)(value + step.item())
    if hasattr(value, "new_tensor"):  # torch's own
        return value + value.new_tensor(step)
    return value + step.astype(value.dtype)


def _copied(value: Any) -> Array:
    try:
        return np.array(value.detach() if hasattr(value, "detach") else value, dtype=np.float64)
    except Exception:  # a tracer has a shape, and no value yet
        return np.zeros(value.shape)
