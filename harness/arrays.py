"""Arrays of any framework, as NumPy sees them: no framework is imported, only what an array itself offers is used."""

from typing import Any

import ml_dtypes
import numpy as np

Array = np.ndarray


def as_array(value: Any) -> Array:
    """The array behind `value`, without a copy where the framework allows it.

    NumPy arrays and scalars, lists of numbers, and anything with DLPack or `__array__`: torch tensors (off the graph,
    off the device, bfloat16 kept as such), JAX, TensorFlow, CuPy and MLX arrays. What is not numbers comes back with
    dtype object, for the comparator to name.
    """
    if isinstance(value, np.ndarray):
        return value
    for leave in ("detach", "cpu"):  # torch: off the graph and off the accelerator
        value = getattr(value, leave, lambda value=value: value)()
    if str(getattr(value, "dtype", "")) == "torch.bfloat16":  # NumPy's DLPack has no bfloat16; float32 holds it exactly
        return np.asarray(value.float()).astype(ml_dtypes.bfloat16)
    if hasattr(value, "__dlpack__"):
        try:
            return np.from_dlpack(value)
        except (BufferError, RuntimeError, TypeError, ValueError):  # a dtype or device that DLPack does not carry over
            pass
    try:
        return np.asarray(value)
    except Exception:  # a ragged list, or a foreign __array__ that raises: not numbers, whatever it is
        return np.asarray(None, dtype=object)


def is_real_float(dtype: np.dtype) -> bool:
    """Whether gradients may have this dtype: any real floating point, those of ml_dtypes included."""
    return dtype.kind == "f" or (dtype.kind == "V" and dtype.name in ML_FLOATS)


def roundoff(dtype: np.dtype) -> float:
    """Unit roundoff: half the distance from 1 to the next number."""
    return float(_finfo(dtype).eps) / 2


def smallest_normal(dtype: np.dtype) -> float:
    return float(_finfo(dtype).smallest_normal)


def rounding(dtype: np.dtype, scale: float) -> float:
    """The error of one rounding to this dtype at this magnitude, and no less than the distance of subnormal numbers."""
    return max(roundoff(dtype) * scale, float(_finfo(dtype).smallest_subnormal), LEAST)


LEAST = float(np.finfo(np.float64).smallest_subnormal)  # long double goes below what a float can say


def _finfo(dtype: np.dtype) -> Any:
    return ml_dtypes.finfo(dtype) if dtype.name in ML_FLOATS else np.finfo(dtype)


ML_FLOATS = (
    "bfloat16",
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3",
    "float8_e3m4",
    "float8_e4m3fnuz",
    "float8_e5m2fnuz",
)


def apart(a: Array, b: Array) -> float:
    """How far two arrays are from each other: 0 the same, 1 nothing in common, or not to be compared."""
    if a.shape != b.shape or not is_real_float(a.dtype):
        return 1.0
    with np.errstate(all="ignore"):
        a, b = a.astype(np.float64), b.astype(np.float64)
        away = float(np.linalg.norm(a - b) / ((np.linalg.norm(a) + np.linalg.norm(b)) or 1.0))
    return away if np.isfinite(away) else 1.0
