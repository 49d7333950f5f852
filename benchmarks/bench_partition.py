"""Speed and memory of cells, partition, lookup and distance beside the plain ways with s2sphere and geopy.

Ratios of CPU seconds, both sides taken in turn in the same run: medians of five runs of ours, and of two of
the plain way with s2sphere (five with geopy). Peak memory (VmHWM) is of a
process of its own that loads the photos and then partitions them; "net" is without what the same process
needs when it only imports and loads. Goals: 0 mismatches; partition of 1 M at least 45 x s2sphere
and at most 1/4 of its memory; partition of 10 M at most 1.5 x (ids + one np.sort) and 600 MiB; lookup of 1 M
at least 45 x; distance of 10 M pairs at least 50 x geopy, relative error at most 1e-9.

Photos: 5,000 towns with Zipf-distributed sizes, normal scatter of 0.12 degrees, and 10 % anywhere.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from record import ROOT, record

from planet_core import geo, s2
from planet_core.partition import Partition

MILLION = 1_000_000


def photos(number: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    town_lat = np.degrees(np.arcsin(rng.uniform(-0.85, 0.95, 5000)))
    town_lng = rng.uniform(-180, 180, 5000)
    sizes = 1 / np.arange(1, 5001)
    town = rng.choice(5000, number, p=sizes / sizes.sum())
    lat = town_lat[town]
    lat += rng.normal(0, 0.12, number)
    lng = town_lng[town]
    lng += rng.normal(0, 0.12, number)
    anywhere = np.flatnonzero(rng.random(number) < 0.1)
    lat[anywhere] = np.degrees(np.arcsin(rng.uniform(-1, 1, anywhere.size)))
    lng[anywhere] = rng.uniform(-180, 180, anywhere.size)
    return lat, lng


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


# --- the plain ways


def plain_ids(lat: np.ndarray, lng: np.ndarray) -> list[Any]:
    from s2sphere import CellId, LatLng

    return [
        CellId.from_lat_lng(LatLng.from_degrees(a, b))
        for a, b in zip(lat.tolist(), lng.tolist(), strict=True)
    ]


def plain_partition(lat: np.ndarray, lng: np.ndarray, most: int, least: int) -> dict[int, int]:
    todo: dict[Any, list[Any]] = defaultdict(list)
    for leaf in plain_ids(lat, lng):
        todo[leaf.parent(0)].append(leaf)
    done = {}
    while todo:
        cell, inside = todo.popitem()
        if len(inside) > most and cell.level() < 30:
            for leaf in inside:
                todo[leaf.parent(cell.level() + 1)].append(leaf)
        elif len(inside) >= least:
            done[cell.id()] = len(inside)
    return done


def plain_lookup(index: dict[int, int], levels: list[int], lat: np.ndarray, lng: np.ndarray) -> list[int]:
    found = []
    for leaf in plain_ids(lat, lng):
        position = -1
        for level in levels:
            position = index.get(leaf.parent(level).id(), -1)
            if position >= 0:
                break
        found.append(position)
    return found


# --- the measurements


def awkward() -> tuple[np.ndarray, np.ndarray]:
    corner = np.degrees(np.arcsin(1 / np.sqrt(3)))
    points = [(sign * 90.0, float(lng)) for sign in (1, -1) for lng in np.linspace(-180, 180, 25)]
    points += [(float(lat), sign * 180.0) for sign in (1, -1) for lat in range(-90, 91, 5)]
    points += itertools.product(np.linspace(-35, 35, 50), (45.0, 135.0, -45.0, -135.0))
    points += itertools.product(
        (corner, np.nextafter(corner, 0), np.nextafter(corner, 90), -corner), (45.0, 135.0, -45.0, -135.0)
    )
    points += [(np.degrees(np.arctan(np.cos(np.radians(lng)))), lng) for lng in np.linspace(-45, 45, 10)]
    lat, lng = np.array(points).T
    return lat[:350], lng[:350]


def mismatches() -> dict[str, object]:
    rng = np.random.default_rng(1)
    extra = awkward()
    uniform = 400_350 - 300_000 - extra[0].size
    towns = photos(300_000)
    lat = np.concatenate([np.degrees(np.arcsin(rng.uniform(-1, 1, uniform))), towns[0], extra[0]])
    lng = np.concatenate([rng.uniform(-180, 180, uniform), towns[1], extra[1]])
    expected = np.array([cell.id() for cell in plain_ids(lat, lng)], dtype=np.uint64)
    return {"points": lat.size, "mismatches": int(np.count_nonzero(s2.cell_ids(lat, lng) != expected))}


def partition_of_a_million() -> dict[str, object]:
    lat, lng = photos(MILLION)
    Partition.build(lat, lng, 2000, 50)  # warm
    ours, plain = [], []
    for turn in range(5):
        seconds, partition = cpu_seconds(lambda: Partition.build(lat, lng, 2000, 50))
        ours.append(seconds)
        if turn in (0, 3):
            seconds, expected = cpu_seconds(lambda: plain_partition(lat, lng, 2000, 50))
            plain.append(seconds)
            cells = dict(zip(partition.cell_ids.tolist(), partition.counts.tolist(), strict=True))
            assert cells == expected, "the cells differ"
    memory = peaks_mib(lat, lng, "ours", "plain", "nothing")
    return {
        "cells": len(partition),
        "ours_cpu_s": round(statistics.median(ours), 3),
        "s2sphere_cpu_s": round(statistics.median(plain), 2),
        "times_faster": round(statistics.median(plain) / statistics.median(ours), 1),
        "ours_peak_mib": memory["ours"],
        "s2sphere_peak_mib": memory["plain"],
        "loading_peak_mib": memory["nothing"],
        "memory_share": round(memory["ours"] / memory["plain"], 3),
        "memory_share_net": round(
            (memory["ours"] - memory["nothing"]) / (memory["plain"] - memory["nothing"]), 3
        ),
    }


def partition_of_ten_million() -> dict[str, object]:
    lat, lng = photos(10 * MILLION)
    ours, parts = [], []
    for _ in range(5):
        seconds, partition = cpu_seconds(lambda: Partition.build(lat, lng, 20_000, 50))
        ours.append(seconds)
        seconds, ids = cpu_seconds(lambda: s2.cell_ids(lat, lng))
        parts.append(seconds + cpu_seconds(lambda: np.sort(ids))[0])  # noqa: B023
    return {
        "cells": len(partition),
        "ours_cpu_s": round(statistics.median(ours), 2),
        "ids_and_sort_cpu_s": round(statistics.median(parts), 2),
        "ratio": round(statistics.median(ours) / statistics.median(parts), 2),
        "peak_mib": peaks_mib(lat, lng, "ours")["ours"],
    }


def lookup_of_a_million() -> dict[str, object]:
    partition = Partition.build(*photos(10 * MILLION), 900, 50)
    lat, lng = (values[-MILLION:] for values in photos(11 * MILLION))
    index = {cell: position for position, cell in enumerate(partition.cell_ids.tolist())}
    levels = sorted(set(partition.levels().tolist()))
    ours, plain = [], []
    for turn in range(5):
        seconds, classes = cpu_seconds(lambda: partition.lookup(lat, lng))
        ours.append(seconds)
        if turn in (0, 3):
            seconds, expected = cpu_seconds(lambda: plain_lookup(index, levels, lat, lng))
            plain.append(seconds)
            assert classes.tolist() == expected, "the classes differ"
    return {
        "cells": len(partition),
        "ours_cpu_s": round(statistics.median(ours), 3),
        "s2sphere_cpu_s": round(statistics.median(plain), 2),
        "times_faster": round(statistics.median(plain) / statistics.median(ours), 1),
    }


def distance_of_ten_million() -> dict[str, object]:
    from geopy.distance import great_circle

    rng = np.random.default_rng(2)
    pairs = [rng.uniform(-limit, limit, 10 * MILLION) for limit in (90, 180, 90, 180)]
    measured = MILLION // 4  # geopy's time is linear; pairs a second are compared
    first = list(zip(*(part[:measured].tolist() for part in pairs[:2]), strict=True))
    second = list(zip(*(part[:measured].tolist() for part in pairs[2:]), strict=True))
    measure = great_circle(radius=geo.EARTH_RADIUS_KM)
    ours, plain = [], []
    for _ in range(5):
        seconds, distance = cpu_seconds(lambda: geo.haversine_km(*pairs))
        ours.append(seconds / distance.size)
        seconds, expected = cpu_seconds(
            lambda: [measure.measure(a, b) for a, b in zip(first, second, strict=True)]
        )
        plain.append(seconds / measured)
    error = np.abs(distance[:measured] / np.array(expected) - 1).max()
    return {
        "ours_ns_a_pair": round(statistics.median(ours) * 1e9, 1),
        "geopy_ns_a_pair": round(statistics.median(plain) * 1e9, 1),
        "geopy_pairs_measured": measured,
        "times_faster": round(statistics.median(plain) / statistics.median(ours), 1),
        "largest_relative_error": float(f"{error:.2g}"),
    }


def peak_mib(way: str, photos_file: Path) -> float:
    """Peak memory of a process that loads the photos and partitions them."""
    command = [sys.executable, __file__, "--peak", way, str(photos_file)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return round(float(run.stdout) / 1024, 1)


def peaks_mib(lat: np.ndarray, lng: np.ndarray, *ways: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "photos.npy"
        np.save(file, np.stack([lat, lng]))
        return {way: peak_mib(way, file) for way in ways}


def print_peak(way: str, photos_file: str) -> None:
    lat, lng = np.load(photos_file)
    if way == "ours":
        Partition.build(lat, lng, lat.size // 500, 50)
    elif way == "plain":
        plain_partition(lat, lng, lat.size // 500, 50)
    # not ru_maxrss, which begins with the memory of the process that started this one
    [peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    print(peak.split()[1])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        print_peak(*sys.argv[2:])
    else:
        values: dict[str, object] = {}
        for measurement in (
            mismatches,
            partition_of_a_million,
            partition_of_ten_million,
            lookup_of_a_million,
            distance_of_ten_million,
        ):
            values[measurement.__name__] = measurement()
            print(measurement.__name__, json.dumps(values[measurement.__name__]), file=sys.stderr, flush=True)
        record("partition", values)
