"""Gradients of a wrong shape, read the way their shape says: a transposed one can be wrong in its numbers too.

What explains numbers needs them in the canonical layout. Here the shape is put right first, alike on every problem,
so that what is left can be explained; that the shape is wrong remains a fault of its own, and is said.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import is_real_float
from ..errors import listed
from ..finding import Finding, Residual
from ..layout import Placement
from .case import Case, Inquiry, Question

Array = np.ndarray


@dataclass(frozen=True)
class Turn:
    """A way in which a shape is wrong: what the gradient is where it is right but for that, how it `comes` where it is
    wrong in its numbers too, a `hint` where to look, and `back`, which brings an array to the shape expected."""

    predicate: str
    comes: str
    hint: str
    back: Callable[[Array, tuple[int, ...]], Array]

    def fits(self, array: Array, shape: tuple[int, ...]) -> bool:
        return array.size == int(np.prod(shape)) and self.back(array, shape).shape == shape


def _with_axes(array: Array, shape: tuple[int, ...]) -> Array:
    """To a shape that is the same but for axes of length 1; else as it is."""
    same = [n for n in array.shape if n != 1] == [n for n in shape if n != 1]
    return array.reshape(shape) if same else array


DECODED = ("credit map", "where it starts")  # means that read a gradient as a record of the steps, whatever its shape
TURNS = (
    Turn(
        "right but for axes of length 1",
        "with other axes of length 1",
        "look for keepdims, [None] or a missing squeeze; the shape has to be that of the value it is the gradient of",
        _with_axes,
    ),
    Turn(
        "right but flattened",
        "flattened",
        "a reshape to the shape of the value that it is the gradient of is missing",
        lambda array, shape: array.reshape(shape) if array.ndim == 1 else array,
    ),
    Turn(
        "transposed",
        "transposed",
        "the operands of its outer product are exchanged, or a .T is missing or too many",
        lambda array, shape: array.T,
    ),
)


@dataclass(frozen=True)
class Straight:
    """An inquiry in which every shape that could be is put right, and the turns that did it, by canonical name."""

    inquiry: Inquiry
    turns: Mapping[str, Turn]

    def told(self, findings: Iterable[Finding]) -> list[Finding]:
        """Findings of the inquiry, made to speak of what the candidate returned; before them, of shapes alone."""
        case = self.inquiry.case
        alone = {name: turn for name, turn in self.turns.items() if name not in case.wrong}
        besides = {case.shown[name]: turn.comes for name, turn in self.turns.items() if name in case.wrong}
        shapes = [self._shape(turn, [n for n in alone if alone[n] is turn]) for turn in TURNS if turn in alone.values()]
        return [*shapes, *(_besides(finding, besides, whole=not alone) for finding in findings)]

    def _shape(self, turn: Turn, names: list[str]) -> Finding:
        """That these gradients are right but for their shape."""
        case = self.inquiry.case
        shown = tuple(case.shown[name] for name in names)
        what = f"{listed(shown, 'and')} {'are' if len(names) > 1 else 'is'} {turn.predicate}"
        borne = [o for o in self.inquiry.others if all(n in o.given and n not in o.wrong for n in names)]
        return Finding(
            "relation",
            what,
            f"The gradient{'s' * (len(names) > 1)} of {what}: {turn.hint}.",
            shown,
            residuals=tuple(Residual(case.shown[name], float("inf"), case.before(name)) for name in names),
            confidence="confirmed" if borne else "fits",
            whole=not case.wrong_gradients and len(set(self.turns.values())) == 1,
        )


def _besides(finding: Finding, turned: Mapping[str, str], whole: bool) -> Finding:
    """The finding with the shapes that are wrong as well; `whole` where none is wrong that it does not speak of."""
    mine = {} if finding.means in DECODED else {name: turned[name] for name in finding.gradients if name in turned}
    also = [f" {name} comes {so} besides: mend that too." for name, so in mine.items()]
    return replace(finding, sentence=finding.sentence + "".join(also), whole=finding.whole and whole)


def straightened(inquiry: Inquiry) -> Straight:
    """The inquiry with the shapes put right, on all problems alike; the same one where no shape is wrong."""
    turns = {name: turn for name in inquiry.case.odd if (turn := _turn(inquiry.case, name))}
    if not turns:
        return Straight(inquiry, {})

    def straight(case: Case | None) -> Case | None:
        return case and _turned(case, turns)

    def ask(questions: Iterable[Question]) -> list[Case | None]:
        return [straight(case) for case in inquiry.ask(list(questions))]

    others = tuple(_turned(other, turns) for other in inquiry.others)
    return Straight(replace(inquiry, case=_turned(inquiry.case, turns), others=others, ask=ask), turns)


def _turn(case: Case, name: str) -> Turn | None:
    array, shape = case.odd[name], _place(case, name).shape(case.problem.sizes)
    return next((turn for turn in TURNS if is_real_float(array.dtype) and turn.fits(array, shape)), None)


def _turned(case: Case, turns: Mapping[str, Turn]) -> Case:
    """The case with these gradients turned: those, too, whose shape happens to be right as it is."""
    given, odd = dict(case.given), dict(case.odd)
    for name, turn in turns.items():
        place = _place(case, name)
        shape = place.shape(case.problem.sizes)
        array = odd[name] if name in odd else place.native(given[name]) if name in given else None
        if array is not None and is_real_float(array.dtype) and turn.fits(array, shape):
            odd.pop(name, None)
            given[name] = place.canonical(turn.back(array, shape).astype(np.float64))
    return replace(case, given=given, odd=odd)


def _place(case: Case, name: str) -> Placement:
    placements = case.layout.place(case.problem.spec.tensor(name), case.problem.spec)
    return next((place for place in placements if place.name == case.shown.get(name)), placements[0])
