"""A claim: for some gradients, what each of them is to the true ones; how it is searched for, and how it is worded."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ...errors import listed
from ..case import Case, Hypothesis, Reference
from ..terms import Credits, credits_of, reached
from ._factor import ONE, Factor, matching
from ._relation import AS_IT_IS, Array, Course, Flow, Relation

Part = tuple[Relation, Factor]
Scenes = Mapping[int, "Scene"]  # by id() of their cases
SAME: Part = (AS_IT_IS, ONE)
_ITS = re.compile(r"\bits\b")


@dataclass(eq=False)
class Scene:
    """A case with what the reference says of each step's loss, asked for once."""

    case: Case
    reference: Reference
    _credits: Credits | None = None
    _under: dict[str, Case] = field(default_factory=dict)

    def under(self, flow: Flow | Course | None) -> Case:
        """The case as it would be if errors flowed so: another truth. The case itself for no flow."""
        if flow is None:
            return self.case
        if flow.what not in self._under:
            self._under[flow.what] = self._flowing(flow) if isinstance(flow, Flow) else self._taking(flow)
        return self._under[flow.what]

    def _taking(self, course: Course) -> Case:
        return course.taken(self.case, self.reference)

    def _flowing(self, flow: Flow) -> Case:
        if self._credits is None:
            self._credits = credits_of(self.case, self.reference)
        T = self.case.problem.T
        return reached(self.case, self._credits, flow.mask(T), np.ones(T, bool))


@dataclass(frozen=True)
class Claim:
    """These gradients are these relations of the truth, or of what it would be under a flow.

    Args:
        parts: by name, a relation and the factor on top of it.
        rank: that of the relation's family; a claim of lower rank is preferred where two explain as much.
        alone: the flow is that of these gradients alone; others, which are right, show that the pass has another.
    """

    parts: Mapping[str, Part]
    flow: Flow | Course | None = None
    rank: int = 0
    alone: bool = False

    @property
    def depth(self) -> int:
        """How many things have to be wrong at once."""
        extras = {part for part in self.parts.values() if part != SAME}
        return (self.flow is not None) + sum((r is not AS_IT_IS) + (f != ONE) for r, f in extras)

    @property
    def grounded(self) -> bool:
        """Another course has to show by itself in some gradient; seen only through a second fault, it is a guess."""
        return not isinstance(self.flow, Course) or SAME in self.parts.values()

    def predict(self, scene: Scene) -> dict[str, Array]:
        case, predicted = scene.under(self.flow), {}
        for name, (relation, factor) in self.parts.items():
            array = relation.predict(case, name)
            if array is not None:
                predicted[name] = array * factor.value(case.problem) if factor != ONE else array
        return predicted

    def hypothesis(self, scenes: Scenes, case: Case) -> Hypothesis:
        what, sentence = worded(self, case)
        return Hypothesis(what, sentence, lambda one: self.predict(scenes[id(one)]))

    def only(self, names: frozenset[str]) -> "Claim":
        return replace(self, parts={n: part for n, part in self.parts.items() if n in names})


def holding(claim: Claim, scenes: Scenes, cases: tuple[Case, ...]) -> Claim:
    """What of a claim holds on all of these cases that can speak of it."""
    kept = frozenset(claim.parts)
    for case in cases:
        predicted = claim.predict(scenes[id(case)])
        asked = (name for name in kept if name in case.given)
        kept -= {n for n in asked if n not in predicted or not case.residual(n, predicted[n]) <= case.threshold}
    return claim.only(kept)


def fitting(case: Case, name: str, relation: Relation) -> Iterator[Part]:
    """The relation with each factor under which it explains this gradient of the case down to the noise.

    What predicts the truth itself explains nothing. A case under a flow has another truth than the one that `given` is
    judged against; `case` is then that one.
    """
    given, predicted = case.given[name], relation.predict(case, name)
    if predicted is None or predicted.shape != given.shape:
        return
    weight = float(np.vdot(predicted, predicted))
    scale = float(np.vdot(predicted, given)) / weight if weight else 1.0
    if case.residual(name, scale * predicted) > 2 * case.threshold:
        return
    if relation is not AS_IT_IS and case.residual(name, predicted) <= case.threshold:
        yield relation, ONE
        return
    for factor in matching(scale, case.problem) if weight else ():
        if case.residual(name, factor.value(case.problem) * predicted) <= case.threshold:
            yield relation, factor


# --- words -----------------------------------------------------------------------------------------------------------


def worded(claim: Claim, case: Case) -> tuple[str, str]:
    """What is wrong in a few words, and in sentences."""
    kinds = dict.fromkeys(part for part in claim.parts.values() if part != SAME)
    extras = [{name: part for name, part in claim.parts.items() if part == kind} for kind in kinds]
    whats, sentences = [], []
    if claim.flow is not None:
        shown = listed((case.shown[n] for n in claim.parts), "and")
        whats.append(f"for {shown} alone, {claim.flow.what}" if claim.alone else claim.flow.what)
        others = "Other gradients are as they should be, so look at how" if claim.alone else "This explains"
        made = f" {'is' if len(claim.parts) == 1 else 'are'} made" if claim.alone else ""
        sentences.append(f"{_capital(whats[0])}: {claim.flow.hint}. {others} {shown}{made}.")
    for parts in extras:
        what, sentence = _of_parts(parts, case)
        whats.append(what)
        sentences.append(f"On top of that, {sentence[0].lower()}{sentence[1:]}" if claim.flow is not None else sentence)
    return "; ".join(whats), " ".join(sentences)


def _of_parts(parts: Mapping[str, Part], case: Case) -> tuple[str, str]:
    """Of gradients to which the same has happened, what that is, said once; hints can differ between them."""
    relation, factor = next(iter(parts.values()))
    shown = listed((case.shown[n] for n in parts), "and")
    be, gradients = ("are", "gradients") if len(parts) > 1 else ("is", "gradient")
    predicates = [p for p in (relation.predicate, factor.predicate if factor != ONE else "") if p]
    hints = [h for h in (*(r.hint for r, _ in parts.values()), factor.hint if factor != ONE else "") if h]
    predicate, hint = " and ".join(predicates), "; ".join(dict.fromkeys(hints))
    if len(parts) > 1:
        predicate, hint = (_ITS.sub("their", said) for said in (predicate, hint))
    if names_everything(parts, case) and relation is AS_IT_IS:
        also = " and the loss" if "loss" in parts else ""
        if "loss" in case.given and "loss" not in case.wrong:
            hint += "; the loss itself is right, so that backward starts from another loss than forward ends in"
        return f"every gradient{also} is {predicate}", f"Every gradient{also} is {predicate}: {hint}."
    return f"{shown} {be} {predicate}", f"The {gradients} of {shown} {be} {predicate}: {hint}."


def names_everything(names: Collection[str], case: Case) -> bool:
    """Whether these are all the gradients that the candidate gave, and more than one."""
    gradients = {spec.name for spec in case.problem.spec.tensors if spec.name in case.given}
    return len(gradients) > 1 and gradients <= set(names)


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
