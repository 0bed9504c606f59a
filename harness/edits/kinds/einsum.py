"""einsum("tbi,tbh->hi") for "tbi,tbh->ih": letters or operands of the subscripts exchanged, another letter summed."""

import ast
from collections.abc import Iterator
from itertools import combinations

from ..site import Change, Kind, Site


def propose(site: Site) -> Iterator[Change]:
    match site.node:
        case ast.Call(
            func=ast.Attribute(attr="einsum") | ast.Name(id="einsum"), args=[ast.Constant(value=str(text)) as at, *_]
        ):
            quote = site.of(at)[-1]
            for new in dict.fromkeys(subscripts(text.replace(" ", ""))):
                yield Change(at, f"{quote}{new}{quote}")


def subscripts(text: str) -> Iterator[str]:
    inputs, arrow, output = text.partition("->")
    groups = [*inputs.split(","), output] if arrow else inputs.split(",")
    letters = sorted({letter for letter in text if letter.isalpha()})
    for g, group in enumerate(groups):
        for i, j in combinations(range(len(group)), 2):
            swapped = list(group)
            swapped[i], swapped[j] = group[j], group[i]
            yield written(groups, arrow, {g: "".join(swapped)})
        for i, old in enumerate(group):
            for new in letters if old.isalpha() else ():
                yield written(groups, arrow, {g: group[:i] + new + group[i + 1 :]})
    for a, b in combinations(range(len(inputs.split(","))), 2):
        yield written(groups, arrow, {a: groups[b], b: groups[a]})


def written(groups: list[str], arrow: str, new: dict[int, str]) -> str:
    changed = [new.get(i, group) for i, group in enumerate(groups)]
    return ",".join(changed[:-1]) + arrow + changed[-1] if arrow else ",".join(changed)


KIND = Kind("change the subscripts of einsum", (ast.Call,), propose)
