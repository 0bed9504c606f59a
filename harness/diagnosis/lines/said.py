"""What is said of suspects, in words."""

from collections.abc import Sequence

from ...edits.source import plain
from ...errors import listed
from ...finding import Suspect

ROLES = {
    "assigned": "what is assigned",
    "added": "what is added",
    "returned": "what is returned",
    "yielded": "what is yielded",
    "made": "what is made at each turn",
    "passed": "what is passed on",
}
SHORT = 60  # characters of an expression


def what(told: Sequence[Suspect]) -> str:
    """'line 26: dcdHin[t + 1] for dcdHin[t]', or 'the fault can be cured at line 27 or line 28 alone'."""
    if told[0].cure:
        return "; ".join(f"line {one.line}: {one.cure}" if one.cure else f"and line {one.line}" for one in told)
    lines = list(dict.fromkeys(one.line for one in told))
    return f"{listed([f'line {n}' for n in lines])} alone can be the cause"


def sentence(told: Sequence[Suspect]) -> str:
    """The same with the values: what stands there now, and what must."""
    return " ".join(map(_told, told[:3]))


def _told(one: Suspect) -> str:
    names = [residual.name for residual in one.residuals]
    role = ROLES.get(one.role, "the value")
    turn = "" if one.turns == 1 else f" at execution {one.turn + 1} of {one.turns}"
    value = f"In line {one.line} {role}, `{_shortened(one.text)}`, is {one.now}{turn}, and must be {one.needed}."
    if not one.cure:
        return value if one.evidence else f"{value} It is all that {listed(names, 'and')} is made of."
    every = "it" if one.turns == 1 else "each of them"
    right = "every gradient" if one.whole else listed(names, "and")
    return f"{value} With {one.cure} {every} is what it must be, and {right} is right, on further problems too."


def _shortened(text: str) -> str:
    text = plain(text)
    return text if len(text) <= SHORT else f"{text[: SHORT - 4]} ..."
