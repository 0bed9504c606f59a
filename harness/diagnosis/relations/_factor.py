"""Factors that gradients come out wrong by: signs, small rationals, sizes of the problem, and products of these."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod

from ...problem import Problem

SIZES = ("B", "T", "TB", "O", "BO", "TO", "TBO", "H", "I")
COMMON = (Fraction(-1), Fraction(2), Fraction(1, 2))
LARGEST = 12  # numerator and denominator of a bare rational
DECIMALS = (Fraction(1, 100), Fraction(1, 1000), Fraction(100), Fraction(1000))  # a learning rate, percent


@dataclass(frozen=True)
class Factor:
    """number * (product of `sizes`) ** power; the same in every problem by its symbols, not by its value."""

    number: Fraction = Fraction(1)
    sizes: str = ""
    power: int = 1

    def value(self, problem: Problem) -> float:
        return float(self.number) * float(prod(problem.sizes[s] for s in self.sizes)) ** self.power

    @property
    def words(self) -> str:
        """'-1', '2/B', '1/(T*B)'."""
        product = "*".join(self.sizes)
        if not product:
            return str(self.number)
        if self.power > 0:
            return {1: product, -1: f"-{product}"}.get(self.number, f"{self.number}*{product}")  # type: ignore[call-overload]
        return f"{self.number}/({product})" if "*" in product or "/" in str(self.number) else f"{self.number}/{product}"

    @property
    def predicate(self) -> str:
        return "of the opposite sign" if self.number == -1 and not self.sizes else f"scaled by {self.words}"

    @property
    def hint(self) -> str:
        if self.sizes:
            kept = "".join(s for s in self.sizes if s in "TBO")
            over = " and ".join(_COUNTED[s] for s in kept or self.sizes)
            if self.power < 0 and kept == self.sizes:
                also = "" if abs(self.number) == 1 else f", and a factor of {abs(self.number)} is left from the loss"
                return f"a mean is taken over {over} where the loss is a sum{also}"
            return f"look for a {'division' if self.power < 0 else 'product'} by the number of {_counted(self.sizes)}"
        size = abs(self.number)
        if self.number == -1:
            return "look for out - y written the other way round, or -= where += is meant"
        if size == 2:
            return "a term is added twice, or the 1/2 of the loss 0.5 * sum((out - y)^2) is forgotten"
        if size == Fraction(1, 2):
            return "a factor 1/2 is there once too often: the derivative of the loss 0.5 * sum((out - y)^2) is out - y"
        if size in (Fraction(1, 10), *DECIMALS):
            return "look for a learning rate or another constant that is already multiplied in"
        return f"look for a constant {size}, or for a term that is added more than once"


ONE = Factor()
_COUNTED = {"T": "timesteps", "B": "the batch", "O": "outputs", "H": "hidden units", "I": "inputs"}


def _counted(sizes: str) -> str:
    return " times that of ".join({"B": "batch elements"}.get(s, _COUNTED[s]) for s in sizes)


def matching(scale: float, problem: Problem) -> Iterator[Factor]:
    """Factors near this number, the plainest first; whether one holds down to the noise is for the caller to see."""
    return (factor for factor, value in _table(problem) if abs(scale - value) <= 1e-3 * abs(value))


@lru_cache(maxsize=64)  # the problems of a diagnosis; a test suite asks about ever new ones
def _table(problem: Problem) -> tuple[tuple[Factor, float], ...]:
    bare = {Fraction(p, q) for p in range(1, LARGEST + 1) for q in range(1, LARGEST + 1)} | set(DECIMALS)
    sized = [(sizes, power) for sizes in SIZES for power in (-1, 1)]
    rows = [
        *(Factor(number) for number in COMMON),
        *(Factor(Fraction(sign), *size) for sign in (1, -1) for size in sized),
        *(Factor(sign * n) for n in sorted(bare, key=lambda f: (f.numerator + f.denominator, f)) for sign in (1, -1)),
        *(Factor(sign * n, *size) for n in (Fraction(2), Fraction(1, 2)) for sign in (1, -1) for size in sized),
    ]
    plain = dict.fromkeys(factor for factor in rows if factor.number != 1 or factor.sizes)
    return tuple((factor, factor.value(problem)) for factor in plain if factor.value(problem) != 1.0)
