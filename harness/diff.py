"""`gradparity diff A B`: two files of gradients against each other, one name at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from os.path import commonprefix
from pathlib import Path

import numpy as np

from .arrays import is_real_float, roundoff
from .compare import MATCH, MISSING, UNEXPECTED, Comparison, Difference, compare, ratio_of
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
BLIND = (
    "{blind}: {threshold:g} times the noise is no less than the gradient itself, so that a match says nothing. Are the "
    "repeats of the same computation, and the dtype fine enough for gradients?"
)
STRIPPED = "The names in {file} are compared without their prefix {prefix!r}."


def diff(a: Path, b: Path, repeats: Sequence[Path] = (), threshold: float = THRESHOLD) -> Result:
    """Every gradient of file `a` against that of the same name in `b`.

    Args:
        a, b: the file judged, and the one that it is held against; all that `open_tensors` reads.
        repeats: further files of the computation that made `b`. Where they are given, the noise of a gradient is the
            largest difference between any two of `b` and these; else it is one rounding.
        threshold: the largest ratio of difference to noise that matches.
    Returns:
        One panel, with exit code 1 where a gradient differs or is in one file alone.
    Raises:
        BadInput: a file cannot be read, both are empty, or a repeat is not of the shapes of `b`.
    """
    left, right = open_tensors(a), open_tensors(b)
    names = _names(a, b)
    prefixes = _prefixes(left, right)
    left, right = left.without(prefixes[0]), right.without(prefixes[1])
    spreads = _spreads(right, b, repeats)
    noise = Noise({name: spread.noise for name, spread in spreads.items()}, "repeats")
    comparison = compare(left, right, noise, names=names, threshold=threshold)
    sentence = _sentence(comparison)
    makers = tuple(Maker(name, device="") for name in names)  # a file does not say where it was made
    panel = Panel(
        title=f"{names[0]} against {names[1]}",
        verdict=MATCH if comparison.verdict == MATCH else "mismatch",
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


@dataclass(frozen=True)
class _Spread:
    """The largest difference between any two runs, and the largest magnitude in one of them."""

    noise: float
    scale: float


def _spreads(b: TensorFile, path: Path, repeats: Sequence[Path]) -> dict[str, _Spread]:
    """By name, how far the repeats and `b` are apart; names that a run lacks, or is not finite in, are left out."""
    runs = [b, *(_aligned(repeat, b, path) for repeat in repeats)]
    found = {name: _spread(name, runs, (path, *repeats)) for name in b if all(name in run for run in runs)}
    return {name: spread for name, spread in found.items() if spread and np.isfinite(spread.noise)}


def _aligned(repeat: Path, b: TensorFile, path: Path) -> TensorFile:
    tensors = open_tensors(repeat)
    tensors = tensors.without(_prefixes(tensors, b, keep_b=True)[0])
    if not any(name in b for name in tensors):
        raise BadInput(f"{repeat} has no gradient of {path}; expected the same names: give a further run of that")
    return tensors


def _spread(name: str, runs: Sequence[Mapping[str, np.ndarray]], paths: Sequence[Path]) -> _Spread | None:
    noise = scale = 0.0
    for (a, path_a), (b, path_b) in combinations(zip(runs, paths, strict=True), 2):
        left, right = a[name], b[name]
        if left.shape != right.shape:
            raise BadInput(
                f"{path_b} has {name!r} of shape {right.shape}, but {path_a} of shape {left.shape}; a repeat is "
                "a further run of the same computation: leave out what is not"
            )
        if not (is_real_float(left.dtype) and is_real_float(right.dtype)):
            return None
        found = measure(left, right)
        noise = float(np.maximum(noise, found.max_norm))  # a NaN stays one
        scale = max(scale, found.scale_a, found.scale_b)
    return _Spread(noise, scale)


def _noise_notes(comparison: Comparison, spreads: Mapping[str, _Spread], repeated: bool, threshold: float) -> list[str]:
    """What a reader should know of the noise: where it comes from, and where it is too much to judge by."""
    blind = [d.name for d in comparison.differences if _is_blind(d, spreads.get(d.name), threshold)]
    lacking = [d.name for d in comparison.differences if repeated and d.source == "floor" and d.name not in spreads]
    notes = {
        FLOOR: not repeated,
        SAME: repeated and spreads and not any(spread.noise for spread in spreads.values()),
        LACKING: lacking,
        BLIND: blind,
    }
    words = {"b": comparison.b, "threshold": threshold, "lacking": _few(lacking), "blind": _few(blind)}
    return [note.format(**words) for note, said in notes.items() if said]


def _is_blind(difference: Difference, spread: _Spread | None, threshold: float) -> bool:
    """Whether zeros in place of this gradient would match as well: repeats too far apart, or a dtype like float8."""
    if difference.verdict != MATCH or not difference.max_norm:
        return False
    if spread and difference.source == "repeats":
        return threshold * spread.noise >= spread.scale
    return threshold * max(roundoff(np.dtype(d)) for d in (difference.dtype, difference.dtype_b)) >= 1


def _sentence(comparison: Comparison) -> str:
    """The verdict in a sentence: how many differ, the worst of them, and what one file alone has."""
    alone = (MISSING, UNEXPECTED)
    both = [d for d in comparison.differences if d.verdict not in alone]
    lone = [
        f"only in {file}: {_few([d.name for d in comparison.differences if d.verdict == verdict])}"
        for file, verdict in ((comparison.b, MISSING), (comparison.a, UNEXPECTED))
        if any(d.verdict == verdict for d in comparison.differences)
    ]
    return "; ".join([_sentence_of_both(both), *lone])


def _sentence_of_both(both: Sequence[Difference]) -> str:
    if not both:
        return "No gradient is in both files"
    worst = max(both, key=ratio_of)
    wrong = sum(d.verdict != MATCH for d in both)
    if not wrong:
        count = f"All {len(both)} gradients match" if len(both) > 1 else "The one gradient matches"
        return f"{count} (largest ratio {ratio_of(worst):.2g})"
    how = worst.verdict if worst.ratio is None else f"{worst.ratio:.2g} times the noise"
    return f"{wrong} of {len(both)} gradients differ{'s' * (wrong == 1)}; worst {worst.name}, {how}"


def _few(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
