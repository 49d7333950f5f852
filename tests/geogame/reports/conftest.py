from __future__ import annotations

from collections.abc import Callable

import pytest

from geogame.accounts.models import Player
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from tests.geogame.reports.played import play_rounds


@pytest.fixture
def people(make_player: Callable[..., Player]) -> list[Player]:
    return [make_player(f"Guest {number}") for number in range(4)]


@pytest.fixture
def map_played(make_map: Callable[..., Map], model_version: ModelVersion, people: list[Player]) -> Map:
    """Four people have answered six of eight panoramas each, in fair view."""
    map_ = make_map(8)
    play_rounds(map_, model_version, people, each=6)
    return map_
