"""Name matching: what people call a gradient, brought to the name of the model table, or refused with both lists.

A gradient is matched by its normalised spelling (dWxh, dcdWxh, gW_in, grad_W_xh and W_xh.grad all say W_xh), then by
its shape where only one of each is left with that shape. A single letter proposes and no more, since schools use it
differently: W is the recurrent matrix in Goodfellow, Bengio and Courville (2016) and the input's in Keras. Of what
letters could stand for the shapes decide, and where these leave a choice the values.
"""

import re
from collections.abc import Callable, Mapping
from itertools import permutations, product
from types import MappingProxyType

from .errors import BadInput
from .layout import Placement
from .models import Sizes
from .result import Match
from .visible import few

Shape = tuple[int, ...]
Apart = Callable[[str, str], float]
"""How far what was given under one name is from the right gradient of another: 0 the same, 1 nothing in common."""

# What people write before or behind a name to say "gradient of": dW, gW, dL/dW, d(cost)/dW, grad_W, W.grad, W_bar.
BEFORE = ("gradient", "grad", "delta", "nabla", "dloss", "dcost", "derror", "dl", "de", "dj", "dc", "d", "g")
BEHIND = ("gradients", "gradient", "grads", "grad", "bar")
OPTIONAL = ("loss", "output", "adjoint")


def normalised(name: str) -> str:
    """Lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def ways_to_read(name: str) -> list[str]:
    """A normalised name, and all that is left of it without the marks of a gradient, the least taken off first."""
    found = [normalised(name)]
    for spelling in found:  # grows while it is walked
        shorter = [spelling.removeprefix(mark) for mark in BEFORE] + [spelling.removesuffix(mark) for mark in BEHIND]
        found += [one for one in dict.fromkeys(shorter) if one and one not in found]
    return found


def spellings(place: Placement) -> set[str]:
    """All that a placement is known as. A doubled bias answers to its torch name alone."""
    own = {normalised(place.name)}
    return own if place.share < 1 else own | {normalised(place.spec.name), *place.spec.spellings}


def match(
    given: Mapping[str, Shape],
    places: Mapping[str, Placement],
    sizes: Sizes,
    apart: Apart | None = None,
    parameters: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Match, ...]:
    """Which of the user's gradients is which.

    Args:
        given: the user's names, with the shapes of what they name.
        places: by native name, all that can be compared; weights and biases are required.
        parameters: what the single letters among the user's parameters stand for: dW is the gradient of his own W.
        apart: asked of single letters that the shapes leave a choice; without it the most usual reading is taken.
    Raises:
        BadInput: two names say the same gradient, or a required one is not found; both lists are in the message.
    """
    own_letters = {normalised(name): native for name, native in parameters.items()}
    said: dict[str, list[str]] = {}
    letters: dict[str, str] = {}
    for name, shape in given.items():
        target, spelling = _by_name(name, shape, places, sizes)
        if own := own_letters.get(spelling):
            said.setdefault(own, []).append(name)
        elif is_letter(spelling, places.get(target)):
            letters[name] = target
        elif target:
            said.setdefault(target, []).append(name)
    free = {name: place for name, place in places.items() if name not in said}
    by_letter = _by_letter(
        {n: given[n] for n in letters}, {n: places[t] for n, t in letters.items()}, free, sizes, apart
    )
    for name, target in letters.items():
        if name not in by_letter:
            said.setdefault(target, []).append(name)
    found = {target: Match(_one(names, target, given, places, sizes), target, "name") for target, names in said.items()}
    found |= {one.matched: one for one in by_letter.values()}
    _by_shape(given, places, sizes, found)
    lacking = [name for name, place in places.items() if name not in found and _required(place, found, places)]
    if lacking:
        raise BadInput(f"no gradient given for {', '.join(lacking)}.\n" + both_lists(given, places, sizes))
    return tuple(found[name] for name in places if name in found)


def is_letter(spelling: str, place: Placement | None) -> bool:
    """Whether a spelling of a weight or a bias is a single letter, W or b."""
    return len(spelling) == 1 and place is not None and place.spec.kind in ("weight", "bias")


def readings(letters: Mapping[str, Placement], free: Mapping[str, Placement]) -> list[dict[str, str]]:
    """Everything that single letters could stand for, each another one of its kind: the most usual reading first.

    Args:
        letters: by name as given, what it usually stands for.
        free: what nothing else stands for; of these only what some letter is usual for is taken.
    """
    open_to = [n for n, place in free.items() if any(is_letter(spelling, place) for spelling in spellings(place))]
    choices = []
    for kind in ("weight", "bias"):
        names = [name for name, place in letters.items() if place.spec.kind == kind]
        targets = [name for name in open_to if free[name].spec.kind == kind]
        choices.append([dict(zip(names, some, strict=True)) for some in permutations(targets, len(names))])
    found = [weights | biases for weights, biases in product(*choices)]
    return sorted(found, key=lambda one: sum(one[name] != place.name for name, place in letters.items()))


def _by_letter(
    given: Mapping[str, Shape],
    letters: Mapping[str, Placement],
    free: Mapping[str, Placement],
    sizes: Sizes,
    apart: Apart | None,
) -> dict[str, Match]:
    """By single letter, what it stands for; nothing where two of them say the same, or no reading has the shapes."""

    def fit(one: Mapping[str, str]) -> int:
        return sum(free[one[name]].shape(sizes) == given[name] for name in letters)

    possible = readings(letters, free) if len({place.name for place in letters.values()}) == len(letters) else []
    most = max(map(fit, possible), default=0)
    fitting = [one for one in possible if most and fit(one) == most]
    if not fitting:
        return {}
    nearest = min(fitting, key=lambda one: sum(apart(*pair) for pair in one.items()) if apart else 0)
    decided = {name: len({one[name] for one in fitting}) == 1 for name in letters}
    return {
        name: Match(name, target, "shape" if decided[name] else "value" if apart else "name")
        for name, target in nearest.items()
    }


def _by_name(name: str, shape: Shape, places: Mapping[str, Placement], sizes: Sizes) -> tuple[str, str]:
    """The target that a name says, and the spelling that says it; both empty where it says none."""
    for spelling in ways_to_read(name):
        for target, place in places.items():
            fits = place.spec.kind not in OPTIONAL or place.shape(sizes) == shape
            if fits and spelling in spellings(place):
                return target, spelling
    return "", ""


def _one(
    names: list[str], target: str, given: Mapping[str, Shape], places: Mapping[str, Placement], sizes: Sizes
) -> str:
    """The one of several names that has the target's shape."""
    fitting = [name for name in names if given[name] == places[target].shape(sizes)] if len(names) > 1 else names
    if len(fitting) != 1:
        said = " and ".join(repr(name) for name in names)
        raise BadInput(f"{said} all read as {target}; rename all but one.\n" + both_lists(given, places, sizes))
    return fitting[0]


def _by_shape(
    given: Mapping[str, Shape], places: Mapping[str, Placement], sizes: Sizes, found: dict[str, Match]
) -> None:
    """Match what is left where a shape is left once on either side; an optional quantity is not guessed by shape."""
    named = {one.given for one in found.values()}
    loose = {name: shape for name, shape in given.items() if name not in named}
    left = {n: p.shape(sizes) for n, p in places.items() if n not in found and p.spec.kind not in OPTIONAL}
    for name, shape in loose.items():
        fitting = [target for target, expected in left.items() if expected == shape]
        if len(fitting) == 1 and list(loose.values()).count(shape) == 1:
            found[fitting[0]] = Match(name, fitting[0], "shape")


def _required(place: Placement, found: Mapping[str, Match], places: Mapping[str, Placement]) -> bool:
    """Weights and biases must be there; of a doubled bias one copy is enough."""
    if place.spec.kind not in ("weight", "bias"):
        return False
    return not any(places[name].spec == place.spec for name in found)


def both_lists(given: Mapping[str, Shape], places: Mapping[str, Placement], sizes: Sizes) -> str:
    """What was given and what is expected, one under the other, for error messages."""
    wanted = {n: p.shape(sizes) for n, p in places.items() if p.spec.kind in ("weight", "bias")}
    extra = {n: p.shape(sizes) for n, p in places.items() if p.spec.kind in ("input", "state")}
    return f"  given     {_listed(given)}\n  expected  {_listed(wanted)}\n  optional  {_listed(extra)}"


def _listed(shapes: Mapping[str, Shape]) -> str:
    return few([f"{name} {shape}" for name, shape in shapes.items()], 20) or "nothing"
