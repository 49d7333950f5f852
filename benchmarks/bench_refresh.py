"""How much memory the reports of /benchmark/ take when they are made anew, and how long: goal, 2 GB for a
million rounds.

Peak memory and CPU seconds of the process that makes the report of one map on which 2,000 people played
ROUNDS rounds (default: a million) against one model, believing in five countries, in an empty database.
The rows come one by one, as the game's tables give them; the tables themselves are not made.

    python benchmarks/bench_refresh.py [ROUNDS]
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import numpy as np
from record import ROOT, record

sys.path.insert(0, str(ROOT))

ROUNDS, PEOPLE, PANORAMAS = 1_000_000, 2_000, 5_000
CODES = ("FR", "DE", "US", "BR", "IN", "JP", "ZA", "AU")


def rows(rounds: int) -> Iterator[object]:
    """Person and model in turn, as `geogame.reports.rows` gives them."""
    from benchmark.rounds import Row

    rng = np.random.default_rng(0)
    lat = np.degrees(np.arcsin(rng.uniform(-0.8, 0.95, PANORAMAS))).tolist()
    lng = rng.uniform(-180, 180, PANORAMAS).tolist()
    people = [secrets.token_hex(11) for _ in range(PEOPLE)]
    parts = rng.dirichlet(np.full(5, 0.4), PANORAMAS).round(6).tolist()
    for number in range(rounds):
        place, person = int(rng.integers(PANORAMAS)), number % PEOPLE
        off = rng.normal(0, 5, 4).tolist()
        shared = {
            "round_id": secrets.token_hex(11),
            "panorama_id": str(place),
            "condition": "fair",
            "map": "World",
            "true_lat": lat[place],
            "true_lng": lng[place],
            "outcome": "answered",
            "answered_at": "2026-11-23T12:00:00.123456+00:00",
            "captured_year": 2010 + place % 15,
            "source": "example.org",
            "scoring_version": 1,
        }
        found = [
            {"lat": min(89.0, lat[place] + off[at]), "lng": (lng[place] + off[at + 1] + 180) % 360 - 180}
            for at in (0, 2)
        ]
        known = {"exposure": 1, "group_exposure": 1, "guest": number % 3 == 0, "games_played": number // 5}
        yield Row(
            **shared, **found[0], **known, player_id=people[person], player_kind="person", time_s=12.3456789
        )
        belief = dict(zip(CODES, parts[place], strict=False))
        yield Row(
            **shared,
            **found[1],
            player_id="PlaNet (bench)",
            player_kind="model",
            seen_in_training=False,
            confidence=parts[place][0],
            country_probabilities=belief,
        )


def refresh(rounds: int) -> dict[str, float]:
    """Of this process: CPU seconds, the peak of its memory, and what it had before there were rows."""
    import django

    django.setup()
    from django.core.management import call_command

    from geogame.games.models import Game
    from geogame.panoramas.models import Map
    from geogame.reports import stored

    call_command("migrate", verbosity=0)
    map_ = Map.objects.create(name="World", slug="world")
    Game.objects.create(map=map_, rounds_total=5, scale_km=14_917.0, scoring_version=1)
    stored.rows_of = lambda of: rows(rounds)
    start, before = time.process_time(), _peak_gb()
    call_command("refresh_reports", stdout=sys.stderr)
    values = {"rounds": rounds, "cpu_s": time.process_time() - start}
    return {**values, "before_gb": before, "peak_gb": _peak_gb()}


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    if len(sys.argv) == 3:
        print(json.dumps(refresh(rounds)))
        return
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, __file__, str(rounds), "here"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "geogame.settings"},
        )
    values = {key: round(value, 2) for key, value in json.loads(run.stdout).items()}
    record("refresh", {"people": PEOPLE, "panoramas": PANORAMAS, **values})


if __name__ == "__main__":
    main()
