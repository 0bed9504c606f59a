"""A loss that differs though the outputs do not: by a factor, a constant, or in some other way."""

import numpy as np

from ..finding import Finding, Residual
from .case import Case, Inquiry
from .decoding import made_of
from .factor import Factor, matching


def loss(inquiry: Inquiry) -> Finding | None:
    """The loss differs, and what of: a factor or a constant has to hold on every case."""
    case = inquiry.case
    if "loss" not in case.wrong or "loss" not in case.given:
        return None
    cases = [one for one in inquiry.cases if "loss" in one.given]
    times = float(case.given["loss"]) / float(case.expected("loss") or 1.0)
    factors = [
        f for f in matching(times, case.problem) if all(_after(one, _scaled(one, f)) <= one.threshold for one in cases)
    ]
    constant = float(case.given["loss"] - case.expected("loss"))
    value = f"{float(case.given['loss']):.6g} where {float(case.expected('loss')):.6g} is expected"
    if factors:
        what, after = f"the loss is {factors[0].words} times what it should be", _after(case, _scaled(case, factors[0]))
    elif len(cases) > 1 and all(_after(one, one.expected("loss") + constant) <= one.threshold for one in cases):
        what = f"the loss is off by the constant {constant:.6g}"
        after = _after(case, case.expected("loss") + constant)
    else:
        what, after = "the loss differs", case.before("loss")
    right = "outputs" in case.given and "outputs" not in case.wrong
    made = made_of(case, "adjoint_out")
    gradients = (
        f" The gradients are those of the loss that was asked for: its value alone differs{_as_returned(right)}."
        if made and not made & set(case.wrong)
        else f" Your outputs are right: look at the loss and at its derivative, which {_part(bool(made))}."
        if right
        else " Return your outputs too, as `outputs`, to learn whether the forward pass differs."
    )
    confidence = "lead" if what == "the loss differs" else "confirmed" if len(cases) > 1 else "fits"
    return Finding(
        "where it starts", what, f"{what[0].upper()}{what[1:]}: it is {value}.{gradients}", (case.shown["loss"],),
        residuals=(Residual(case.shown["loss"], case.before("loss"), after),), confidence=confidence,
    )  # fmt: skip


def _as_returned(right: bool) -> str:
    return ", and your outputs are right" if right else ""


def _part(known: bool) -> str:
    return "is wrong too" if known else "may be wrong too"


def _scaled(case: Case, factor: Factor) -> float:
    return float(case.expected("loss")) * factor.value(case.problem)


def _after(case: Case, predicted: object) -> float:
    return case.residual("loss", np.asarray(predicted))
