"""A loss that differs though the outputs do not: by a factor, a constant, or in some other way."""

from collections.abc import Callable, Mapping

import numpy as np

from ..finding import Finding, Residual
from .case import Case, Inquiry
from .decoding import made_of

Sizes = Mapping[str, int]
FACTORS: Mapping[str, Callable[[Sizes], float]] = {
    "twice": lambda n: 2.0,
    "half": lambda n: 0.5,
    "minus": lambda n: -1.0,
    "1/B of": lambda n: 1 / n["B"],
    "1/T of": lambda n: 1 / n["T"],
    "1/O of": lambda n: 1 / n["O"],
    "1/(T*B) of": lambda n: 1 / (n["T"] * n["B"]),
    "1/(B*O) of": lambda n: 1 / (n["B"] * n["O"]),
    "1/(T*B*O) of": lambda n: 1 / (n["T"] * n["B"] * n["O"]),
    "2/B of": lambda n: 2 / n["B"],
    "2/(B*O) of": lambda n: 2 / (n["B"] * n["O"]),
    "2/(T*B) of": lambda n: 2 / (n["T"] * n["B"]),
    "2/(T*B*O) of": lambda n: 2 / (n["T"] * n["B"] * n["O"]),
}


def loss(inquiry: Inquiry) -> Finding | None:
    """The loss differs, and what of: a factor or a constant has to hold on every case."""
    case = inquiry.case
    if "loss" not in case.wrong or "loss" not in case.given:
        return None
    cases = [one for one in inquiry.cases if "loss" in one.given]
    names = [n for n in FACTORS if all(_after(one, _scaled(one, n)) <= one.threshold for one in cases)]
    constant = float(case.given["loss"] - case.expected("loss"))
    value = f"{float(case.given['loss']):.6g} where {float(case.expected('loss')):.6g} is expected"
    if names:
        what, after = f"the loss is {names[0]} what it should be", _after(case, _scaled(case, names[0]))
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


def _scaled(case: Case, name: str) -> np.ndarray:
    """The loss times a factor of the table, by the sizes that it sees: one step only where the loss is on one."""
    sizes = {**case.problem.sizes, "T": case.problem.T if case.problem.loss_on == "all" else 1}
    return np.asarray(case.expected("loss") * FACTORS[name](sizes))


def _after(case: Case, predicted: object) -> float:
    return case.residual("loss", np.asarray(predicted))
