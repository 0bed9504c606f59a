"""The credit map as whole arrays, and what a pattern says of one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import roundoff
from .case import Case

Array = np.ndarray


@dataclass(frozen=True)
class Traced:
    """The map as whole arrays.

    Args:
        case: the failing case.
        reference, candidate: (T, T, K), the adjoint of step t under the loss of step s at [s, t].
        noise: (T,), the rounding error to expect of row s.
    """

    case: Case
    reference: Array
    candidate: Array
    noise: Array

    @property
    def steps(self) -> int:
        return len(self.reference)

    @property
    def input(self) -> str:
        """The weight that the input meets, as the user calls it: W_xh."""
        return self._weight("x")

    @property
    def recurrent(self) -> str:
        """The weight that the state meets: W_hh."""
        return self._weight("h_prev")

    @property
    def steps_back(self) -> Array:
        """(T, T): how many steps before its loss each cell stands; negative behind it."""
        return np.arange(self.steps)[:, None] - np.arange(self.steps)

    @property
    def threshold(self) -> float:
        return self.case.threshold

    @property
    def there(self) -> Array:
        """(T, T): where the reference has something above the noise."""
        return self._magnitude(self.reference) > self.threshold

    @property
    def found(self) -> Array:
        """(T, T): where the candidate has."""
        return self._magnitude(self.candidate) > self.threshold

    @property
    def right(self) -> Array:
        """(T, T): where the two agree down to the noise."""
        return self.off(self.reference) <= self.threshold

    def off(self, predicted: Array) -> Array:
        """(T, T): largest |candidate - predicted| of each cell, in units of noise, which grows with what is predicted
        as in `Case.residual`."""
        scale = [np.abs(a).max(axis=(1, 2)) for a in (predicted, self.reference, self.candidate)]
        grown = np.maximum(1.0, scale[0] / np.where(scale[1] > 0, scale[1], 1.0))
        floor = roundoff(np.dtype(self.case.problem.dtype)) * scale[2]
        return np.abs(self.candidate - predicted).max(-1) / np.maximum(self.noise * grown, floor)[:, None]

    def _weight(self, of: str) -> str:
        factors = self.case.problem.spec.factors
        return next(self.case.shown[name] for name, (left, _) in factors.items() if left == of)

    def _magnitude(self, array: Array) -> Array:
        return np.abs(array).max(-1) / self.noise[:, None]


@dataclass(frozen=True)
class Seen:
    """What a pattern says of a map: `after` is the residual that it leaves; not `claimed` where nothing is wrong, or
    nothing can be said."""

    what: str
    sentence: str
    steps: tuple[int, ...] = ()
    after: float = 0.0
    claimed: bool = True


def flagged(mask: ArrayLike) -> tuple[int, ...]:
    """The steps at which a mask is true."""
    return tuple(int(k) for k in np.flatnonzero(mask))


def counted(k: int) -> str:
    return "1 step" if k == 1 else f"{k} steps"
