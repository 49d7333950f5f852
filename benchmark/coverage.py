"""How often the intervals of a report hold the truth, measured on simulated studies.

    python -m benchmark.coverage [--studies 2000] [--out FILE]

A study is drawn from a world in which people differ, panoramas differ (for people and the model in part
alike), either side may fail to answer, and no distance is above half the way around the earth. The truth is
the same world seen in a million independent rounds. Each interval has to hold it in 95 of 100 studies. The
result is kept beside this file (`coverage.json`); `docs/benchmark.md` and every report quote it.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.clusters import (
    Clusters,
    Interval,
    mean_interval,
    quantile,
    quantile_interval,
    share_interval,
    wild_interval,
)
from benchmark.rounds import FloatArray, IntArray
from planet_core.files import atomic_file
from planet_core.intervals import wilson_interval
from planet_core.scoring import DECAY, MAX_POINTS, WORLD_SCALE_KM
from planet_core.stopping import Stopped, stopping_on_signals

KEPT = Path(__file__).with_suffix(".json")
STUDIES = 2000
TRUTH_ROUNDS = 1_000_000
FARTHEST_KM = 20_015.0
LEAST_KM = 0.001
PEOPLE_SD, PANORAMAS_SD, SHARED, REST_SD = 0.35, 0.6, 0.6, 0.7
"""Of log10 km: between people, between panoramas (`SHARED` of it is the model's too), and of one guess."""
MEAN_LOG_KM = {"person": 3.1, "model": 2.9}
SILENT = {"person": 0.04, "model": 0.01}
"""How often a side does not answer."""

Measured = tuple[Callable[["Study"], float], Callable[["Study"], Interval | None]]
Design = Callable[[np.random.Generator], tuple[IntArray, IntArray]]


def _own(people: int, each: int) -> Design:
    """Every person has panoramas that nobody else has."""
    return lambda rng: (np.repeat(np.arange(people), each), np.arange(people * each))


def _drawn(people: int, each: int, panoramas: int) -> Design:
    """Every person has some of the same panoramas."""

    def draw(rng: np.random.Generator) -> tuple[IntArray, IntArray]:
        chosen = rng.permuted(np.tile(np.arange(panoramas), (people, 1)), axis=1)[:, :each]
        return np.repeat(np.arange(people), each), chosen.ravel()

    return draw


def _uneven(people: int, panoramas: int) -> Design:
    """Some play ten times as much as others."""

    def draw(rng: np.random.Generator) -> tuple[IntArray, IntArray]:
        counts = np.geomspace(4, 40, people).astype(np.int64)
        chosen = [rng.choice(panoramas, count, replace=False) for count in counts]
        return np.repeat(np.arange(people), counts), np.concatenate(chosen)

    return draw


DESIGNS: dict[str, Design] = {
    "the paper's: 10 people, 5 own panoramas each": _own(10, 5),
    "40 people, 5 own panoramas each": _own(40, 5),
    "40 people, 10 of the same 40 panoramas each": _drawn(40, 10, 40),
    "200 people, 5 of the same 60 panoramas each": _drawn(200, 5, 60),
    "100 people, 4 to 40 of the same 300 panoramas": _uneven(100, 300),
}
LARGE = [name for name in DESIGNS if not name.startswith("the paper")]
"""Those with 40 clusters of either kind or more."""


@dataclass(frozen=True, eq=False)
class Study:
    """Paired rounds: distances in km (infinite without an answer) and points, (n,) each."""

    clusters: Clusters
    person_km: FloatArray
    model_km: FloatArray

    @property
    def points(self) -> tuple[FloatArray, FloatArray]:
        """Of people and model; not rounded, so that there is nothing but what is measured."""
        scale = -DECAY / WORLD_SCALE_KM
        return MAX_POINTS * np.exp(scale * self.person_km), MAX_POINTS * np.exp(scale * self.model_km)

    @property
    def both(self) -> IntArray:
        """The rounds in which both answered."""
        return np.flatnonzero(np.isfinite(self.person_km) & np.isfinite(self.model_km))


def simulate(players: IntArray, panoramas: IntArray, rng: np.random.Generator) -> Study:
    """A study of new people and panoramas, of the numbers given, (n,) each."""
    count = int(panoramas.max()) + 1
    shared, own, models = rng.normal(size=(3, count))
    people = PEOPLE_SD * rng.normal(size=int(players.max()) + 1)
    common = math.sqrt(SHARED) * shared
    hard = PANORAMAS_SD * (common + math.sqrt(1 - SHARED) * own)
    hard_for_model = PANORAMAS_SD * (common + math.sqrt(1 - SHARED) * models) + REST_SD * rng.normal(
        size=count
    )
    model_silent = rng.random(count) < SILENT["model"]
    person = (
        MEAN_LOG_KM["person"] + people[players] + hard[panoramas] + REST_SD * rng.normal(size=len(players))
    )
    model = MEAN_LOG_KM["model"] + hard_for_model[panoramas]
    person_km = np.minimum(10**person, FARTHEST_KM)
    model_km = np.minimum(10**model, FARTHEST_KM)
    person_km[rng.random(len(players)) < SILENT["person"]] = np.inf
    model_km[model_silent[panoramas]] = np.inf
    return Study(Clusters.of(players, panoramas), person_km, model_km)


def _won(study: Study) -> tuple[FloatArray, Clusters]:
    """Of the decided rounds: 1 where the model won."""
    decided = np.flatnonzero(study.model_km != study.person_km)
    won = (study.model_km < study.person_km)[decided].astype(np.float64)
    return won, Clusters.of(study.clusters.players[decided], study.clusters.panoramas[decided])


def _points_difference(study: Study) -> tuple[FloatArray, Clusters]:
    person, model = study.points
    return model - person, study.clusters


def _points(study: Study) -> tuple[FloatArray, Clusters]:
    return study.points[0], study.clusters


def _log_difference(study: Study) -> tuple[FloatArray, Clusters]:
    both = study.both
    person, model = (np.log10(np.maximum(km[both], LEAST_KM)) for km in (study.person_km, study.model_km))
    return model - person, Clusters.of(study.clusters.players[both], study.clusters.panoramas[both])


def _within(study: Study) -> tuple[FloatArray, Clusters]:
    return (study.person_km <= 750).astype(np.float64), study.clusters


def _plain_wilson(won: FloatArray, clusters: Clusters) -> Interval:
    return wilson_interval(float(won.sum()), len(won))


def _of(
    values: Callable[[Study], tuple[FloatArray, Clusters]],
    interval: Callable[[FloatArray, Clusters], Interval | None],
) -> Measured:
    return lambda study: float(values(study)[0].mean()), lambda study: interval(*values(study))


def _quantile(values: Callable[[Study], FloatArray], probability: float) -> Measured:
    return (
        lambda study: quantile(np.sort(values(study)), probability),
        lambda study: quantile_interval(values(study), probability, study.clusters),
    )


MEASURED: dict[str, Measured] = {
    "points difference, wild bootstrap": _of(_points_difference, wild_interval),
    "points difference, Student's t": _of(_points_difference, mean_interval),
    "log-km difference, wild bootstrap": _of(_log_difference, wild_interval),
    "log-km difference, Student's t": _of(_log_difference, mean_interval),
    "people's mean points, Student's t": _of(_points, mean_interval),
    "people's median km, Woodruff": _quantile(lambda study: study.person_km, 0.5),
    "model's median km, Woodruff": _quantile(lambda study: study.model_km, 0.5),
    "people's 25 % quantile km, Woodruff": _quantile(lambda study: study.person_km, 0.25),
    "people within 750 km, clustered Wilson": _of(_within, share_interval),
    "model's win rate, clustered Wilson": _of(_won, share_interval),
    "model's win rate, plain Wilson": _of(_won, _plain_wilson),
}
"""What is measured: the estimate (also of the truth), and the interval."""
PLAIN = "model's win rate, plain Wilson"
"""It takes rounds as independent, which they are not where people share panoramas."""


def measure(studies: int, designs: Sequence[str] = tuple(DESIGNS), seed: int = 0) -> dict[str, Any]:
    """The share of studies whose interval held the truth: {design: {interval: share}}, and what was drawn.

    Raises:
        ValueError: no study.
    """
    if studies < 1:
        raise ValueError(f"at least one study is needed, not {studies}")
    numbers = np.arange(TRUTH_ROUNDS)
    world = simulate(numbers, numbers, np.random.default_rng(seed))
    truth = {name: estimate(world) for name, (estimate, _) in MEASURED.items()}
    found: dict[str, dict[str, float]] = {}
    for place, name in enumerate(designs):
        rng = np.random.default_rng([seed, place + 1])
        held = dict.fromkeys(MEASURED, 0)
        for number in range(studies):
            study = simulate(*DESIGNS[name](rng), rng)
            for what, (_, interval) in MEASURED.items():
                low, high = interval(study) or (-math.inf, math.inf)
                held[what] += low <= truth[what] <= high
            if sys.stderr.isatty():
                print(f"\r{name}: {number + 1} of {studies} ", end="", file=sys.stderr, flush=True)
        found[name] = {what: count / studies for what, count in held.items()}
    return {
        "command": f"python -m benchmark.coverage --studies {studies}",
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "studies": studies,
        "nominal": 0.95,
        "truth": truth,
        "coverage": found,
    }


def as_table(result: dict[str, Any]) -> str:
    """The shares, a line for each interval and a column for each design, as Markdown."""
    names = list(result["coverage"])
    lines = ["| interval | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for what in MEASURED:
        shares = (f"{100 * result['coverage'][name][what]:.1f} %" for name in names)
        lines.append(f"| {what} | " + " | ".join(shares) + " |")
    return "\n".join(lines)


def kept() -> dict[str, Any]:
    """The measurement that is kept beside this file."""
    found: dict[str, Any] = json.loads(KEPT.read_text())
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    parser = argparse.ArgumentParser(prog="python -m benchmark.coverage", description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=STUDIES, metavar="N", help=f"default: {STUDIES}")
    parser.add_argument("--out", type=Path, default=KEPT, metavar="FILE", help="default: %(default)s")
    options = parser.parse_args(arguments)
    if options.studies < 1:
        parser.error("--studies must be at least 1")
    try:
        with stopping_on_signals():
            result = measure(options.studies)
            with atomic_file(options.out) as file:
                file.write((json.dumps(result, indent=1) + "\n").encode())
    except Stopped:
        print("coverage: stopped; nothing is written", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"coverage: cannot write {error.filename}: {error.strerror or error}", file=sys.stderr)
        return 2
    print(as_table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
