"""A gradient that is clipped: every entry to a bound, or the whole to a norm, its own or that of all together."""

from collections.abc import Callable, Iterator

import numpy as np

from ..case import Case
from ._relation import Array, Family, Relation, itself

DIGITS = 3  # of a bound that someone wrote
TORCH = 1e-6  # what torch.nn.utils.clip_grad_norm_ adds to the norm
Norm = Callable[[Case, str], float]


def propose(case: Case, name: str) -> Iterator[Relation]:
    truth, given = itself(case, name), case.given[name]
    if truth is None or given.shape != truth.shape or not given.any() or not np.isfinite(given).all():
        return
    bound = _written(float(np.abs(given).max()))
    if bound is not None and np.abs(truth).max() > bound:
        yield _entrywise(bound)
    for which, norm, of_given in (
        ("its own norm", _own, float(np.linalg.norm(given))),
        ("the norm of all gradients together", _global, _norm([case.given[n] for n in _names(case)])),
    ):
        right = norm(case, name)
        for eps in (0.0, TORCH):
            most = _written(of_given * (right + eps) / right) if right else None
            if most is not None and most < right:
                yield _to_norm(which, norm, most, eps)


def _written(number: float) -> float | None:
    """The number with few digits, where it is one."""
    short = float(f"{number:.{DIGITS}g}")
    return short if abs(short - number) <= 1e-9 * abs(number) else None


def _own(case: Case, name: str) -> float:
    return float(np.linalg.norm(case.truth.named[name]))


def _global(case: Case, name: str) -> float:
    return _norm([case.truth.named[n] for n in _names(case)])


def _names(case: Case) -> list[str]:
    return [n for n in case.truth.named if n in case.given]


def _norm(arrays: list[Array]) -> float:
    return float(np.sqrt(sum(float(np.vdot(a, a)) for a in arrays)))


def _entrywise(bound: float) -> Relation:
    def predict(case: Case, name: str) -> Array | None:
        truth = itself(case, name)
        return None if truth is None else np.clip(truth, -bound, bound)

    return Relation(
        f"clipped: no entry is larger than {bound:g}",
        "gradients are compared as they are: leave np.clip out, or clip behind the place where they are returned",
        predict,
    )


def _to_norm(which: str, norm: Norm, most: float, eps: float) -> Relation:
    def predict(case: Case, name: str) -> Array | None:
        truth, right = itself(case, name), norm(case, name)
        return None if truth is None else truth * min(1.0, most / (right + eps))

    return Relation(
        f"clipped: scaled down so that {which} is {most:g}",
        "gradients are compared as they are: leave the clipping out, or clip behind the place where they are returned",
        predict,
    )


FAMILY = Family(3, propose)
