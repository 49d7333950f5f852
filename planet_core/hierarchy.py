"""Several partitions at once: coarse, middle, fine (CPlaNet, ISN). One head each, one distribution out.

Every fine cell lies in one cell of each coarser partition. The probability of a fine cell is the product of
its own and those of the coarser cells around it, divided by the sum over all fine cells: a neighbourhood that
the coarse head rules out is ruled out, however sure the fine head is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from planet_core.partition import IntArray, Partition


class HierarchyError(Exception):
    """Partitions of which the finer is not inside the coarser."""


def parents(coarse: Partition, fine: Partition) -> IntArray:
    """For each fine cell the index of the coarse cell around it, int64 (fine cells,).

    Raises:
        HierarchyError: a fine cell lies in no coarse cell, or is larger than it; names the first.
    """
    index = coarse.lookup(*fine.centers())
    inside = index >= 0
    inside[inside] &= coarse.levels()[index[inside]] <= fine.levels()[inside]
    outside = np.flatnonzero(~inside)
    if outside.size:
        raise HierarchyError(
            f"{outside.size} of the {len(fine)} fine cells, {fine.tokens()[outside[0]]} the first, lie in no"
            " cell of a coarser partition: let it drop fewer cells (min_photos) and split no deeper"
            " (max_photos, max_level) than the finer"
        )
    return index


def log_probabilities(logits: Tensor | Sequence[Tensor], parents: Sequence[Tensor] = ()) -> Tensor:
    """The distribution over the finest cells, as logarithms, float64 (B, cells).

    Args:
        logits: of one partition (B, cells), or of several, coarse first.
        parents: for each coarser partition, int64 (cells of the finest,), see `parents`.
    """
    heads = [logits] if isinstance(logits, Tensor) else list(logits)
    # double precision, so that the sum is 1 also over many thousand cells
    total = torch.log_softmax(heads[-1].double(), dim=1)
    if not parents:
        return total
    for head, parent in zip(heads[:-1], parents, strict=True):
        total = total + torch.log_softmax(head.double(), dim=1)[:, parent]
    return torch.log_softmax(total, dim=1)
