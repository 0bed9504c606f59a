"""Not a bug: the candidate computes in a coarser type than it is asked to, does not repeat itself, or takes
differences for derivatives.

Which type is measured. The reference is run in that type on the problem and on permuted equivalents, which gives the
error to expect of every gradient; the candidate's errors have to be of that size. Rounding has a second mark, which a
mistake of tiny effect lacks: when the tensors are moved by a few roundings the errors are drawn anew, while those of a
mistake stay what they were. Types that are close to each other, of which only some operations are, fit as well as each
other, and are then named together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import ml_dtypes
import numpy as np

from ..arrays import roundoff
from ..errors import listed
from ..finding import Finding, Residual
from ..problem import Tensors
from . import differences, repeats
from .case import Case, Inquiry, Reference
from .equivalents import permutations, permute

Array = np.ndarray
DRAWS = 4
TYPICAL = 1 / 50  # the median of a candidate's errors, in units of what is expected: a few of many operations rounded
LARGEST = 8.0  # and the largest of them: sums in another order than the reference's
MOVED_BY = 8.0  # unit roundoffs
UNLIKE = 0.5  # cosine between errors, of which a mistake's stay above 0.9 and those of rounding near 0


@dataclass(frozen=True)
class Precision:
    """A coarser type: what to call it, and where it comes from."""

    dtype: np.dtype
    title: str
    look: str


PRECISIONS = (
    Precision(
        np.dtype(np.float32),
        "float32",
        "an array made with dtype float32, a tensor of torch's default dtype, or jax without jax_enable_x64",
    ),
    Precision(
        np.dtype(np.float16),
        "float16 or TF32",
        "an autocast, .half(), or products that may use TF32 (torch.backends.cuda.matmul.allow_tf32, "
        "jax_default_matmul_precision)",
    ),
    Precision(
        np.dtype(ml_dtypes.bfloat16), "bfloat16", "an autocast, .bfloat16(), or products at jax's default on a TPU"
    ),
)


def find(inquiry: Inquiry) -> tuple[Finding, ...]:
    """That the candidate differs from run to run, or takes differences, or the types whose rounding its errors are."""
    case = inquiry.case
    if not case.wrong:
        return ()
    working = roundoff(np.dtype(case.problem.dtype))
    coarser = [p for p in PRECISIONS if roundoff(p.dtype) > working]
    if found := repeats.find(inquiry) or differences.find(inquiry):
        return found
    fitting = [p for p in coarser if all(_fits(p, one, inquiry.reference) for one in inquiry.cases if one.wrong)]
    exact = [p for p in fitting if all(_holds(case.given[name], p.dtype) for name in case.wrong)]
    if fitting and _drawn_anew(fitting[0], inquiry):
        return (_finding(inquiry, fitting, exact),)
    return ()


def _fits(precision: Precision, case: Case, reference: Reference) -> bool:
    """Whether every wrong quantity is off by as much as this type explains."""
    ratios = _ratios(precision, case, reference)
    sizes = list(ratios.values())
    return set(ratios) == set(case.wrong) and max(sizes) <= LARGEST and float(np.median(sizes)) >= TYPICAL


def _ratios(precision: Precision, case: Case, reference: Reference) -> dict[str, float]:
    """The error of every wrong quantity, in units of the error that this type makes there."""
    expected = expected_errors(precision.dtype, case, reference)
    found = {n: float(np.abs(case.given[n] - case.expected(n)).max()) for n in case.wrong if n in case.given}
    return {n: error / expected[n] if expected[n] else float("inf") for n, error in found.items()}


def expected_errors(dtype: np.dtype, case: Case, reference: Reference) -> dict[str, float]:
    """The largest error of the reference, run in this type on permuted equivalents of the problem, by quantity.

    No less than a unit roundoff of what the quantity is, as for noise: of a single number, as the loss is, a few draws
    can all come out close by chance.
    """
    problem, unit = case.problem, roundoff(dtype)
    found = {name: unit * float(np.abs(array).max(initial=0.0)) for name, array in case.truth.quantities.items()}
    for draw in range(DRAWS):
        order = permutations(problem, draw)
        back = {size: np.argsort(p) for size, p in order.items()}
        tensors = _cast(case.tensors, dtype).map(lambda name, value, o=order: permute(problem, name, value, o))
        with np.errstate(all="ignore"):  # float16 overflows; its infinite error then fits nothing
            run = reference(problem, tensors).quantities
        for name in found:
            array = permute(problem, name, run[name].astype(np.float64), back)
            found[name] = max(found[name], float(np.abs(array - case.expected(name)).max()))
    return found


def _cast(tensors: Tensors, dtype: np.dtype) -> Tensors:
    return tensors.map(lambda _, value: value if value.dtype.kind == "i" else value.astype(dtype))


def _drawn_anew(precision: Precision, inquiry: Inquiry) -> bool:
    """Whether the errors change wholly when the tensors move by a few roundings of this type."""
    case, by = inquiry.case, MOVED_BY * roundoff(precision.dtype)
    random = np.random.default_rng([case.problem.seed, DRAWS])

    def moved(_: str, value: Array) -> Array:
        return value if value.dtype.kind == "i" else value * (1 + by * random.uniform(-1, 1, value.shape))

    runs = inquiry.ask([(case.problem, case.tensors.map(moved).cast(case.problem.dtype)) for _ in range(DRAWS)])
    expected = expected_errors(precision.dtype, case, inquiry.reference)
    errors = [_errors(one, case.wrong, expected) for one in (case, *runs) if one and set(case.wrong) <= set(one.given)]
    return len(errors) > 2 and _alike(errors) < UNLIKE


def _errors(case: Case, names: Sequence[str], expected: Mapping[str, float]) -> Array:
    """All errors of these quantities in a row, each in units of what is expected."""
    return np.concatenate([((case.given[n] - case.expected(n)) / expected[n]).ravel() for n in names])


def _alike(errors: Sequence[Array]) -> float:
    """The mean cosine between two of them."""
    pairs = list(combinations(errors, 2))
    return float(np.mean([a @ b / (np.linalg.norm(a) * np.linalg.norm(b) or 1.0) for a, b in pairs]))


def _finding(inquiry: Inquiry, fitting: Sequence[Precision], exact: Sequence[Precision]) -> Finding:
    """`exact` are those of `fitting` that every number returned is one of."""
    case, types = inquiry.case, exact[-1:] or fitting  # the finer ones hold what a coarser one does
    ratios = _ratios(types[0], case, inquiry.reference)
    title = types[0].dtype.name if exact else listed([p.title for p in types])
    return Finding(
        means="not a bug",
        what=f"returns {title}" if exact else f"computes in {title} somewhere",
        sentence=f"Your gradients are right to the precision of {title}, and no further: their errors have the size of "
        f"its rounding and change at random when the input moves by as little. Asked was {case.problem.dtype}. "
        f"Look for {'; or for '.join(p.look for p in types)}.",
        gradients=tuple(case.shown[name] for name in case.wrong),
        residuals=tuple(Residual(case.shown[name], case.before(name), ratios[name]) for name in case.wrong),
        confidence="confirmed" if any(other.wrong for other in inquiry.others) else "fits",
        whole=True,
    )


def _holds(array: Array, dtype: np.dtype) -> bool:
    """Whether every number is one of this type."""
    with np.errstate(over="ignore"):
        return bool((array == array.astype(dtype).astype(array.dtype)).all())
