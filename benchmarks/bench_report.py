"""How long a full report of a million answers takes, and how much memory: goals, 60 s and 2 GB.

CPU seconds of reading the CSV, of all numbers, and of writing page, figures, JSON and rows; and the peak
memory of the process that does it. The rows are made up: 2,000 people play 250 rounds each on 20,000
panoramas all over the world, in two conditions, against a model that gives probabilities to five countries.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from record import ROOT, record

sys.path.insert(0, str(ROOT))

from benchmark.command import write
from benchmark.read import read_rounds
from benchmark.report import build
from benchmark.study import PlanetStudy

PEOPLE, EACH, PANORAMAS = 2_000, 250, 20_000
COLUMNS = (
    *("round_id", "panorama_id", "player_id", "player_kind", "condition", "map", "lat", "lng"),
    *("true_lat", "true_lng", "outcome", "answered_at", "exposure", "seen_in_training", "confidence"),
    *("country_probabilities", "source", "captured_year", "device", "games_played", "time_s"),
)


def make(path: Path) -> None:
    """Writes the rows, person and model in turn."""
    rng = np.random.default_rng(0)
    true_lat = np.degrees(np.arcsin(rng.uniform(-0.8, 0.95, PANORAMAS)))
    true_lng = rng.uniform(-180, 180, PANORAMAS)
    codes = ("FR", "DE", "US", "BR", "IN", "JP", "ZA", "AU")
    parts = rng.dirichlet(np.full(6, 0.4), PANORAMAS)
    probabilities = [
        json.dumps(dict(zip(rng.permutation(codes)[:5].tolist(), part[:5].round(4).tolist(), strict=True)))
        for part in parts
    ]
    model = _near(true_lat, true_lng, 10 ** rng.normal(2.6, 0.8, PANORAMAS), rng)
    with path.open("w") as file:
        file.write(",".join(COLUMNS) + "\n")
        for person in range(PEOPLE):
            chosen = rng.choice(PANORAMAS, EACH, replace=False)
            own = _near(true_lat[chosen], true_lng[chosen], 10 ** rng.normal(3, 0.8, EACH), rng)
            silent, times = rng.random(EACH) < 0.04, rng.gamma(3, 15, EACH)
            for place, panorama in enumerate(chosen.tolist()):
                number = person * EACH + place
                head = f"r{number},p{panorama}"
                truth = f"{true_lat[panorama]:.5f},{true_lng[panorama]:.5f}"
                setting = f"{'fair' if person % 2 else 'free'},World"
                moment = f"2026-{place % 12 + 1:02}-01T12:00:00+00:00"
                where = "," if silent[place] else f"{own[0][place]:.5f},{own[1][place]:.5f}"
                outcome = "timeout" if silent[place] else "answered"
                device = ("phone", "desktop")[person % 3 == 0]
                picture = f"source {panorama % 3},{2008 + panorama % 17}"
                file.write(
                    f"{head},u{person},person,{setting},{where},{truth},{outcome},{moment},1,,,,{picture},"
                    f"{device},{place // 5},{times[place]:.1f}\n"
                )
                guess = f"{model[0][panorama]:.5f},{model[1][panorama]:.5f}"
                quoted = probabilities[panorama].replace('"', '""')
                file.write(
                    f"{head},PlaNet,model,{setting},{guess},{truth},answered,{moment},,0,"
                    f'{parts[panorama].max():.4f},"{quoted}",{picture},,,\n'
                )


def _near(
    lat: np.ndarray, lng: np.ndarray, km: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Places some km away, about."""
    angle = rng.uniform(0, 2 * np.pi, len(km))
    north = np.clip(lat + km / 111.2 * np.sin(angle), -89, 89)
    east = lng + np.minimum(km, 15_000) / 111.2 * np.cos(angle) / np.cos(np.radians(north))
    return north, (east + 180) % 360 - 180


def report(folder: Path) -> dict[str, float]:
    """CPU seconds of each step and the peak memory of this process."""
    found, start = {}, time.process_time()
    rounds = read_rounds(folder / "rows.csv")
    found["read_s"] = time.process_time() - start
    made = build(rounds, protocol=PlanetStudy())
    found["numbers_s"] = time.process_time() - start - found["read_s"]
    write(made, rounds, folder / "out")
    found["all_s"] = time.process_time() - start
    found["write_s"] = found["all_s"] - found["read_s"] - found["numbers_s"]
    found["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    found["rows"] = len(rounds)
    found["comparisons"] = len(made["comparisons"])
    return found


def main() -> None:
    if len(sys.argv) == 2:
        print(json.dumps(report(Path(sys.argv[1]))))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "rows.csv")
        size = (folder / "rows.csv").stat().st_size
        # of a process of its own: making the rows takes memory too
        run = subprocess.run(
            [sys.executable, __file__, name], stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT
        )
    values = {key: round(value, 2) for key, value in json.loads(run.stdout).items()}
    record("report", {"people": PEOPLE, "panoramas": PANORAMAS, "csv_mb": round(size / 1e6), **values})


if __name__ == "__main__":
    main()
