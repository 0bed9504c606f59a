"""Relations: a wrong gradient is often a simple function of the right one. Needs the arrays and the problem alone.

A file of this folder that holds a `FAMILY` offers relations of single gradients: transposed, without a term, zero. A
factor may stand on top of each. `flow` has whole backward passes in which errors do not reach every step, and a file
with `courses` those that go wrong in another way; relations of single gradients compose with these too. What explains
the most wrong gradients is claimed first, and what is claimed holds on further problems of other sizes, so that B and 3
are told apart.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from math import inf
from pkgutil import iter_modules
from types import ModuleType

import numpy as np

from ...finding import Finding
from ..case import Case, Inquiry, finding
from . import shape
from ._claim import SAME, Claim, Part, Scene, Scenes, fitting, holding, names_everything
from ._factor import ONE
from ._relation import AS_IT_IS, Course, Family, Flow
from .flow import flows
from .shape import viewed

__all__ = ["Course", "families", "find", "on_top"]

# The flows of errors need T runs of the reference, all kept: the steps, and the numbers in dL/dh, that are worth it.
LONGEST, LARGEST = 64, 2_000_000
ALONE = 9  # the rank of a flow of single gradients: after every relation that says the same of them


@cache
def families() -> tuple[Family, ...]:
    """Every family of this folder, the plainest first."""
    return tuple(sorted((m.FAMILY for m in _files() if hasattr(m, "FAMILY")), key=lambda family: family.rank))


def courses(case: Case) -> Iterator[Course]:
    """Every whole pass that this folder offers for a case."""
    for module in _files():
        yield from module.courses(case) if hasattr(module, "courses") else ()


@cache
def _files() -> tuple[ModuleType, ...]:
    return tuple(import_module(f".{module.name}", __name__) for module in iter_modules(__path__))


def find(inquiry: Inquiry) -> tuple[Finding, ...]:
    """What relations explain of this candidate; each wrong gradient in one finding at most."""
    with np.errstate(all="ignore"):  # what a candidate returns may be huge or infinite; such numbers explain nothing
        return _explained(inquiry)


def _explained(inquiry: Inquiry) -> tuple[Finding, ...]:
    found: list[Finding] = []
    names = inquiry.case.wrong_gradients
    odd = inquiry.case.odd.keys() & set(names)
    seen = replace(
        inquiry, case=viewed(inquiry.case, odd), others=tuple(viewed(other, odd) for other in inquiry.others)
    )
    known = {id(case): Scene(case, inquiry.reference) for case in seen.cases}
    judged = tuple(other for other in seen.others if other.wrong)
    claims = [holding(claim, known, judged) for claim in _claims(known[id(seen.case)])]
    while claims := [
        rest
        for claim in claims
        if (rest := claim.only(frozenset(names) | {"loss"})).parts.keys() & set(names) and rest.grounded
    ]:
        best = min(claims, key=lambda claim: (-len(claim.parts), claim.depth, claim.rank))
        made = _found(best, known, seen)
        if made:
            found.append(made)
            names = tuple(name for name in names if name not in best.parts)
        claims.remove(best)
    return tuple(found)


def on_top(inquiry: Inquiry, course: Course) -> Finding | None:
    """The finding that the pass takes this course, and that one relation on top of it is all else that is wrong."""
    with np.errstate(all="ignore"):
        scenes = {id(case): Scene(case, inquiry.reference) for case in inquiry.cases}
        case, bent = inquiry.case, scenes[id(inquiry.case)].under(course)
        changed = {n for n in case.given if n in bent.truth.named and _differs(case, bent, n)}
        if not changed <= set(case.wrong):
            return None
        parts: dict[str, Part] = {}
        for name in case.wrong_gradients:
            if name not in case.odd and case.residual(name, bent.truth.named[name]) <= case.threshold:
                parts[name] = SAME
            elif best := _plainest(bent, name):
                parts[name] = best
        claim = holding(Claim(parts, course), scenes, tuple(other for other in inquiry.others if other.wrong))
        whole = claim.parts.keys() >= set(case.wrong_gradients)
        return _found(claim, scenes, inquiry) if whole and claim.grounded and claim.depth <= 2 else None


def _plainest(case: Case, name: str) -> Part | None:
    """Of what explains a gradient, what needs no factor, then the plainest family."""
    best = min(_fits(case, name), key=lambda found: (found[1][1] != ONE, found[0]), default=None)
    return best and best[1]


def _found(claim: Claim, scenes: Scenes, inquiry: Inquiry) -> Finding | None:
    """The finding of a claim; no more than "fits" where no other case could speak of it."""
    case, names = inquiry.case, tuple(claim.parts)
    steps = {t for relation, _ in claim.parts.values() for t in relation.steps(case.problem)}
    made = finding("relation", claim.hypothesis(scenes, case), inquiry, names, steps=tuple(sorted(steps)))
    if made is None:
        return None
    evidence = (
        replace(one, before=inf) if name in case.odd else one for name, one in zip(names, made.residuals, strict=True)
    )
    made = replace(made, residuals=tuple(evidence))
    if any(4 * one.after > one.before for one in made.residuals):  # it explains next to nothing
        return None
    confirmed = any(claim.parts.keys() <= other.given.keys() for other in inquiry.others if other.wrong)
    return made if confirmed else replace(made, confidence="fits")


def _claims(scene: Scene) -> Iterator[Claim]:
    """Everything that explains some wrong gradient of the case down to the noise, before it is held against others."""
    case = scene.case
    groups: dict[tuple[int, str, object], dict[str, Part]] = defaultdict(dict)
    for name in case.wrong_gradients:
        for rank, part in _fits(case, name):
            groups[rank, part[0].predicate, part[1]].setdefault(name, part)
    for (rank, _, _), parts in groups.items():
        yield Claim(_with_loss(case, parts), rank=rank)
    T, size = case.problem.T, case.truth.adjoints["adjoint_h"].size
    if 1 < T <= LONGEST and T * size <= LARGEST:
        every = (*flows(T), *courses(case))
        yield from (claim for flow in every if (claim := _under(scene, flow)))


def _fits(case: Case, name: str) -> Iterator[tuple[int, Part]]:
    """Relations and factors that explain this gradient, with the rank of their family."""
    if name not in case.given:
        return
    if name in case.odd:
        yield from ((0, part) for relation in shape.propose(case, name) for part in fitting(case, name, relation))
        return
    yield from ((0, part) for part in fitting(case, name, AS_IT_IS))
    for family in families():
        for relation in family.propose(case, name):
            yield from ((family.rank, part) for part in fitting(case, name, relation))


def _with_loss(case: Case, parts: dict[str, Part]) -> dict[str, Part]:
    """The loss belongs to what scales every gradient, where it is wrong by the same factor."""
    part = next(iter(parts.values()))
    if part[0] is not AS_IT_IS or "loss" not in case.wrong or not names_everything(parts, case):
        return parts
    agrees = case.residual("loss", case.expected("loss") * part[1].value(case.problem)) <= case.threshold
    return {"loss": part, **parts} if agrees else parts


def _under(scene: Scene, flow: Flow | Course) -> Claim | None:
    """The claim that errors flow so, for the gradients which that explains, alone or with a relation on top.

    None where it explains none by itself. Where it would break one that is right, the most that can be is that errors
    flow so for single gradients, as where each is made by a recursion of its own.
    """
    case, bent = scene.case, scene.under(flow)
    changed = [n for n in case.given if n in bent.truth.named and _differs(case, bent, n)]
    if not all(name in case.wrong for name in changed):
        same = {n: SAME for n in changed if case.residual(n, bent.truth.named[n]) <= case.threshold}
        return Claim(same, flow, ALONE, alone=True) if same and isinstance(flow, Flow) else None
    parts: dict[str, Part] = {}
    for name in changed:
        if case.residual(name, bent.truth.named[name]) <= case.threshold:
            parts[name] = SAME
        elif part := next(fitting(bent, name, AS_IT_IS), None):
            parts[name] = part
    if not parts:
        return None
    for name in (n for n in changed if n not in parts):
        if best := _plainest(bent, name):
            parts[name] = best
    return Claim(parts, flow)


def _differs(case: Case, bent: Case, name: str) -> bool:
    """Whether the flow says anything else of a gradient than the truth does."""
    apart = abs(bent.truth.named[name] - case.truth.named[name]).max()
    return bool(apart > case.threshold * case.noise.values[name])
