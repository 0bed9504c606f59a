"""Consensus: which makers agree, which of them is believed, and who stands against them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .compare import CANNOT_TELL, MATCH, MISMATCH, Comparison, Reading, compare, mismatches, unjudged
from .gradients import Gradients
from .noise import Noise
from .problem import Problem
from .result import Matrix


@dataclass(frozen=True)
class Witness:
    """A maker with an answer. `oracle`: it needs no AD, and arbitrates."""

    name: str
    gradients: Gradients
    oracle: bool = False


@dataclass(frozen=True)
class Consensus:
    """What a set of witnesses comes to.

    Args:
        reference: who speaks for the group that is believed; "" without a witness.
        believed: that group; `outliers` all others, or nobody where nothing could decide.
        matrix: worst ratio of everyone against everyone.
        comparisons: every other witness against the reference.
        outcome: match, mismatch or cannot tell.
        sentence: all that in words.
    """

    reference: str
    believed: tuple[str, ...]
    outliers: tuple[str, ...]
    matrix: Matrix
    comparisons: tuple[Comparison, ...]
    outcome: str
    sentence: str

    @property
    def agreed(self) -> bool:
        """Whether nobody contradicts anybody; what nobody can tell is no contradiction."""
        return all(comparison.outcome != MISMATCH for comparison in self.comparisons)

    @property
    def undecided(self) -> bool:
        """Whether they disagree and nothing decides between them."""
        return not self.outliers and len(self.believed) < len(self.matrix.names)


def judge(
    problem: Problem,
    witnesses: Sequence[Witness],
    noise: Noise,
    readings: Mapping[str, Reading],
    threshold: float,
    heat: bool = False,
) -> Consensus:
    """Compare everyone with everyone and name the outlier.

    Those that agree, each with each or through others, form a group. Believed is the group with an oracle in it, else
    the largest; where that leaves a tie, nobody is called an outlier. Witnesses come in the backends' order, and the
    first one believed is the reference.
    """

    def versus(a: Witness, b: Witness, heat: bool = False) -> Comparison:
        left, right = shared(problem, a.gradients, b.gradients)
        known = noise.at_least(a.gradients.uncertainty).at_least(b.gradients.uncertainty)
        return compare(left, right, known, names=(a.name, b.name), readings=readings, threshold=threshold, heat=heat)

    pairs = {(a.name, b.name): versus(a, b) for i, a in enumerate(witnesses) for b in witnesses[:i]}
    groups = _groups([w.name for w in witnesses], lambda a, b: pairs[a, b].outcome != MISMATCH)
    believed, decided = _believed(groups, {w.name for w in witnesses if w.oracle})
    outliers = tuple(w.name for w in witnesses if decided and w.name not in believed)
    reference = next((w for w in witnesses if w.name in believed), None)
    comparisons = tuple(versus(w, reference, heat) for w in witnesses if reference and w is not reference)
    exact = {w.name for w in witnesses if not w.gradients.uncertainty}
    judged = [c for c in comparisons if {c.a, c.b} <= exact] or comparisons  # what is too rough for one, others tell
    outcomes = {c.outcome for c in comparisons} - {CANNOT_TELL} | {c.outcome for c in judged}
    return Consensus(
        reference=reference.name if reference else "",
        believed=tuple(w.name for w in witnesses if w.name in believed),
        outliers=outliers,
        matrix=_matrix(witnesses, pairs),
        comparisons=comparisons,
        outcome=next(one for one in (MISMATCH, CANNOT_TELL, MATCH) if one in outcomes or one == MATCH),
        sentence=_sentence(witnesses, groups, outliers, comparisons, judged),
    )


def shared(problem: Problem, a: Gradients, b: Gradients) -> tuple[dict, dict]:
    """What of two answers is to be compared: all that was asked for, and of the rest what both can give."""
    asked = {spec.name for spec in problem.asked}
    left, right = a.quantities, b.quantities
    kept = [s.name for s in problem.spec.quantities if s.name in asked or (s.name in left and s.name in right)]
    kept = [n for n in kept if problem.bias or problem.spec.tensor(n).kind != "bias"]
    return {n: left[n] for n in kept if n in left}, {n: right[n] for n in kept if n in right}


def _groups(names: Sequence[str], agree: Callable[[str, str], bool]) -> list[list[str]]:
    """Connected components; `agree` is asked with the later name first."""
    groups: list[list[str]] = []
    for name in names:
        friends = [group for group in groups if any(agree(name, other) for other in group)]
        groups = [group for group in groups if group not in friends]
        groups.append([*(n for group in friends for n in group), name])
    return groups


def _believed(groups: list[list[str]], oracles: set[str]) -> tuple[list[str], bool]:
    """The group to believe, and whether that could be decided."""
    if not groups:
        return [], False
    weight = {id(group): (len(oracles & set(group)), len(group)) for group in groups}
    best = max(groups, key=lambda group: weight[id(group)])
    decided = sum(weight[id(group)] == weight[id(best)] for group in groups) == 1
    return best, decided


def _matrix(witnesses: Sequence[Witness], pairs: Mapping[tuple[str, str], Comparison]) -> Matrix:
    names = tuple(w.name for w in witnesses)
    told = {pair: comparison for pair, comparison in pairs.items() if comparison.outcome != CANNOT_TELL}
    ratios = {frozenset(pair): comparison.ratio for pair, comparison in told.items()}
    return Matrix(names, tuple(tuple(ratios.get(frozenset((a, b))) for b in names) for a in names))


def _sentence(
    witnesses: Sequence[Witness],
    groups: list[list[str]],
    outliers: tuple[str, ...],
    comparisons: tuple[Comparison, ...],
    judged: Sequence[Comparison],
) -> str:
    if len(witnesses) < 2:
        return "fewer than two backends answered, so nothing could be compared"
    if len(groups) == 1 and (unknown := unjudged(judged)):
        return unknown
    if len(groups) == 1:
        worst = max(comparisons, key=lambda c: c.ratio)
        who = "both" if len(witnesses) == 2 else f"all {len(witnesses)}"
        return f"{who} agree; the largest difference is {worst.ratio:.2g} times the noise ({worst.a})"
    if not outliers:
        sides = "; ".join(", ".join(group) for group in groups)
        return f"the backends disagree and nothing decides between them: {sides}"
    oracles = [w.name for w in witnesses if w.oracle and w.name not in outliers]
    others = len(witnesses) - len(outliers)
    against = f"{others} other" + "s" * (others > 1) + (f", the oracle {oracles[0]} among them" if oracles else "")
    said = [f"{c.a} in {_few([d.name for d in mismatches(c)])}" for c in comparisons if c.a in outliers]
    return f"{'; '.join(said)} differ{'s' * (len(outliers) == 1)} from {against}"


def _few(names: list[str], most: int = 4) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
