"""Predictions made up of a few cells, whose numbers the tests work out for themselves."""

from __future__ import annotations

import numpy as np

from planet_core import calibration
from planet_core.predictions import Predictions

WAYS = ("top-cell, cell centre", "max-score")


def made_predictions(views: int = 60, seed: int = 0, temperature: float = 1.0) -> Predictions:
    """Truths on the equator; a network that is too sure: its distributions are those of T = 1/2."""
    rng = np.random.default_rng(seed)
    cells = 6
    honest = rng.dirichlet(np.full(cells, 0.7), views)
    truth = np.array([rng.choice(cells, p=row) for row in honest])
    truth[0] = -1
    sure = honest**2 / (honest**2).sum(axis=1, keepdims=True)
    top = np.argsort(-sure, axis=1)[:, :5]
    lng = 10.0 * np.maximum(truth, 0) + rng.uniform(-1, 1, views)
    temperatures = calibration.TEMPERATURES
    sums = np.log((sure[:, :, None] ** (1 / temperatures)).sum(axis=1))
    answers = 10.0 * np.stack([top[:, 0], top[:, 4]], axis=1)
    return Predictions(
        names=np.array([f"a/{number}.jpg" for number in range(views)]),
        categories=np.where(np.arange(views) % 3 == 0, "city", "nature"),
        clusters=np.arange(views) // 2,
        exposure=np.where(np.arange(views) % 10 == 9, 4, np.arange(views) % 2),
        panoramas=np.full(views, -1),
        lat=np.zeros(views),
        lng=lng,
        cells=truth,
        top_cells=top,
        top_probabilities=np.take_along_axis(sure, top, axis=1),
        top_lat=np.zeros(top.shape),
        top_lng=10.0 * top,
        calibrated_confidence=calibration.apply(sure, temperature).max(axis=1).astype(np.float64),
        log_true=np.where(truth >= 0, np.log(sure[np.arange(views), np.maximum(truth, 0)]), np.nan),
        log_sums=sums,
        answers_lat=np.zeros(answers.shape),
        answers_lng=answers,
        ways=WAYS,
        facts={
            "model": "ab" * 32,
            "network": "tiny",
            "cells": cells,
            "embedding": 8,
            "model_bytes": 1000,
            "device": "cpu",
            "cpu_ms_per_view": 1.0,
            "temperature": temperature,
            "temperatures": temperatures.tolist(),
            "scale_km": 14917.0,
            "headings": 4,
            "photos_listed": views,
            "photos_unreadable": 0,
            "unreadable": [],
            "rows_unusable": 0,
            "unusable": [],
        },
    )
