"""Leads: gradients that are right in some gate blocks or timesteps and wrong in the others, on every case alike."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ...errors import listed
from ...finding import Finding, Residual
from ...models import TIME
from ..case import Case, Inquiry

Array = np.ndarray


def leads(inquiry: Inquiry, names: Sequence[str]) -> tuple[Finding, ...]:
    """Where the wrong gradients that nothing explains are wrong, if only in places that can be named."""
    judged = [inquiry.case, *(other for other in inquiry.others if other.wrong)]
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        said = {_place(case, name) for case in judged if name in case.wrong}
        if len(said) == 1 and (where := said.pop()):
            groups[where].append(name)
    return tuple(_lead(inquiry.case, where, hint, found) for (where, hint), found in groups.items())


def _lead(case: Case, where: str, hint: str, names: list[str]) -> Finding:
    shown = tuple(case.shown[name] for name in names)
    be = "are" if len(names) > 1 else "is"
    what = f"{listed(shown, 'and')} {be} wrong {where}"
    evidence = tuple(Residual(case.shown[n], case.before(n), case.before(n)) for n in names)
    return Finding("relation", what, f"The gradient of {what}: {hint}.", shown, (), evidence, "lead")


def _place(case: Case, name: str) -> tuple[str, str] | None:
    """Where a gradient is wrong and what follows, in words that mean the same at any size; None where everywhere."""
    if name not in case.given or case.given[name].shape != case.expected(name).shape:
        return None
    axes, gates = case.problem.spec.tensor(name).axes, case.problem.spec.gates
    off = ~(np.abs(case.given[name] - case.expected(name)) <= case.threshold * case.noise.values[name])
    gated = next((k for k, axis in enumerate(axes) if axis.gates), None)
    if gated is not None:
        wrong = _any(off.reshape(*off.shape[:gated], len(gates), -1, *off.shape[gated + 1 :]), gated)
        if wrong.all():
            return None
        which = listed((gate for gate, is_off in zip(gates, wrong, strict=True) if is_off), "and")
        return f"in gate {which} alone", "the blocks of the other gates are right, so look at how that one is made"
    if TIME not in axes:
        return None
    wrong = _any(off, axes.index(TIME))
    steps = np.arange(len(wrong))
    for where, pattern, hint in (
        ("at timestep 0 alone", steps == 0, "look at the initial state and at the end of the backward loop"),
        ("at the last timestep alone", steps == steps[-1], "look at how the backward loop begins"),
        ("at all timesteps but the last", steps < steps[-1], "what flows back from the next step is wrong, or missing"),
        ("at all timesteps but timestep 0", steps > 0, "look for an index that is off by one"),
    ):
        if len(steps) > 2 and (wrong == pattern).all():
            return where, hint
    return None


def _any(off: Array, axis: int) -> Array:
    return np.asarray(np.moveaxis(off, axis, 0).reshape(off.shape[axis], -1).any(axis=1))
