from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from django.core.management import call_command

from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import publish_map
from geogame.registry.models import ModelVersion
from geogame.studies.models import Study

LINK = re.compile(r"^ +\d+ .*(/study/[\w-]{22}/)$", re.MULTILINE)


def study_command(*arguments: str) -> str:
    """What `manage.py study` prints."""
    output = io.StringIO()
    call_command("study", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def links_in(printed: str) -> list[str]:
    return LINK.findall(printed)


@pytest.fixture
def wide_map(make_panorama: Callable[..., Panorama]) -> Callable[..., Map]:
    """A published map with any number of flat pictures."""

    def make(panoramas: int, *, name: str) -> Map:
        map_ = Map.objects.create(name=name, slug=name.lower().replace(" ", "-"))
        map_.panoramas.add(
            *(make_panorama(36.0 + number / 4, -8.0 + number / 3) for number in range(panoramas))
        )
        publish_map(map_)
        return map_

    return make


@pytest.fixture
def make_study(
    wide_map: Callable[..., Map], model_version: ModelVersion
) -> Callable[..., tuple[Study, list[str]]]:
    """A study on a map of its own, and the links of its subjects."""

    def make(
        name: str = "Pilot", *options: str, subjects: int = 2, rounds: int = 2, panoramas: int = 0
    ) -> tuple[Study, list[str]]:
        map_ = wide_map(panoramas or subjects * rounds, name=f"Map of {name}")
        numbers = ("--subjects", str(subjects), "--rounds", str(rounds))
        printed = study_command("create", name, "--map", map_.name, *numbers, *options)
        return Study.objects.get(name=name), links_in(printed)

    return make
