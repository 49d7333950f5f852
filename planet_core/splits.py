"""Training and validation photos that share no place and no group (numpy only).

A split by row would put two frames of one walk on both sides, and the model would be examined on what it has
learnt by heart. So photos are tied together into units: whole fine S2 cells (places), and whole groups (one
panorama's views, one sequence, one album), and a unit goes to one side as a whole. Units are drawn inside the
classes, so that every class keeps photos to learn from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def units(fine_cells: npt.NDArray[np.uint64], groups: Sequence[str]) -> IntArray:
    """The unit 0..u-1 of each photo: photos that share a fine cell or a group, directly or through others.

    Args:
        fine_cells: uint64 (photos,).
        groups: (photos,); "" is no group.
    """
    _, place = np.unique(fine_cells, return_inverse=True)
    names = np.array(groups, dtype=np.str_)
    _, group = np.unique(names, return_inverse=True)
    parent = list(range(int(place.max(initial=-1)) + 1))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]  # halve the path on the way
            node = parent[node]
        return node

    # places are the nodes; a group ties every place that it touches to the first of them
    named = names != ""
    first_place: dict[int, int] = {}
    for node, tie in np.unique(np.stack([place[named], group[named]], axis=1), axis=0).tolist():
        parent[root(node)] = root(first_place.setdefault(tie, node))
    roots = np.array([root(node) for node in range(len(parent))], dtype=np.int64)
    _, unit = np.unique(roots[place], return_inverse=True)
    return unit.astype(np.int64)


def split(
    classes: IntArray,
    fine_cells: npt.NDArray[np.uint64],
    groups: Sequence[str],
    share: float = 0.2,
    seed: int = 0,
) -> BoolArray:
    """Which photos are held out for validation, bool (photos,).

    Units are met in random order, and one is held out if that brings the held-out counts of its classes
    nearer to `share` of each class, and if every class that it touches keeps at least half of its photos.
    Photos outside every class are treated alike, as if they were one more class, which may go as a whole.

    Args:
        classes: int64 (photos,), -1 for photos outside every class.
        fine_cells: uint64 (photos,), the place that must not be on both sides.
        groups: (photos,), "" for none.
        share: wanted share of validation photos, 0 <= share <= 0.5; what comes out depends on the units.
        seed: of the order.

    Raises:
        ValueError: arrays of different lengths, or a share out of range.
    """
    if not len(classes) == len(fine_cells) == len(groups):
        raise ValueError(
            f"{len(classes)} classes, {len(fine_cells)} cells and {len(groups)} groups do not match"
        )
    if not 0 <= share <= 0.5:
        raise ValueError(f"the share of validation photos must be between 0 and 0.5, not {share}")
    held_out = np.zeros(len(classes), dtype=bool)
    if not len(classes):
        return held_out
    stratum = classes + 1  # 0: outside
    total = np.bincount(stratum).astype(np.float64)
    most = np.floor(total / 2)
    most[0] = total[0]
    taken = np.zeros_like(total)
    members = _members(units(fine_cells, groups))
    for index in np.random.default_rng(seed).permutation(len(members)):
        photos = members[index]
        touched, count = np.unique(stratum[photos], return_counts=True)
        before = taken[touched] - share * total[touched]
        nearer = np.abs(before + count).sum() < np.abs(before).sum()
        if nearer and np.all(taken[touched] + count <= most[touched]):
            taken[touched] += count
            held_out[photos] = True
    return held_out


def _members(unit: IntArray) -> list[IntArray]:
    """The photo indices of each unit."""
    order = np.argsort(unit, kind="stable")
    return np.split(order, np.cumsum(np.bincount(unit))[:-1])
