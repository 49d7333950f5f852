"""Which pictures a study can show, and who gets which: disjoint sets, chosen before anybody has come."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count

from geogame.games.daily_rules import draw_rounds
from geogame.games.rules import Candidate
from geogame.lib.words import counted
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.queries import known_to_model
from geogame.round_sets.queries import asked_for


@dataclass(frozen=True)
class Pool:
    """What a map has for a study, and how many of its pictures are left out for which reason."""

    panoramas: int
    taken: int
    unreadable: int
    trained_on: int
    candidates: list[Candidate]

    @cached_property
    def drawable(self) -> int:
        """A study takes one picture of a group: two would help each other."""
        return len({candidate.group_key for candidate in self.candidates})

    @property
    def of_groups(self) -> int:
        """Left out because another one of the group stands for it."""
        return len(self.candidates) - self.drawable

    def __str__(self) -> str:
        left_out = {
            "because the model trained on them, on their group or at their place": self.trained_on,
            "that share a group with another one, of which a study takes one": self.of_groups,
            "in the daily of today, in an open round set or set aside for another study": self.taken,
            "that cannot be read": self.unreadable,
        }
        reasons = "; ".join(f"{number} {reason}" for reason, number in left_out.items() if number)
        return (
            f"{counted(self.panoramas, 'panorama')} on the map, {self.drawable} of them can be drawn"
            f" (left out: {reasons or 'none'})"
        )


def pool_of(map_: Map, version: ModelVersion, *, unreadable: Collection[int] = ()) -> Pool:
    """What can be drawn now. `times_seen` of a candidate is how often it was shown to anybody: the less, the
    more probably it is new to a subject.
    """
    rows = list(
        map_.panoramas.filter(withdrawn_at=None)
        .annotate(shown=Count("exposures"))
        .order_by("pk")
        .values_list("pk", "shown", "digest", "group", "lat", "lng")
    )
    known = known_to_model(version, [row[2:] for row in rows])
    taken = set(map_.panoramas.filter(asked_for()).values_list("pk", flat=True))
    counts = {"taken": 0, "unreadable": 0, "trained_on": 0}
    candidates = []
    for (pk, shown, _digest, group, *_), trained in zip(rows, known, strict=True):
        if trained:
            counts["trained_on"] += 1
        elif pk in taken:
            counts["taken"] += 1
        elif pk in unreadable:
            counts["unreadable"] += 1
        else:
            candidates.append(Candidate(pk, group, shown))
    return Pool(len(rows), **counts, candidates=candidates)


def draw_sets(pool: Pool, *, subjects: int, rounds: int, rng: random.Random) -> list[list[int]]:
    """For each subject so many panoramas; the pool has to hold them all. The least shown come first, and
    chance says who gets which.
    """
    drawn = [
        candidate.panorama for candidate in draw_rounds(pool.candidates, rng=rng, wanted=subjects * rounds)
    ]
    rng.shuffle(drawn)
    return [drawn[start : start + rounds] for start in range(0, len(drawn), rounds)]
