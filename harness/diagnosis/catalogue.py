"""The fault dictionary itself: what every mutant of the reference gives on a few small problems, always the same ones.

The candidate can be put to any problem, so the problems need not be the user's: a dictionary is made once for a model,
a loss and a batch or none, and kept. Mutants that give the same on all of them are one entry.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

import numpy as np

from ...backends.numpy_bptt import gradients as reference
from .. import edits as edits_package
from ..edits import Edit, propose
from ..noise import THRESHOLD, measure_noise
from ..problem import Problem, make_tensors
from . import mutants, shelf
from .mutants import NOT_FINITE, OK, OTHER_SHAPE, RAISED, STOPPED, Pool, Question, segments, width

Array = np.ndarray

# Awkward: no two sizes of a problem are the same, and what coincides in one problem does not in another. In the last
# nothing flows back in time, so that two faults seldom meet in one number.
SIZES = (
    {"T": 4, "B": 2, "I": 6, "H": 3, "O": 5},
    {"T": 6, "B": 3, "I": 2, "H": 5, "O": 4},
    {"T": 1, "B": 2, "I": 3, "H": 5, "O": 4},
)
SEEDS = (101, 102, 103)


@dataclass(frozen=True)
class Counts:
    """What became of the mutants: `raised`, `other_shape`, `not_finite` and `stopped` (hung, or ended their process)
    are kept out, and so are those `equal` to the reference; the rest fall into the entries."""

    tried: int
    raised: int
    other_shape: int
    not_finite: int
    stopped: int
    equal: int


@dataclass(frozen=True)
class Catalogue:
    """A fault dictionary.

    Args:
        questions: the problems, in float64; their tensors are exact in float32 too.
        groups: the entries: edits that do the same, the plainest first.
        tables: for every question what each entry gives, (groups, width).
        counts: of the mutants.
    """

    questions: tuple[Question, ...]
    groups: tuple[tuple[Edit, ...], ...]
    tables: tuple[Array, ...]
    counts: Counts

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(segment.name for segment in segments(self.questions[0][0]))

    @cached_property
    def touched(self) -> Array:
        """Which quantities an entry gives otherwise than the reference, on any question: (groups, names)."""
        changed = [_apart(question, table, _truth(question)) > THRESHOLD for question, table in self._each]
        return np.logical_or.reduce(changed)

    def only(self, chosen: Sequence[int]) -> Self:
        """The same dictionary with these of its questions alone."""
        asked, tables = (tuple(several[k] for k in chosen) for several in (self.questions, self.tables))
        return replace(self, questions=asked, tables=tables)

    @property
    def _each(self) -> zip:
        return zip(self.questions, self.tables, strict=True)


def questions(problem: Problem, batched: bool) -> tuple[Question, ...]:
    """The fixed problems of the same model, loss and biases."""
    found = []
    for sizes, seed in zip(SIZES, SEEDS, strict=True):
        # Rounded to float32, so that a candidate of either dtype gets the same numbers.
        small = Problem(
            **{**sizes, "T": problem.long_enough(sizes["T"]), **({} if batched else {"B": 1})},
            model=problem.model,
            loss=problem.loss,
            loss_on=problem.loss_on,
            bias=problem.bias,
            dtype="float32",
            seed=seed,
        )
        found.append((replace(small, dtype="float64"), make_tensors(small).cast("float64")))
    return tuple(found)


def fetch(problem: Problem, batched: bool, pool: Pool) -> tuple[Catalogue, str]:
    """The dictionary for a problem, from the shelf or newly built; and why it could not be kept, else ""."""
    asked = questions(problem, batched)
    name = _name(asked)
    if (kept := shelf.load(name)) is not None:
        try:
            return _unpack(asked, kept), ""
        except (KeyError, TypeError, ValueError):  # readable, but not ours: built again
            pass
    made = build(asked, pool)
    trouble = shelf.store(name, _pack(made))
    return made, trouble


def build(asked: tuple[Question, ...], pool: Pool) -> Catalogue:
    """Every mutant of what the reference's gradients run through, run and grouped."""
    proposed = mutants.plainest_first(propose(mutants.source(), mutants.running(asked[0]), breaking=True))
    went, tables = pool.run([(edit,) for edit in proposed], asked)
    well = np.flatnonzero(went == OK)
    tables = [table[well] for table in tables]
    same = np.logical_and.reduce(
        [
            (_apart(question, table, _truth(question)) <= THRESHOLD).all(1)
            for question, table in zip(asked, tables, strict=True)
        ]
    )
    well, tables = well[~same], [table[~same] for table in tables]
    units = np.hstack([_units(question) for question in asked])
    groups = grouped(np.hstack(tables), units)
    counts = Counts(
        tried=len(proposed),
        equal=int(same.sum()),
        **{
            field: int((went == code).sum())
            for field, code in (
                ("raised", RAISED),
                ("other_shape", OTHER_SHAPE),
                ("not_finite", NOT_FINITE),
                ("stopped", STOPPED),
            )
        },
    )
    members = tuple(tuple(proposed[well[k]] for k in group) for group in groups)
    first = [group[0] for group in groups]
    return Catalogue(asked, members, tuple(table[first] for table in tables), counts)


def grouped(rows: Array, units: Array) -> list[list[int]]:
    """Rows that are the same down to the noise, each group in order, and the groups by their first row.

    Every row is projected on one random direction, where equal rows lie together; only neighbours there are compared.

    Args:
        rows: (n, width). units: (width,), the noise of each column.
    """
    if not len(rows):
        return []
    scaled = rows / units
    direction = np.random.default_rng(0).uniform(0.5, 1.0, len(units))
    along = scaled @ direction
    reach = THRESHOLD * _growth(scaled).max(1) * direction.sum()
    order = np.argsort(along, kind="stable")
    apart = np.diff(along[order]) > np.maximum(reach[order][1:], reach[order][:-1])
    groups: list[list[int]] = []
    for near in np.split(order, np.flatnonzero(apart) + 1):
        found: list[list[int]] = []
        for k in sorted(near.tolist()):
            firsts = [group[0] for group in found]
            growth = _growth(scaled[k][None])[0]
            equal = (np.abs(scaled[firsts] - scaled[k]) <= THRESHOLD * growth).all(1) if found else np.array([])
            if equal.any():
                found[int(np.argmax(equal))].append(k)
            else:
                found.append([k])
        groups += found
    return sorted(groups)


def _growth(scaled: Array) -> Array:
    """How far noise has grown with the numbers, (n, width): 1 where they are below what 64-bit arithmetic resolves."""
    return np.maximum(1.0, np.abs(scaled) * np.finfo(np.float64).eps)


# --- noise and truth of the fixed problems, worked out by the reference each time: it takes milliseconds -------------


def _truth(question: Question) -> Array:
    return mutants.row(question[0], reference(*question))[1]


def _units(question: Question) -> Array:
    """The noise of each number of a row: that of its quantity."""
    noise, units = measure_noise(*question, reference).values, np.empty(width(question[0]))
    for segment in segments(question[0]):
        units[segment.place] = noise[segment.name]
    return units


def _apart(question: Question, table: Array, target: Array) -> Array:
    """Distance of every row from `target` in each quantity, in units of noise: (n, names)."""
    return worst(question[0], np.abs(table - target) / _units(question))


def worst(problem: Problem, table: Array) -> Array:
    """The largest number of each quantity in every row: (n, width) -> (n, names)."""
    starts = [segment.place.start for segment in segments(problem)]
    return np.maximum.reduceat(table, starts, axis=1)


# --- on the shelf ----------------------------------------------------------------------------------------------------


def _name(asked: Sequence[Question]) -> str:
    """Names all that a dictionary follows from: the reference, the edits, this file, the problems, the release."""
    digest = hashlib.sha256()
    folder = Path(edits_package.__file__).parent
    for path in (Path(__file__), Path(mutants.__file__), *sorted(folder.rglob("*.py"))):
        digest.update(path.read_bytes())
    digest.update(mutants.source().encode())
    digest.update(repr([problem for problem, _ in asked]).encode())
    with suppress(PackageNotFoundError):  # run from a checkout; its sources are in the digest
        digest.update(version("gradparity").encode())
    return f"dictionary-{asked[0][0].model}-{digest.hexdigest()[:24]}"


def _pack(catalogue: Catalogue) -> dict[str, Array]:
    texts = {
        "groups": [[asdict(edit) for edit in group] for group in catalogue.groups],
        "counts": asdict(catalogue.counts),
    }
    packed = {key: np.frombuffer(json.dumps(value).encode(), np.uint8) for key, value in texts.items()}
    return packed | {f"table{k}": table for k, table in enumerate(catalogue.tables)}


def _unpack(asked: tuple[Question, ...], kept: dict[str, Array]) -> Catalogue:
    """The dictionary in these arrays. Raises KeyError, TypeError or ValueError where they do not hold one."""
    groups = tuple(tuple(Edit(**edit) for edit in group) for group in json.loads(kept["groups"].tobytes()))
    tables = tuple(kept[f"table{k}"] for k in range(len(asked)))
    for (problem, _), table in zip(asked, tables, strict=True):
        if table.shape != (len(groups), width(problem)) or table.dtype != np.float64:
            raise ValueError("the tables do not fit the entries")
    return Catalogue(asked, groups, tables, Counts(**json.loads(kept["counts"].tobytes())))
