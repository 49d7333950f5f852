"""Probability maps of a partition of about the paper's size: raster, image, GeoJSON. CPU seconds, one core.

The places are those of `planet_core`'s own partition benchmark: towns of very different size.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from bench_partition import photos
from record import record

from planet_core.cell_polygons import cells_geojson
from planet_core.cell_raster import PROJECTIONS, make_raster, raster_of
from planet_core.partition import Partition
from planet_core.probability_map import probability_density, probability_image

TURNS = 9


def cpu_ms(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def distributions(cells: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"flat": np.full(cells, 1 / cells), "peaked": rng.dirichlet(np.full(cells, 0.002))}


def maps(partition: Partition) -> dict[str, object]:
    values: dict[str, object] = {}
    for projection in PROJECTIONS:
        values[f"{projection}_raster_first_ms"] = round(
            cpu_ms(lambda: make_raster(partition, 2048, projection))  # noqa: B023
        )
        raster = raster_of(partition, 2048, projection)
        values[f"{projection}_pixels"] = f"{raster.shape[1]} x {raster.shape[0]}"
        for name, p in distributions(len(partition)).items():
            images, densities = [], []
            for _ in range(TURNS):
                images.append(cpu_ms(lambda: probability_image(partition, p, 2048, projection)))  # noqa: B023
                densities.append(cpu_ms(lambda: probability_density(partition, p, 2048, projection)))  # noqa: B023
            values[f"{projection}_{name}_image_ms"] = round(statistics.median(images), 1)
            values[f"{projection}_{name}_image_worst_ms"] = round(max(images), 1)
            values[f"{projection}_{name}_density_ms"] = round(statistics.median(densities), 1)
    return values


def geojson(partition: Partition) -> dict[str, object]:
    p = distributions(len(partition))["peaked"]
    text = json.dumps(cells_geojson(partition, p, top=100), separators=(",", ":"))
    return {
        "top_100_ms": round(cpu_ms(lambda: cells_geojson(partition, p, top=100)), 1),
        "top_100_kib": round(len(text) / 1024, 1),
        "all_cells_ms": round(cpu_ms(lambda: cells_geojson(partition, p))),
    }


if __name__ == "__main__":
    partition = Partition.build(*photos(3_000_000), 270, 50)
    values: dict[str, object] = {"cells": len(partition)}
    for measurement in (maps, geojson):
        values[measurement.__name__] = measurement(partition)
        print(measurement.__name__, json.dumps(values[measurement.__name__]), file=sys.stderr, flush=True)
    record("maps", values)
