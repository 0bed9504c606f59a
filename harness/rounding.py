"""Random rounding: a computation done several times at once, with the result of every operation rounded at random.

`Rounded` is what NumPy's operators and functions take for an array. Behind it stand several draws of its values, and
what an operation gives is moved in each of them by up to one unit roundoff, at random. How far the draws lie from the
exact result is the error to expect of it, by whatever road and in whatever order it is worked out. Adding up in other
orders shows less: two numbers have one order, and all the orders of a few may by chance round well.

A product or quotient r is moved by up to u |r|, and so is an elementary function; a sum of two numbers a and b by
u (|a| + |b|), since others make its parts otherwise, and a part may be rounded where it is large. A sum s of n terms,
matrix products included, is moved by up to u sqrt(n (s^2 + q)), where q is the sum of the squares: about what a loop
comes to that rounds every partial sum, be they all of one sign or of either.

Sources: Vignes (1993), A stochastic arithmetic for reliable scientific computation (CESTAC); Parker (1997), Monte Carlo
arithmetic; for sums Higham (2002), Accuracy and Stability of Numerical Algorithms, section 4.2, and Higham and Mary
(2019), A new approach to probabilistic rounding error analysis.
"""

from functools import cache
from math import prod
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

Array = np.ndarray
Axis = int | None
EXACT = {
    *(np.negative, np.absolute, np.maximum, np.minimum),
    *(np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal),
}
SUMS = {np.add, np.subtract}
ROOM = 2**18  # half the numbers in the table


@cache
def table() -> Array:
    """Random numbers, uniform in [-1, 1)."""
    return np.random.default_rng(0).uniform(-1, 1, 2 * ROOM)


class Rounding:
    """So many draws, each of which moves what it rounds by up to `unit`, relatively; the same for the same seed."""

    def __init__(self, draws: int, unit: float, seed: list[int]) -> None:
        self.draws, self.unit = draws, unit
        self.random = np.random.default_rng(seed)
        self.next = len(table())  # of the table's numbers; at its end a random place is next

    def chance(self, shape: tuple[int, ...]) -> Array:
        """Uniform in [-1, 1): from the table, since drawing numbers anew takes longer than the arithmetic."""
        count = prod(shape)
        if count > ROOM:
            return self.random.uniform(-1, 1, shape)
        if self.next + count > len(table()):
            self.next = int(self.random.integers(ROOM))
        self.next += count
        return table()[self.next - count : self.next].reshape(shape)

    def exact(self, value: Array) -> "Rounded":
        """What is given, and the same in every draw."""
        return Rounded(np.asarray(value)[None], self)

    def moved(self, result: Array, size: Array) -> "Rounded":
        """(1 or draws, *shape) -> draws of it, each moved by up to `unit` times `size`."""
        found = self.chance((self.draws, *result.shape[1:])) * size
        found *= self.unit
        found += result
        return Rounded(found, self)

    def summed(self, total: Array, squares: Array, count: int) -> "Rounded":
        """`count` terms added up to `total`; their squares, of which one draw is enough, to `squares`."""
        return self.moved(total, np.sqrt(count * (squares + total[:1] * total[:1])))


class Rounded(NDArrayOperatorsMixin):
    """Draws of one array: `values` is (draws, *shape), or (1, *shape) where all are the same.

    It has what the reference uses; NumPy refuses other functions with a TypeError. `np.asarray` gives the draws.
    """

    __slots__ = ("rounding", "values")

    def __init__(self, values: Array, rounding: Rounding) -> None:
        self.values, self.rounding = values, rounding

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **how: Any) -> Any:
        if method != "__call__" or how:
            return NotImplemented
        terms = [a.values if isinstance(a, Rounded) else np.asarray(a)[None] for a in inputs]
        found = self._product(*terms) if ufunc is np.matmul else self._elementwise(ufunc, *_aligned(terms))
        if out is not None:
            out[0].values[...] = found.values
            return out[0]
        return found

    def _elementwise(self, ufunc: np.ufunc, *terms: Array) -> "Rounded":
        result = ufunc(*terms)
        if ufunc in EXACT:
            return Rounded(result, self.rounding)
        size = np.abs(terms[0][:1]) + np.abs(terms[1][:1]) if ufunc in SUMS else result
        return self.rounding.moved(result, size)

    def _product(self, a: Array, b: Array) -> "Rounded":
        return self.rounding.summed(a @ b, np.square(a[:1]) @ np.square(b[:1]), a.shape[-1])

    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> "Rounded":
        over, one = self._axes(axis), self.values[:1]
        count = one.size // max(1, one.sum(over).size)
        squares = np.square(one).sum(over, keepdims=keepdims)
        return self.rounding.summed(self.values.sum(over, keepdims=keepdims), squares, count)

    def max(self, axis: Axis = None, *, keepdims: bool = False) -> "Rounded":
        return Rounded(self.values.max(self._axes(axis), keepdims=keepdims), self.rounding)

    def _axes(self, axis: Axis) -> tuple[int, ...]:
        return tuple(range(1, self.values.ndim)) if axis is None else (axis % self.ndim + 1,)

    # --- an array's parts and shape, behind the axis of the draws -----------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.values, dtype)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], how: dict[str, Any]) -> Any:
        if function not in (np.empty_like, np.zeros_like):
            return NotImplemented
        return Rounded(np.zeros((self.rounding.draws, *how.get("shape", args[0].shape))), self.rounding)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape[1:]

    @property
    def ndim(self) -> int:
        return self.values.ndim - 1

    @property
    def dtype(self) -> np.dtype:
        return self.values.dtype

    @property
    def T(self) -> "Rounded":  # noqa: N802  # NumPy's name
        return Rounded(self.values.transpose(0, *range(self.ndim, 0, -1)), self.rounding)

    def __len__(self) -> int:
        return self.values.shape[1]

    def __getitem__(self, index: Any) -> "Rounded":
        return Rounded(self.values[_behind(index)], self.rounding)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.values[_behind(index)] = value.values if isinstance(value, Rounded) else value

    def astype(self, dtype: Any) -> "Rounded":
        return Rounded(self.values.astype(dtype), self.rounding)

    def reshape(self, *shape: int) -> "Rounded":
        return Rounded(self.values.reshape(len(self.values), *shape), self.rounding)


def _behind(index: Any) -> tuple[Any, ...]:
    return (slice(None), *index) if isinstance(index, tuple) else (slice(None), index)


def _aligned(terms: list[Array]) -> list[Array]:
    """With as many axes as the one with most, so that all broadcast behind the axis of the draws."""
    ndim = max(term.ndim for term in terms)
    return [t if t.ndim == ndim else t.reshape(len(t), *(1,) * (ndim - t.ndim), *t.shape[1:]) for t in terms]
