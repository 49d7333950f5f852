"""How long an evaluation of 100,000 stored predictions takes with all figures: goal, at most 30 s.

CPU seconds of reading the file, all numbers with their intervals, and writing report and figures. The
predictions are made up: 26,263 cells, 13 ways to answer, errors from metres to the antipode, in albums of one
to nine photos and in five categories.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import tempfile
import time
from pathlib import Path

import numpy as np
from record import record

from planet_core import calibration, evaluate, evaluation
from planet_core.evaluate_predict import CENTROID, FIVE_CROPS, ORACLE, PAPERS_WAY, TRIVIAL
from planet_core.predictions import Predictions

VIEWS = 100_000
CELLS = 26_263


def made_up(rng: np.random.Generator) -> Predictions:
    ways = [PAPERS_WAY, CENTROID, "max-score", "min-distance", ORACLE]
    ways += [way + FIVE_CROPS for way in (PAPERS_WAY, "max-score", "min-distance")]
    ways += [f"{TRIVIAL}{number}" for number in range(5)]
    lat, lng = np.degrees(np.arcsin(rng.uniform(-1, 1, VIEWS))), rng.uniform(-180, 180, VIEWS)

    def near(columns: int) -> tuple[np.ndarray, np.ndarray]:
        off = 10 ** rng.uniform(-4, 2, (VIEWS, columns))
        off_lng = (lng[:, None] + off * rng.choice([-1, 1], off.shape) + 180) % 360 - 180
        return np.clip(lat[:, None] + off, -90, 90), off_lng

    probabilities = np.sort(rng.dirichlet(np.full(8, 0.5), VIEWS), axis=1)[:, :-6:-1]
    temperatures = calibration.TEMPERATURES
    answers, top = near(len(ways)), near(5)
    cells = rng.integers(-1, CELLS, VIEWS)
    top_cells = rng.integers(0, CELLS, (VIEWS, 5))
    right = rng.random(VIEWS) < 0.3
    top_cells[right, 0] = cells[right]
    return Predictions(
        names=np.array([f"album/{number}.jpg" for number in range(VIEWS)]),
        categories=rng.choice(["city", "landmark", "nature", "animal", "street"], VIEWS),
        clusters=np.unique(rng.integers(0, VIEWS // 3, VIEWS), return_inverse=True)[1],
        exposure=(rng.random(VIEWS) < 0.02) * 4,
        panoramas=np.full(VIEWS, -1),
        lat=lat,
        lng=lng,
        cells=cells,
        top_cells=top_cells,
        top_probabilities=probabilities,
        top_lat=top[0],
        top_lng=top[1],
        calibrated_confidence=probabilities[:, 0] ** 1.2,
        log_true=np.where(cells >= 0, -rng.exponential(4, VIEWS), np.nan),
        log_sums=np.log(np.exp(rng.uniform(0.5, 5, (VIEWS, 1)) * (1 - 1 / temperatures))),
        answers_lat=answers[0],
        answers_lng=answers[1],
        ways=tuple(ways),
        facts={
            "model": "0" * 64,
            "network": "planet",
            "cells": CELLS,
            "embedding": 2048,
            "model_bytes": 4 * 97_000_000,
            "device": "cpu",
            "cpu_ms_per_view": 0.0,
            "temperature": 1.3,
            "temperatures": temperatures.tolist(),
            "scale_km": 14917.0,
            "headings": 4,
            "photos_listed": VIEWS,
            "photos_unreadable": 0,
            "unreadable": [],
            "rows_unusable": 0,
            "unusable": [],
        },
    )


def main() -> None:
    predictions = made_up(np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "predictions.npz"
        seconds = {}
        start = time.process_time()
        predictions.save(file)
        seconds["save_s"] = time.process_time() - start

        start = time.process_time()
        loaded = Predictions.load(file)
        seconds["load_s"] = time.process_time() - start
        report = evaluation.evaluate(loaded, evaluate.PAIRS)
        seconds["numbers_s"] = time.process_time() - start - seconds["load_s"]
        evaluate.write(report, Path(folder) / "out", "")
        seconds["load_numbers_figures_s"] = time.process_time() - start
        size = file.stat().st_size
    rounded = {name: round(value, 1) for name, value in seconds.items()}
    record(
        "evaluate",
        {
            "views": VIEWS,
            "ways": len(predictions.ways),
            "resamples": report["unseen"]["resamples"],
            "stored_mb": round(size / 1e6, 1),
            **rounded,
        },
    )


if __name__ == "__main__":
    main()
