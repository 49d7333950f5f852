"""Model versions compared over a map, without people: what they answer for its panoramas in fair view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmark.leakage import FLAGS
from benchmark.machines import Machine, Panoramas, build, rounds_of
from benchmark.rounds import Rounds
from geogame.lib.words import counted
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import scale_km_of
from geogame.predictions.queries import missing, places_answered, playable
from geogame.registry.models import ModelVersion
from geogame.registry.queries import image_version_named, trained_on
from geogame.reports.leaks import Leaks
from planet_core.stopping import UserError

Predict = Callable[[ModelVersion], None]


class ModelsError(UserError):
    """Which models are meant, as a sentence for people."""


def versions_named(names: Sequence[str]) -> list[ModelVersion]:
    """Model versions by their names in the registry or by the first characters of their digests.

    NoSuchVersion for a name that fits none or several, ModelsError for fewer than two versions.
    """
    versions = [image_version_named(name) for name in names]
    if len({version.pk for version in versions}) < max(2, len(versions)):
        raise ModelsError("Comparing needs two or more different models: name each once after --models.")
    return versions


def compared(map_: Map, versions: Sequence[ModelVersion], predict: Predict) -> tuple[dict[str, Any], Rounds]:
    """The comparison and the answers that it is of.

    Args:
        predict: makes a version predict what it has not predicted yet on the map.
    """
    answers = []
    for version in versions:
        if missing(version, map_).exists():
            predict(version)
        answers.append(places_answered(version, map_))
    every = list(playable(map_))
    panoramas = [panorama for panorama in every if all(panorama.pk in found for found in answers)]
    notes = []
    if left := len(every) - len(panoramas):
        notes.append(f"{counted(left, 'panorama')} that not every model could look at: left out for all.")
    truths = _truths(panoramas)
    leaks = Leaks()
    machines = [
        _machine(version, found, panoramas, leaks) for version, found in zip(versions, answers, strict=True)
    ]
    scale_km = map_.scale_km or (scale_km_of(truths.lat, truths.lng) if panoramas else 0.0)
    report = build(map_.name, scale_km, truths, machines, notes)
    return report, rounds_of(map_.name, scale_km, truths, machines)


def _truths(panoramas: Sequence[Panorama]) -> Panoramas:
    return Panoramas(
        names=[str(panorama.pk) for panorama in panoramas],
        groups=[panorama.group for panorama in panoramas],
        lat=np.array([panorama.lat for panorama in panoramas], dtype=np.float64),
        lng=np.array([panorama.lng for panorama in panoramas], dtype=np.float64),
        drawn=[panorama.drawn for panorama in panoramas],
    )


def _machine(
    version: ModelVersion,
    places: dict[int, tuple[float, float]],
    panoramas: Sequence[Panorama],
    leaks: Leaks,
) -> Machine:
    found = np.array([places[panorama.pk] for panorama in panoramas], dtype=np.float64).reshape(-1, 2)
    known = trained_on(version, [(one.digest, one.group, one.lat, one.lng) for one in panoramas])
    leaked = [leaks.of(version, panorama) for panorama in panoramas]
    flags = {name: [getattr(one, name) for one in leaked] for name in FLAGS}
    return Machine(str(version), found[:, 0], found[:, 1], known, flags)
