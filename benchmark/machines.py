"""Models against each other, without people: the same panoramas in fair view, compared two by two.

The numbers are those of people against models (`benchmark.statistics`). The clusters are the groups of
panoramas: those of one walk or one place are right or wrong together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from benchmark import coverage
from benchmark.breakdowns import accuracy
from benchmark.clusters import FEW, Clusters
from benchmark.geography import Geography
from benchmark.leakage import FLAGS, flagged
from benchmark.pairs import Pairs
from benchmark.rounds import ANSWERED, DRAWN, FloatArray, IntArray, Labels, Rounds
from benchmark.statistics import NO_INTERVAL, compare, side
from benchmark.words import many
from planet_core import geography
from planet_core.scoring import SCORING_VERSION
from planet_core.stopping import UserError

Part = dict[str, Any]
FORMAT = 1
CONDITION = "fair"
APART = ("", "a model trained on it", "nobody knows whether a model trained on it")
"""Why a panorama does not count, for all of the models."""
METHOD = (
    "All models answer the same panoramas in fair view. Wins are those of the first model: the smaller"
    " great-circle distance wins, equal ones tie.",
    "Wilson's interval of the win rate and the sign test take panoramas as independent. All other intervals"
    " are of 95 %, clustered by group (one walk, one place): Student's t for means, Wilson's with the"
    " effective number of panoramas for shares, Woodruff's for medians; paired differences by the wild"
    f" cluster bootstrap from {FEW} groups on.",
    "Panoramas that any of the models trained on are apart, and drawn pictures are never pooled with"
    " photographs.",
)
BY_GROUP = (
    ("Student's t, clustered by person and panorama", "Student's t, clustered by group of panoramas"),
    (
        "wild cluster bootstrap, clustered by person and panorama",
        "wild cluster bootstrap, clustered by group",
    ),
    ("no interval: one person and one panorama at most", "no interval: one group of panoramas at most"),
    (NO_INTERVAL, "no interval: no group differs from another"),
)


class MachinesError(UserError):
    """Why models cannot be compared, and what to do."""


@dataclass(frozen=True, eq=False)
class Panoramas:
    """Truths of n panoramas, (n,) each; degrees.

    Attributes:
        groups: names of walks or places; "" for a panorama that is alone.
        drawn: whether the picture was drawn and not photographed.
    """

    names: Sequence[str]
    groups: Sequence[str]
    lat: FloatArray
    lng: FloatArray
    drawn: Sequence[bool]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Machine:
    """What a model answers for n panoramas, (n,) each; degrees.

    Attributes:
        trained_on: whether it trained on the panorama or its place; None where nobody knows.
        leaks: for names of `leakage.FLAGS` whether they are set, (n,); None where nobody knows.
    """

    name: str
    lat: FloatArray
    lng: FloatArray
    trained_on: Sequence[bool | None]
    leaks: Mapping[str, Sequence[bool | None]] = field(default_factory=dict)


def build(
    map_: str, scale_km: float, panoramas: Panoramas, machines: Sequence[Machine], notes: Sequence[str] = ()
) -> Part:
    """The comparison of models as a tree of JSON values; `docs/benchmark.md` has its keys.

    Raises:
        MachinesError: fewer than two models, or two of the same name.
    """
    names = [machine.name for machine in machines]
    if len(set(names)) < max(2, len(names)):
        raise MachinesError(
            f"Comparing needs two or more different models, not {', '.join(names) or 'none'}."
        )
    rounds = rounds_of(map_, scale_km, panoramas, machines)
    report: Part = {
        "format": FORMAT,
        "map": map_,
        "condition": CONDITION,
        "panoramas": len(panoramas),
        "panoramas_that_count": 0,
        "scoring_version": SCORING_VERSION,
        "border_data": {
            name: getattr(geography.BORDER_DATA, name) for name in ("name", "version", "policy", "licence")
        },
        "method": list(METHOD),
        "interval_coverage": _coverage(),
        "models": [],
        "comparisons": [],
        "apart": [],
    }
    if len(panoramas):
        geo = Geography.of(rounds)
        for reason, source, some in _parts(panoramas, machines):
            found = list(_comparisons(rounds, machines, some, APART[reason], source))
            report["apart" if reason else "comparisons"] += found
            if not reason:
                report["panoramas_that_count"] += len(some)
                report["models"] += list(_models(rounds, machines, some, geo, source))
    report["notes"] = [*notes, *_notes(report)]
    return report


def _coverage() -> Part:
    """How often the intervals held the truth, of comparisons of models."""
    kept = coverage.kept()
    return {name: kept[name] for name in ("command", "measured_at", "studies", "nominal", "models")}


def rounds_of(map_: str, scale_km: float, panoramas: Panoramas, machines: Sequence[Machine]) -> Rounds:
    """The answers as rows, one model after the other; `panorama_id` is the group, which is the cluster."""
    count, times = len(panoramas), len(machines)
    groups = [
        group or f"panorama {name}" for name, group in zip(panoramas.names, panoramas.groups, strict=True)
    ]
    size = count * times
    columns: dict[str, Any] = {
        "round_id": Labels.of(list(panoramas.names) * times),
        "panorama_id": Labels.of(groups * times),
        "player_id": Labels.of(machine.name for machine in machines for _ in range(count)),
        "condition": _constant(CONDITION, size),
        "map": _constant(map_, size),
        "source": Labels.of([DRAWN if drawn else "photo" for drawn in panoramas.drawn] * times),
        "is_model": np.ones(size, dtype=np.bool_),
        "outcome": np.full(size, ANSWERED, dtype=np.int64),
        "lat": np.concatenate([machine.lat for machine in machines]),
        "lng": np.concatenate([machine.lng for machine in machines]),
        "true_lat": np.tile(panoramas.lat, times),
        "true_lng": np.tile(panoramas.lng, times),
        "scale_km": np.full(size, scale_km),
        "seen_in_training": _flags(machine.trained_on for machine in machines),
    }
    unknown = [None] * count
    for name in FLAGS:
        columns[name] = _flags(machine.leaks.get(name, unknown) for machine in machines)
    return Rounds.of(columns, size)


def _flags(parts: Iterable[Sequence[bool | None]]) -> IntArray:
    return np.array([-1 if one is None else int(one) for part in parts for one in part], dtype=np.int64)


def _constant(text: str, size: int) -> Labels:
    return Labels(np.zeros(size, dtype=np.int64), (text,))


def _parts(panoramas: Panoramas, machines: Sequence[Machine]) -> Iterator[tuple[int, str, IntArray]]:
    """Reason to be apart, source of the pictures, and numbers of panoramas; those that count first."""
    any_trained = np.array([any(flags) for flags in zip(*(one.trained_on for one in machines), strict=True)])
    unknown = np.array([None in flags for flags in zip(*(one.trained_on for one in machines), strict=True)])
    reasons = np.select([any_trained, unknown], [1, 2], default=0)
    drawn = np.array(panoramas.drawn, dtype=np.bool_)
    for reason in range(len(APART)):
        for source, wanted in (("photo", ~drawn), (DRAWN, drawn)):
            some = np.flatnonzero((reasons == reason) & wanted)
            if some.size:
                yield reason, source, some


def _rows(rounds: Rounds, number: int, machines: Sequence[Machine], some: IntArray) -> IntArray:
    return some + number * (len(rounds) // len(machines))


def _comparisons(
    rounds: Rounds, machines: Sequence[Machine], some: IntArray, reason: str, source: str
) -> Iterator[Part]:
    for one, other in combinations(range(len(machines)), 2):
        first, second = (_rows(rounds, number, machines, some) for number in (one, other))
        found = compare(
            {
                "apart": reason,
                "map": rounds.map.names[0],
                "source": source,
                "condition": CONDITION,
                "model": machines[one].name,
                "pairs": Pairs(rounds, second, first),
            }
        )
        leaks = {"first": flagged(rounds, first), "second": flagged(rounds, second)}
        yield {**_renamed(dict(found), machines[other].name), "leakage": leaks}


def _renamed(found: Part, second: str) -> Part:
    """In the place of a person there is a model, in the place of panoramas their groups."""
    differences = {
        name: {**value, "method": _by_group(value["method"])} for name, value in found["differences"].items()
    }
    same = ("wins", "ties", "losses", "win_rate", "win_rate_clustered", "sign_test_p")
    return {
        **{name: found[name] for name in ("apart", "map", "source", "condition")},
        "first": found["model"],
        "second": second,
        "panoramas": found["rounds"],
        "groups": found["panoramas"],
        **{name: found[name] for name in same},
        "differences": differences,
        "power": found["power"],
        "sides": {"first": found["sides"]["model"], "second": found["sides"]["person"]},
    }


def _by_group(method: str) -> str:
    return dict(BY_GROUP).get(method, method)


def _models(
    rounds: Rounds, machines: Sequence[Machine], some: IntArray, geo: Geography, source: str
) -> Iterator[Part]:
    for number, machine in enumerate(machines):
        rows = _rows(rounds, number, machines, some)
        groups = rounds.panorama_id.codes[rows]
        clusters = Clusters.of(np.zeros(len(rows), dtype=np.int64), groups)
        right = accuracy(Pairs(rounds, rows, rows), geo)
        yield {
            "model": machine.name,
            "source": source,
            "panoramas": len(rows),
            "groups": len(clusters.sizes[1]),
            "side": side(rounds, rows, clusters),
            "accuracy": {"panoramas": right["rounds"], **right["model"]},
        }


def _notes(report: Part) -> Iterator[str]:
    if not report["panoramas"]:
        yield "There are no panoramas that all of the models answer: nothing can be said."
    elif not report["comparisons"]:
        yield "No panorama counts: see what is apart."
    fewest = min((one["groups"] for one in report["comparisons"]), default=FEW)
    if fewest < FEW:
        yield (
            f"A small comparison ({many(fewest, 'group')} of panoramas): differences have intervals by"
            " Student's t."
        )
