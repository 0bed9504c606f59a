"""What is said of suspects, in words."""

from collections.abc import Sequence

from ...edits.source import plain
from ...errors import listed
from ...finding import Suspect
from .taps import GAP

ROLES = {
    "assigned": "what is assigned",
    "added": "what is added",
    "returned": "what is returned",
    "yielded": "what is yielded",
    "made": "what is made at each turn",
    "passed": "what is passed on",
    GAP: "what is left in",
}
SHORT = 60  # characters of an expression


def what(told: Sequence[Suspect]) -> str:
    """'line 26: dcdHin[t + 1] for dcdHin[t]', or 'another value in line 27 or line 28 alone would make all right'."""
    if told[0].cure:
        return "; ".join(f"line {one.line}: {one.cure}" if one.cure else f"and line {one.line}" for one in told)
    lines = list(dict.fromkeys(one.line for one in told))
    return f"another value in {listed([f'line {n}' for n in lines])} alone would make all right"


def sentence(told: Sequence[Suspect]) -> str:
    """The same with the values: what stands there now, and what must."""
    return " ".join(map(_told, told[:3]))


def _told(one: Suspect) -> str:
    names = [residual.name for residual in one.residuals]
    right = "every gradient is" if one.whole else f"{listed(names, 'and')} {'is' if len(names) == 1 else 'are'}"
    if one.cure:
        if not one.turns:  # it is no value that is mended
            return f"With {one.cure} at line {one.line} {right} right, on further problems too."
        if one.role == GAP:
            return f"With {one.cure} behind line {one.line} {right} right, on further problems too."
        every = "the value there" if one.turns == 1 else f"each of the {one.turns} values there"
        made = f"With {one.cure} in line {one.line} {every} is what it must be"
        return f"{made}, and {right} right, on further problems too."
    role = ROLES.get(one.role, "the value")
    turn = "" if one.turns == 1 else f" at execution {one.turn + 1} of {one.turns}"
    value = f"In line {one.line} {role}, `{_shortened(one.text)}`, is {one.now}{turn}; were it {one.needed}"
    value += " and what it must be at the others" if one.changed > 1 else ""
    more = "" if one.evidence else " That is all that these gradients are made of."
    return f"{value}, {right} right.{more}"


def _shortened(text: str) -> str:
    text = plain(text)
    return text if len(text) <= SHORT else f"{text[: SHORT - 4]} ..."
