"""Consensus as a finding: references disagree, and an oracle or the majority says which of them is wrong."""

from collections.abc import Iterable, Mapping

from .compare import MATCH, Comparison, mismatches, ratio_of
from .consensus import Consensus
from .errors import listed
from .finding import Finding, Residual
from .gradients import Maker


def find(judged: Consensus, makers: Iterable[Maker], oracles: Iterable[str]) -> tuple[Finding, ...]:
    """One finding for each outlier, with its versions. Without an oracle among those believed it only `fits`."""
    known = {maker.name: maker for maker in makers}
    arbiter = next((name for name in judged.believed if name in set(oracles)), "")
    against = {compared.a: compared for compared in judged.comparisons}
    return tuple(_finding(known[name], against[name], judged, arbiter, against) for name in judged.outliers)


def _finding(
    maker: Maker, compared: Comparison, judged: Consensus, arbiter: str, against: Mapping[str, Comparison]
) -> Finding:
    wrong = tuple(d.name for d in mismatches(compared))
    versions = ", ".join(f"{package} {version}" for package, version in maker.versions.items())
    who = f"{maker.name} ({versions})" if versions else maker.name
    others = listed([name for name in judged.believed if name != arbiter] or [arbiter], "and")
    oracle = f"; the oracle {arbiter}, which needs no automatic differentiation, decides" if arbiter else ""
    return Finding(
        means="consensus",
        what=f"{who} is the outlier",
        sentence=f"{who} computes {listed(wrong, 'and')} differently from {others}{oracle}.",
        gradients=wrong,
        residuals=tuple(
            Residual(d.name, ratio_of(d), _ratio(against.get(arbiter), d.name)) for d in mismatches(compared)
        ),
        confidence="confirmed" if arbiter else "fits",
        whole=True,
    )


def _ratio(arbiter: Comparison | None, name: str) -> float:
    """How far the arbiter is from the reference; 0 where it is the reference, or nobody arbitrates."""
    found = [d for d in arbiter.differences if d.name == name and d.verdict == MATCH] if arbiter else []
    return ratio_of(found[0]) if found else 0.0
