"""Studies made row by row: what the services would store, without a model that looks at pictures."""

from __future__ import annotations

from collections.abc import Sequence

from geogame.games.models import Plan, PlannedRound
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.studies.models import Study


def lay_out(map_: Map, version: ModelVersion, sets: Sequence[Sequence[Panorama]]) -> Study:
    """A study with a subject for each of these sets, in this order."""
    study = Study.objects.create(
        name=f"Study on {map_}", map=map_, model_version=version, rounds_each=len(sets[0])
    )
    for number, panoramas in enumerate(sets, start=1):
        plan = Plan.objects.create()
        for at, panorama in enumerate(panoramas, start=1):
            PlannedRound.objects.create(plan=plan, number=at, panorama=panorama)
        study.subjects.create(number=number, plan=plan)
    return study
