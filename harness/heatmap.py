"""Heatmaps of |a - b|: small tables of numbers, max-pooled where an array is large, and no fault averaged away."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Label = Callable[[int], str]
PIECE = 1 << 17  # elements
CELLS = 24  # rows and columns at most: what a phone can show


@dataclass(frozen=True)
class Heatmap:
    """|a - b| as rows of cells. Leading axes of the array are rows, its last axis columns.

    `levels` are the cells' shades, 0 (nothing) to 9 (the largest); `pooled` says how many rows and columns of the
    array one cell is the maximum of.

    Raises:
        ValueError: values and levels do not have a row and a column for every label, or a level is no shade.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    levels: tuple[tuple[int, ...], ...]
    pooled: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        for cells in (self.values, self.levels):
            if [len(line) for line in cells] != [len(self.columns)] * len(self.rows):
                raise ValueError("a heatmap has not a row and a column for every label")
        if not all(0 <= level <= 9 for line in self.levels for level in line):
            raise ValueError("a heatmap has a level that is no shade, 0 to 9")


def heatmap(a: Array, b: Array, row: Label = str, column: Label = str) -> Heatmap:
    """The map of |a - b| of two arrays of one shape; `row` and `column` label a flat row and a column index."""
    a, b = _matrix(a), _matrix(b)
    height, width = a.shape
    tall, wide = -(-height // CELLS), -(-width // CELLS)
    row_starts, column_starts = range(0, height, tall), range(0, width, wide)
    if tall == wide == 1:
        cells = _distance(a, b)
    else:  # block by block: nothing as large as the arrays is ever made
        blocks = [[np.s_[r : r + tall, c : c + wide] for c in column_starts] for r in row_starts]
        cells = np.array([[_peak(a[block], b[block]) for block in line] for line in blocks])
    peak = cells.max()
    levels = np.minimum(np.ceil(9 * cells / peak), 9).astype(int) if peak > 0 else np.zeros(cells.shape, int)
    return Heatmap(
        rows=tuple(_span(row, start, tall, height) for start in row_starts),
        columns=tuple(_span(column, start, wide, width) for start in column_starts),
        values=tuple(tuple(map(float, line)) for line in cells),
        levels=tuple(tuple(map(int, line)) for line in levels),
        pooled=(tall, wide),
    )


def _matrix(array: Array) -> Array:
    """The array as rows and columns: (..., K) -> (rows, K)."""
    return array if array.ndim == 2 else array.reshape(-1, array.shape[-1] if array.ndim else 1)


def _distance(a: Array, b: Array) -> Array:
    return np.abs(a.astype(np.float64) - b.astype(np.float64))


def _peak(a: Array, b: Array) -> float:
    """The largest |a - b|; halved until the pieces fit a cache, so that no copy is ever large."""
    if a.size <= PIECE:
        return _distance(a, b).max()
    axis = int(np.argmax(a.shape))
    middle = a.shape[axis] // 2
    halves = (np.split(array, [middle], axis=axis) for array in (a, b))
    return max(_peak(left, right) for left, right in zip(*halves, strict=True))


def _span(label: Label, start: int, width: int, length: int) -> str:
    stop = min(start + width, length)
    return label(start) if width == 1 else f"{label(start)} to {label(stop - 1)}"
