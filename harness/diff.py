"""`gradparity diff A B`: two files of gradients against each other, one name at a time."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product
from os.path import commonprefix
from pathlib import Path

import numpy as np

from .arrays import is_real_float
from .compare import CANNOT_TELL, MATCH, MISSING, UNEXPECTED, Comparison, Difference, compare, ratio_of, unjudged
from .errors import BadInput
from .gradients import Maker
from .measure import measure
from .noise import THRESHOLD, Noise
from .result import Match, Panel, Result, exit_code
from .run import own_version
from .tensorfile import TensorFile, open_tensors

FLOOR = (
    "The noise is only the floor, one rounding of the coarser dtype times the gradient's scale, which honest rounding "
    "exceeds in long sums: give further runs of what made {b} (another seed, order or device) with --repeat FILE."
)
SAME = "The repeats equal {b} to the bit, so the noise is only the floor: give runs that round differently."
LACKING = "Not in every repeat, or not finite there, and so judged by the floor: {lacking}."
BLIND = "{blind}: {threshold:g} times the noise is no less than the gradient itself, so that zeros would match as well."
FINER = "are the repeats of the same computation, and the dtype fine enough for gradients?"
VANISHES = "{vanishing}: zero but for rounding beside the other gradients, and so judged by their scale."
STRIPPED = "The names in {file} are compared without their prefix {prefix!r}."


def diff(a: Path, b: Path, repeats: Sequence[Path] = (), threshold: float = THRESHOLD) -> Result:
    """Every gradient of file `a` against that of the same name in `b`.

    Args:
        a, b: the file judged, and the one that it is held against; all that `open_tensors` reads.
        repeats: further files of the computation that made `b`. Where they are given, the noise of a gradient is the
            largest difference between any two of `b` and these; else it is one rounding.
        threshold: the largest ratio of difference to noise that matches.
    Returns:
        One panel, with exit code 1 where a gradient differs or is in one file alone, else 2 where one cannot be told.
    Raises:
        BadInput: a file cannot be read, both are empty, or a repeat is not of the shapes of `b`.
    """
    left, right = open_tensors(a), open_tensors(b)
    names = _names(a, b)
    prefixes = _prefixes(left, right)
    left, right = left.without(prefixes[0]), right.without(prefixes[1])
    spreads = _spreads(right, b, repeats)
    noise = Noise(spreads, "repeats")
    comparison = compare(left, right, noise, names=names, threshold=threshold)
    sentence = _sentence(comparison)
    makers = tuple(Maker(name, device="") for name in names)  # a file does not say where it was made
    panel = Panel(
        title=f"{names[0]} against {names[1]}",
        verdict=comparison.outcome,
        sentence=sentence,
        reference=names[1],
        makers=makers,
        comparisons=(comparison,),
        matches=_matches(left, right, prefixes),
    )
    stripped = [STRIPPED.format(file=n, prefix=p) for n, p in zip(names, prefixes, strict=True) if p]
    return Result(
        command="diff",
        headline=sentence,
        exit_code=exit_code((panel,)),
        panels=(panel,),
        threshold=threshold,
        makers=makers,
        notes=(*stripped, *_noise_notes(comparison, spreads, bool(repeats), threshold)),
        gradparity=own_version(),
    )


def _names(a: Path, b: Path) -> tuple[str, str]:
    """The files' names, or their whole paths where the names are the same."""
    return (a.name, b.name) if a.name != b.name else (str(a), str(b))


def _prefixes(a: Iterable[str], b: Iterable[str], keep_b: bool = False) -> tuple[str, str]:
    """What to take off all names of either side ("module.", "params/") for most to meet; nothing, where that does."""

    def met(prefixes: tuple[str, str]) -> tuple[int, int]:
        left, right = ({name.removeprefix(p) for name in names} for p, names in zip(prefixes, (a, b), strict=True))
        return len(left & right), -len("".join(prefixes))

    return max(product(_common_prefixes(a), [""] if keep_b else _common_prefixes(b)), key=met)


def _common_prefixes(names: Iterable[str]) -> list[str]:
    common = commonprefix(list(names))  # noqa: RUF071  # letters are meant: names are no paths
    return ["", *(common[: k + 1] for k, letter in enumerate(common) if letter in "./")]


def _matches(a: Iterable[str], b: Iterable[str], prefixes: tuple[str, str]) -> tuple[Match, ...]:
    if not any(prefixes):
        return ()
    theirs = set(b)
    return tuple(Match(prefixes[0] + name, prefixes[1] + name, "name") for name in a if name in theirs)


def _spreads(b: TensorFile, path: Path, repeats: Sequence[Path]) -> dict[str, float]:
    """By name, how far the repeats and `b` are apart; names that a run lacks, or is not finite in, are left out."""
    runs = [b, *(_aligned(repeat, b, path) for repeat in repeats)]
    found = {name: _spread(name, runs, (path, *repeats)) for name in b if all(name in run for run in runs)}
    return {name: spread for name, spread in found.items() if spread is not None and np.isfinite(spread)}


def _aligned(repeat: Path, b: TensorFile, path: Path) -> TensorFile:
    tensors = open_tensors(repeat)
    tensors = tensors.without(_prefixes(tensors, b, keep_b=True)[0])
    if not any(name in b for name in tensors):
        raise BadInput(f"{repeat} has no gradient of {path}; expected the same names: give a further run of that")
    return tensors


def _spread(name: str, runs: Sequence[Mapping[str, np.ndarray]], paths: Sequence[Path]) -> float | None:
    """The largest difference between any two runs."""
    noise = 0.0
    for (a, path_a), (b, path_b) in combinations(zip(runs, paths, strict=True), 2):
        left, right = a[name], b[name]
        if left.shape != right.shape:
            raise BadInput(
                f"{path_b} has {name!r} of shape {right.shape}, but {path_a} of shape {left.shape}; a repeat is "
                "a further run of the same computation: leave out what is not"
            )
        if not (is_real_float(left.dtype) and is_real_float(right.dtype)):
            return None
        noise = float(np.maximum(noise, measure(left, right).max_norm))  # a NaN stays one
    return noise


def _noise_notes(comparison: Comparison, spreads: Mapping[str, float], repeated: bool, threshold: float) -> list[str]:
    """What a reader should know of the noise: where it comes from, and where it is too much to judge by."""
    blind = [d.name for d in comparison.differences if d.verdict == CANNOT_TELL]
    vanishing = [d.name for d in comparison.differences if d.source == "neighbours"]
    lacking = [d.name for d in comparison.differences if repeated and d.source == "floor" and d.name not in spreads]
    notes = {
        FLOOR: not repeated,
        SAME: repeated and spreads and not any(spreads.values()),
        LACKING: lacking,
        VANISHES: vanishing,
        BLIND: blind,
    }
    words = {"b": comparison.b, "threshold": threshold, "lacking": _few(lacking), "blind": _few(blind),
             "vanishing": _few(vanishing)}  # fmt: skip
    return [note.format(**words) for note, said in notes.items() if said]


def _sentence(comparison: Comparison) -> str:
    """The verdict in a sentence: how many differ, the worst of them, and what one file alone has."""
    alone = (MISSING, UNEXPECTED)
    both = [d for d in comparison.differences if d.verdict not in alone]
    lone = [
        f"only in {file}: {_few([d.name for d in comparison.differences if d.verdict == verdict])}"
        for file, verdict in ((comparison.b, MISSING), (comparison.a, UNEXPECTED))
        if any(d.verdict == verdict for d in comparison.differences)
    ]
    return "; ".join([_sentence_of_both(both, comparison), *lone])


def _sentence_of_both(both: Sequence[Difference], comparison: Comparison) -> str:
    if not both:
        return "No gradient is in both files"
    differing = [d for d in both if d.verdict not in (MATCH, CANNOT_TELL)]
    worst, wrong = max(differing or both, key=ratio_of), len(differing)
    if not wrong and (unknown := unjudged([comparison], FINER)):
        return unknown
    if not wrong:
        count = f"All {len(both)} gradients match" if len(both) > 1 else "The one gradient matches"
        return f"{count} (largest ratio {ratio_of(worst):.2g})"
    how = worst.verdict if worst.ratio is None else f"{worst.ratio:.2g} times the noise"
    return f"{wrong} of {len(both)} gradients differ{'s' * (wrong == 1)}; worst {worst.name}, {how}"


def _few(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
