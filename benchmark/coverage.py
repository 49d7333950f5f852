"""How often the intervals of a report hold the truth, measured on simulated studies.

    python -m benchmark.coverage [--studies 2000] [--out FILE]

A study is drawn from a world in which people differ, panoramas differ (for people and the model in part
alike), either side may fail to answer, and no distance is above half the way around the earth. The truth is
the same world seen in a million independent rounds; that of a rank correlation is the one of many panoramas
met as often as in the study. Each interval has to hold it in 95 of 100 studies. Comparisons of models alone
are measured likewise (`coverage_models`). The result is kept beside this file (`coverage.json`);
`docs/benchmark.md` and every report quote it.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmark import coverage_models as models
from benchmark.clusters import (
    Clusters,
    Interval,
    mean_interval,
    quantile,
    quantile_interval,
    share_interval,
    wild_interval,
)
from benchmark.difficulty import rank_correlation
from benchmark.probabilities import BRIER
from benchmark.rounds import FloatArray, IntArray
from benchmark.statistics import LOG_DIFFERENCE, POINTS, POINTS_DIFFERENCE
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
SURE = 1.5
"""How much less sure the model is of the true country where a panorama is hard for it."""
SILENT = {"person": 0.04, "model": 0.01}
"""How often a side does not answer."""

Drawn = TypeVar("Drawn")
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
    "4 people, 3 own panoramas each": _own(4, 3),
}
SMALL = ("the paper's: 10 people, 5 own panoramas each", "4 people, 3 own panoramas each")
LARGE = [name for name in DESIGNS if name not in SMALL]
"""Those with 40 clusters of either kind or more."""


@dataclass(frozen=True, eq=False)
class Study:
    """Paired rounds: distances in km (infinite without an answer) and points, (n,) each.

    Attributes:
        brier: of the model's probabilities of countries, of each panorama that was met, (panoramas,).
    """

    clusters: Clusters
    person_km: FloatArray
    model_km: FloatArray
    brier: FloatArray

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
    # what is far away has less probability: all but that of the truth is on one other country
    sure = 1 / (1 + np.exp(SURE * hard_for_model + rng.normal(size=count)))
    return Study(
        Clusters.of(players, panoramas), person_km, model_km, 2 * (1 - sure[np.unique(panoramas)]) ** 2
    )


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
    interval: Callable[..., Interval | None],
    *within: Interval,
) -> Measured:
    return lambda study: float(values(study)[0].mean()), lambda study: interval(*values(study), *within)


def _quantile(values: Callable[[Study], FloatArray], probability: float) -> Measured:
    return (
        lambda study: quantile(np.sort(values(study)), probability),
        lambda study: quantile_interval(values(study), probability, study.clusters),
    )


def _difficulty(study: Study) -> tuple[FloatArray, FloatArray]:
    """Mean points of people and of the model on each panorama."""
    people, model = study.points
    which, counts = study.clusters.panoramas, study.clusters.sizes[1]
    return (np.bincount(which, people) / counts, np.bincount(which, model) / counts)


def _rank_correlation(study: Study) -> float:
    return rank_correlation(*_difficulty(study))["value"] or 0.0


def _rank_interval(study: Study) -> Interval | None:
    found = rank_correlation(*_difficulty(study))
    return None if found["low"] is None or found["high"] is None else (found["low"], found["high"])


def _brier_interval(study: Study) -> Interval | None:
    places = np.arange(len(study.brier))
    return mean_interval(study.brier, Clusters.of(np.zeros_like(places), places), BRIER)


RANKS = "rank correlation over panoramas, Bonett and Wright"
MEASURED: dict[str, Measured] = {
    "points difference, wild bootstrap": _of(_points_difference, wild_interval, POINTS_DIFFERENCE),
    "points difference, Student's t": _of(_points_difference, mean_interval, POINTS_DIFFERENCE),
    "log-km difference, wild bootstrap": _of(_log_difference, wild_interval, LOG_DIFFERENCE),
    "log-km difference, Student's t": _of(_log_difference, mean_interval, LOG_DIFFERENCE),
    "people's mean points, Student's t": _of(_points, mean_interval, POINTS),
    "people's median km, Woodruff": _quantile(lambda study: study.person_km, 0.5),
    "model's median km, Woodruff": _quantile(lambda study: study.model_km, 0.5),
    "people's 25 % quantile km, Woodruff": _quantile(lambda study: study.person_km, 0.25),
    "people within 750 km, clustered Wilson": _of(_within, share_interval),
    "Brier score over panoramas, Student's t": (lambda study: float(study.brier.mean()), _brier_interval),
    RANKS: (_rank_correlation, _rank_interval),
    "model's win rate, clustered Wilson": _of(_won, share_interval),
    "model's win rate, plain Wilson": _of(_won, _plain_wilson),
}
"""What is measured: the estimate (also of the truth), and the interval."""
PLAIN = "model's win rate, plain Wilson"
"""It takes rounds as independent, which they are not where people share panoramas."""


def measure(
    studies: int,
    designs: Sequence[str] = tuple(DESIGNS),
    of_models: Sequence[str] = tuple(models.DESIGNS),
    seed: int = 0,
) -> dict[str, Any]:
    """The share of studies whose interval held the truth: {design: {interval: share}}, and what was drawn.

    Raises:
        ValueError: no study.
    """
    if studies < 1:
        raise ValueError(f"at least one study is needed, not {studies}")
    numbers = np.arange(TRUTH_ROUNDS)
    world = simulate(numbers, numbers, np.random.default_rng(seed))
    truth = {name: estimate(world) for name, (estimate, _) in MEASURED.items() if name != RANKS}
    ranks = {name: true_rank_correlation(DESIGNS[name], seed) for name in designs}
    found: dict[str, dict[str, float]] = {}
    for place, name in enumerate(designs):
        rng = np.random.default_rng([seed, place + 1])
        drawn = (simulate(*DESIGNS[name](rng), rng) for _ in range(studies))
        found[name] = _held(_shown(drawn, name, studies), MEASURED, {**truth, RANKS: ranks[name]})
    every = models.simulate(np.ones(TRUTH_ROUNDS, dtype=np.int64), np.random.default_rng(seed))
    of_every = {name: estimate(every) for name, (estimate, _) in models.MEASURED.items()}
    compared: dict[str, dict[str, float]] = {}
    for place, name in enumerate(of_models):
        rng = np.random.default_rng([seed, place + 1, 1])
        comparisons = (models.simulate(models.DESIGNS[name](rng), rng) for _ in range(studies))
        compared[name] = _held(_shown(comparisons, name, studies), models.MEASURED, of_every)
    return {
        "command": f"python -m benchmark.coverage --studies {studies}",
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "studies": studies,
        "nominal": 0.95,
        "truth": {**truth, **of_every},
        "true_rank_correlation": ranks,
        "coverage": found,
        "models": compared,
    }


def _shown(drawn: Iterable[Drawn], name: str, studies: int) -> Iterator[Drawn]:
    """The same, with progress on a terminal."""
    for number, one in enumerate(drawn, 1):
        yield one
        if sys.stderr.isatty():
            print(f"\r{name}: {number} of {studies} ", end="", file=sys.stderr, flush=True)


def _held(
    drawn: Iterable[Drawn],
    measured: Mapping[str, tuple[Callable[[Drawn], float], Callable[[Drawn], Interval | None]]],
    truth: Mapping[str, float],
) -> dict[str, float]:
    """The share of studies in which each interval held its truth."""
    held = dict.fromkeys(measured, 0)
    studies = 0
    for study in drawn:
        studies += 1
        for what, (_, interval) in measured.items():
            low, high = interval(study) or (-math.inf, math.inf)
            held[what] += low <= truth[what] <= high
    return {what: count / studies for what, count in held.items()}


def true_rank_correlation(design: Design, seed: int) -> float:
    """Of very many panoramas, met as often as those of the design, each time by somebody else."""
    rng = np.random.default_rng([seed, 0])
    counts: list[IntArray] = []
    while sum(map(len, counts)) < TRUTH_ROUNDS // 10:
        counts.append(np.unique(design(rng)[1], return_counts=True)[1])
    each = np.concatenate(counts)
    panoramas = np.repeat(np.arange(len(each)), each)
    return _rank_correlation(simulate(np.arange(len(panoramas)), panoramas, rng))


def as_table(result: dict[str, Any]) -> str:
    """The shares, a line for each interval and a column for each design, as Markdown: studies, then
    comparisons of models.
    """
    return "\n\n".join(_table(result[name]) for name in ("coverage", "models"))


def _table(shares: dict[str, dict[str, float]]) -> str:
    lines = ["| interval | " + " | ".join(shares) + " |", "|---" * (len(shares) + 1) + "|"]
    for what in next(iter(shares.values())):
        lines.append(
            f"| {what} | " + " | ".join(f"{100 * one[what]:.1f} %" for one in shares.values()) + " |"
        )
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
