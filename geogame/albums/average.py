"""The album model of whoever has none: every photo gets the mean of all distributions (paper, Sec. 4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geogame.games.seals import CellProbability
from geogame.predictions.models import RULE, TOP_CELLS, Prediction
from planet_core import answer
from planet_core.partition import Partition


def average_answer(
    predictions: Sequence[Prediction], partition: Partition
) -> tuple[float, float, list[CellProbability]]:
    """Latitude, longitude and most probable cells of the mean of stored predictions, at least one."""
    mean = np.zeros(len(partition))
    for prediction in predictions:
        mean += np.frombuffer(prediction.distribution, dtype="<f4")
    mean /= mean.sum()
    lats, lngs = partition.centers()
    best = answer.best_cell(mean, lats, lngs, RULE)
    top = np.argsort(-mean, kind="stable")[:TOP_CELLS]
    cells = [CellProbability(float(lats[cell]), float(lngs[cell]), float(mean[cell])) for cell in top]
    return float(lats[best]), float(lngs[best]), cells
