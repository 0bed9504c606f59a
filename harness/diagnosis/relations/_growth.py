"""Stale accumulation: a gradient that grows by the true one every time it is asked for."""

from dataclasses import replace

import numpy as np

from ...errors import listed
from ...finding import Finding
from ..case import Case, Hypothesis, Inquiry, finding

MANY = 1000  # calls; more have not been made


def growing(inquiry: Inquiry) -> Finding | None:
    """The finding that gradients are not set back to zero between calls. The candidate is asked twice in a row, and
    only where a gradient is a whole multiple of the true one."""
    case = inquiry.case
    times = {name: _multiple(case, name) for name in case.wrong_gradients if name in case.given}
    if not any(times.values()):
        return None
    first, second = inquiry.ask([(case.problem, case.tensors)] * 2)
    if first is None or second is None:
        return None
    names = [name for name, n in times.items() if n and _grown(case, first, second, name)]
    if not names:
        return None
    shown = listed((case.shown[name] for name in names), "and")
    grows = "grow" if len(names) > 1 else "grows"
    hypothesis = Hypothesis(
        f"{shown} {grows} with every call",
        f"The gradient{'s' * (len(names) > 1)} of {shown} {grows} by the true one with every call: it was not set back "
        "to zero between calls. Set it to zero at the beginning of backward, or return fresh arrays.",
        lambda one: {name: times[name] * one.truth.named[name] for name in names},
    )
    found = finding("relation", hypothesis, replace(inquiry, others=()), names)
    return found and replace(found, confidence="confirmed")  # by the two further calls


def _multiple(case: Case, name: str) -> int:
    """n, 2 or more, where the gradient is n times the true one down to the noise; else 0."""
    truth = case.truth.named[name]
    weight = float(np.vdot(truth, truth))
    if not weight or case.given[name].shape != truth.shape or not np.isfinite(case.given[name]).all():
        return 0
    times = float(np.vdot(truth, case.given[name])) / weight
    n = round(times) if 1.5 < times < MANY else 0
    return n if n and case.residual(name, n * truth) <= case.threshold else 0


def _grown(case: Case, first: Case, second: Case, name: str) -> bool:
    if name not in first.given or name not in second.given:
        return False
    more = replace(case, given={name: second.given[name] - first.given[name]})
    return more.residual(name, case.expected(name)) <= case.threshold
