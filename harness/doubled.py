"""Double-double arithmetic: real numbers of twice float64's precision, each the unevaluated sum of two float64s.

`Doubled` is what the noise of float64 is measured against where long double is no wider than double (Windows, Apple
silicon). It is a complex array whose real part is the number rounded and whose imaginary part is what that leaves:
shapes, views, assignment and, since NumPy orders complex numbers by real part first, comparison are then NumPy's own.
Only the arithmetic is replaced: sums and products are good to 2^-98, elementary functions to 2^-80.

Sources: Dekker (1971), A floating-point technique for extending the available precision; Knuth, The Art of Computer
Programming 2, section 4.2.2, theorem B; Hida, Li and Bailey (2001), Algorithms for quad-double precision arithmetic.
"""

from collections.abc import Callable
from fractions import Fraction
from math import factorial
from typing import Any

import numpy as np

Array = np.ndarray
SPLIT = 2.0**27 + 1
ROOM = 2**15  # elements of the products that a matrix product sums at a time
LARGEST = 600.0  # exponent; exp(600) can still be split, and beside 1 exp(-600) is nothing
HALVINGS = 4  # before the exponential's series, whose argument is then at most ln 2 / 2^5


class Doubled(np.ndarray):
    """An array of double-double numbers. What is not in `UFUNCS` or `AS_COMPLEX` is refused with a TypeError."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **how: Any) -> Any:
        if (ufunc, method) in AS_COMPLEX:
            found = getattr(ufunc, method)(*map(np.asarray, inputs), **how)
        elif (ufunc, method) in UFUNCS:
            found = UFUNCS[ufunc, method](*map(doubled, inputs), **how)
        else:
            return NotImplemented
        if out is not None:
            out[0][...] = found
            return out[0]
        return doubled(found) if found.dtype.kind == "c" else found


def doubled(value: Any) -> Array:
    """Real numbers, exactly, or double-doubles as they are."""
    return value if isinstance(value, Doubled) else np.asarray(value, np.complex128).view(Doubled)


def join(high: Array, low: Array) -> Array:
    """The sum of two float64s of which the first is the larger, unless it is zero."""
    total = high + low
    found = np.empty(np.shape(total), np.complex128)
    found.real, found.imag = total, low - (total - high)
    return found.view(Doubled)


def parts(a: Array) -> tuple[Array, Array]:
    both = np.asarray(a, np.complex128)
    return both.real, both.imag


def constant(value: Fraction) -> Array:
    high = float(value)
    return add(doubled(high), doubled(float(value - Fraction(high))))


# --- sums and products ------------------------------------------------------------------------------------------------


def add(a: Array, b: Array) -> Array:
    """a + b; the error is small beside the larger of the two, as where they are rounded themselves."""
    (x, x_low), (y, y_low) = parts(a), parts(b)
    high = x + y
    other = high - x
    return join(high, (x - (high - other)) + (y - other) + (x_low + y_low))


def multiply(a: Array, b: Array) -> Array:
    (x, x_low), (y, y_low) = parts(a), parts(b)
    (x1, x2), (y1, y2) = split(x), split(y)
    high = x * y
    error = ((x1 * y1 - high) + x1 * y2 + x2 * y1) + x2 * y2
    return join(high, error + (x * y_low + x_low * y))


def split(x: Array) -> tuple[Array, Array]:
    """Two halves of 26 bits, products of which are exact."""
    scaled = SPLIT * x
    upper = scaled - (scaled - x)
    return upper, x - upper


def divide(a: Array, b: Array) -> Array:
    """The quotient of the float64s, and that of what it leaves."""
    (x, _), (y, _) = parts(a), parts(b)
    first = doubled(x / y)
    return first + doubled(parts(a - first * b)[0] / y)


def total(a: Array, axis: int | None, *, keepdims: bool = False, dtype: None = None, where: Any = True) -> Array:
    """Sum along an axis, or of all, by folding it in half; ndarray.sum always passes `dtype` and `where`."""
    gone = tuple(range(a.ndim)) if axis is None else axis
    a = a.reshape(-1) if axis is None else np.moveaxis(a, axis, 0)
    while len(a) > 1:
        half = len(a) // 2
        a = np.concatenate([a[:half] + a[half : 2 * half], a[2 * half :]]).view(Doubled)
    return np.expand_dims(a[0], gone) if keepdims else a[0]


def matmul(a: Array, b: Array) -> Array:
    """(..., K) @ (K, M), a few of the K at a time."""
    found = doubled(np.zeros((*a.shape[:-1], b.shape[-1])))
    step = max(1, ROOM // found.size)
    for k in range(0, len(b), step):
        found = found + (a[..., k : k + step, None] * b[k : k + step]).sum(-2)
    return found


# --- elementary functions ---------------------------------------------------------------------------------------------


def exp(a: Array) -> Array:
    e, scale = reduced(a)
    return (e + 1) * scale


def expm1(a: Array) -> Array:
    """exp(a) - 1, accurate near zero too."""
    e, scale = reduced(a)
    return e * scale + (scale - 1)


def reduced(a: Array) -> tuple[Array, Array]:
    """(e, scale) with exp(a) = (e + 1) * scale, a power of two; e is from its series, for an argument halved often."""
    a = np.maximum(np.minimum(a, LARGEST), -LARGEST)
    count = np.rint(parts(a)[0] / parts(LN2)[0])
    r = (a - LN2 * count) * 2.0**-HALVINGS
    e = doubled(np.polyval(TAIL, parts(r)[0]))
    for coefficient in SERIES:
        e = r * (e + coefficient)
    for _ in range(HALVINGS):  # exp(2 r) - 1 = e (e + 2)
        e = e * (e + 2)
    return e, doubled(np.exp2(count))


def tanh(a: Array) -> Array:
    e = expm1(a * 2)
    return e / (e + 2)


def log(a: Array) -> Array:
    """One step of Newton's method from the float64 logarithm; near 1 it is the absolute error that is small."""
    first = doubled(np.log(parts(a)[0]))
    return first + (a * np.exp(-first) - 1)


LN2 = constant(Fraction("0.693147180559945309417232121458176568075500134360255254"))
SERIES = [constant(Fraction(1, factorial(n))) for n in range(4, 0, -1)]
TAIL = [*(1 / factorial(n) for n in range(12, 4, -1)), 0.0]  # in float64 it is precise enough: below 2^-27 of all
AS_COMPLEX = {
    *((ufunc, "__call__") for ufunc in (np.negative, np.absolute, np.maximum, np.minimum)),
    *((ufunc, "__call__") for ufunc in (np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal)),
    (np.maximum, "reduce"),
}
UFUNCS: dict[tuple[np.ufunc, str], Callable[..., Array]] = {
    (np.add, "__call__"): add,
    (np.subtract, "__call__"): lambda a, b: add(a, -b),
    (np.multiply, "__call__"): multiply,
    (np.divide, "__call__"): divide,
    (np.matmul, "__call__"): matmul,
    (np.add, "reduce"): total,
    (np.exp, "__call__"): exp,
    (np.expm1, "__call__"): expm1,
    (np.tanh, "__call__"): tanh,
    (np.log, "__call__"): log,
}
