"""Drawing Procedural Earth on one core: panoramas of 2048 and 4096 pixels, training views of 160, memory.

Goals, once warm: 3 s, 10 s, 25 views a second with the making of the scene, 700 MB. Each view is of a place
that is new to the process; compiled code and the sprites of common plants are warm.
CPU seconds of one thread: the median over the places.
"""

from __future__ import annotations

import datetime
import resource
import statistics
import time
from collections.abc import Callable

from record import record

from procedural_earth.rendering import render, render_view, render_views

DATE = datetime.date(2024, 5, 20)
# open country, forest, town, desert, coast
PLACES = [(48.2, 1.5), (35.6, 137.6), (13.9, 100.7), (24.0, 5.0), (63.405, -19.05)]
VIEWS = 60


def cpu_seconds(draw: Callable[[], object]) -> float:
    start = time.process_time()
    draw()
    return time.process_time() - start


def place(number: int) -> tuple[float, float]:
    lat, lng = PLACES[number % len(PLACES)]
    return lat + 0.01 * (number // len(PLACES)), lng


def view(number: int) -> object:
    return render_view(*place(number), date=DATE, hour=10.0, heading=47.0 * number, px=160)


def four_views(number: int) -> object:
    headings = [47.0 * number + 90.0 * turn for turn in range(4)]
    return render_views(*place(number), date=DATE, hour=10.0, headings=headings, px=160)


def main() -> None:
    for number in range(3 * len(PLACES)):
        view(1000 + number)
    render(*PLACES[0], date=DATE, hour=10.0, size=256)
    views = [cpu_seconds(lambda number=number: view(number)) for number in range(VIEWS)]
    fours = [cpu_seconds(lambda number=number: four_views(500 + number)) for number in range(VIEWS // 2)]
    values: dict[str, object] = {
        "views_per_s_four_a_place": round(4 / statistics.mean(fours), 1),
        "place_of_four_views_median_ms": round(1000 * statistics.median(fours), 1),
        "views_per_s": round(1 / statistics.mean(views), 1),
        "view_median_ms": round(1000 * statistics.median(views), 1),
        "view_worst_ms": round(1000 * max(views), 1),
    }
    for size in (2048, 4096):
        times = [
            cpu_seconds(lambda spot=spot, size=size: render(*spot, date=DATE, hour=10.0, size=size))
            for spot in PLACES
        ]
        values[f"panorama_{size}_median_s"] = round(statistics.median(times), 2)
        values[f"panorama_{size}_worst_s"] = round(max(times), 2)
    values["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    record("render", values)


if __name__ == "__main__":
    main()
