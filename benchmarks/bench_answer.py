"""How long one best answer takes over 26,263 cells on one core, and how far it is from brute force.

Goals for `max-score` on the world map: at most 20 ms where 300 cells hold 99.9 % of the mass, at most 1 s for
a flat distribution, and within 1 point of the best of all centroids. Medians of CPU seconds; the geometry of
the cells is worked out once, `first_s`. Brute force looks at all pairs, once for each rule and scale.

Cells: a partition of photos in 5,000 towns of Zipf-distributed sizes and anywhere, brought to 26,263 cells.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import statistics
import time
from collections.abc import Callable

import numpy as np
from record import record

from planet_core import answer, geo, point_tree
from planet_core.partition import Partition

CELLS = 26_263
HEAVY = 300
REPEATS = 9


def centroids(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    town_lat, town_lng = np.degrees(np.arcsin(rng.uniform(-0.85, 0.95, 5000))), rng.uniform(-180, 180, 5000)
    sizes = 1 / np.arange(1, 5001)
    town = rng.choice(5000, 600_000, p=sizes / sizes.sum())
    lat, lng = town_lat[town] + rng.normal(0, 0.4, town.size), town_lng[town] + rng.normal(0, 0.4, town.size)
    anywhere = np.flatnonzero(rng.random(town.size) < 0.1)
    lat[anywhere] = np.degrees(np.arcsin(rng.uniform(-1, 1, anywhere.size)))
    lng[anywhere] = rng.uniform(-180, 180, anywhere.size)
    partition = Partition.build(lat, lng, 40, 1)
    assert len(partition) >= CELLS, len(partition)
    chosen = np.sort(rng.choice(len(partition), CELLS, replace=False))
    all_lat, all_lng = partition.centroids()
    return all_lat[chosen], all_lng[chosen]


def heavy(cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    mass = np.full(CELLS, 0.001 / CELLS)
    mass[cells] += 0.999 * rng.dirichlet(np.full(HEAVY, 0.5))
    return mass / mass.sum()


def distributions(lat: np.ndarray, lng: np.ndarray, rng: np.random.Generator) -> dict[str, list[np.ndarray]]:
    def around() -> np.ndarray:
        cell = rng.integers(CELLS)
        return np.argsort(geo.haversine_km(lat[cell], lng[cell], lat, lng))[:HEAVY]

    return {
        "heavy_cells_anywhere": [heavy(rng.choice(CELLS, HEAVY, replace=False), rng) for _ in range(3)],
        "heavy_cells_together": [heavy(around(), rng) for _ in range(3)],
        "flat": [np.full(CELLS, 1 / CELLS), rng.dirichlet(np.ones(CELLS))],
    }


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    rng = np.random.default_rng(0)
    lat, lng = centroids(rng)
    cases = distributions(lat, lng, rng)
    first = cpu_seconds(lambda: point_tree.cached(lat, lng))
    values: dict[str, object] = {"cells": CELLS, "first_s": round(first, 3)}
    for rule, scale_km in (("max-score", 14917.0), ("max-score", 1000.0), ("min-distance", 14917.0)):
        stacked = np.concatenate([np.stack(masses) for masses in cases.values()])
        start = time.process_time()
        exact = answer.expected_value(stacked, lat, lng, rule, scale_km)
        brute_s = time.process_time() - start
        row, found = 0, {}
        for name, masses in cases.items():
            seconds, lost = [], []
            for mass in masses:
                cell = answer.best_cell(mass, lat, lng, rule, scale_km)
                lost.append(float(exact[:, row].max() - exact[cell, row]))
                seconds += [
                    cpu_seconds(lambda mass=mass: answer.best_cell(mass, lat, lng, rule, scale_km))  # noqa: B023
                    for _ in range(REPEATS)
                ]
                row += 1
            found[name] = {
                "median_ms": round(1000 * statistics.median(seconds), 1),
                "most_ms": round(1000 * max(seconds), 1),
                "lost_at_most": round(max(lost), 4),
            }
        title = rule if rule == "min-distance" else f"{rule}, {scale_km:.0f} km"
        values[title] = {**found, "brute_force_s": round(brute_s, 1)}
    record("answer", values)


if __name__ == "__main__":
    main()
