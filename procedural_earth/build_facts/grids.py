"""Helpers for global grids: rows from north to south, columns from 180 degrees west, wrapping round."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt


@numba.njit(cache=True)
def fill_nearest(grid: Any, known: Any, steps: int) -> None:
    """Give every cell that is not `known` the value of the known cell with the fewest steps to it, in place.

    Steps go to the eight neighbours, round the antimeridian too; cells further than `steps` stay as they are.
    """
    reached = known.copy()
    front = np.argwhere(known)
    for _ in range(steps):
        front = _step(grid, reached, front)
        if len(front) == 0:
            return


@numba.njit(cache=True)
def _step(grid: Any, reached: Any, front: Any) -> Any:
    rows, columns = grid.shape
    following = np.empty((8 * len(front), 2), np.int64)
    count = 0
    for index in range(len(front)):
        row, column = front[index]
        for step in range(9):
            r, c = row + step // 3 - 1, (column + step % 3 - 1) % columns
            if 0 <= r < rows and not reached[r, c]:
                reached[r, c] = True
                grid[r, c] = grid[row, column]
                following[count, 0], following[count, 1] = r, c
                count += 1
    return following[:count].copy()


def blocks_of(grid: npt.NDArray[Any], size: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Split a grid into blocks: one value for a uniform block, an index into `mixed` for the others.

    Returns:
        `table` int32 (rows / size, columns / size): a value v >= 0 of a uniform block, or -1 - i of mixed
        block i; `mixed` (count, size, size).
    """
    rows, columns = grid.shape
    tiles = grid.reshape(rows // size, size, columns // size, size).swapaxes(1, 2)
    lowest, highest = tiles.min(axis=(2, 3)), tiles.max(axis=(2, 3))
    table = lowest.astype(np.int32)
    is_mixed = lowest != highest
    table[is_mixed] = -1 - np.arange(is_mixed.sum(), dtype=np.int32)
    return table, np.ascontiguousarray(tiles[is_mixed])
