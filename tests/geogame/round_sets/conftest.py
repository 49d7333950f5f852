from __future__ import annotations

from collections.abc import Callable

import pytest

from geogame.panoramas.models import Map
from geogame.round_sets.models import OutsidePlayer, RoundSet
from geogame.round_sets.services import create
from tests.geogame.round_sets.taking_part import player_named


@pytest.fixture
def make_set(make_map: Callable[..., Map]) -> Callable[..., RoundSet]:
    """An open set of all panoramas of a map that is made for it."""

    def make(rounds: int = 3, *, name: str = "Trial", map_name: str = "Test", **fields: object) -> RoundSet:
        return create(name=name, map_=make_map(rounds, name=map_name, **fields), seed=1)

    return make


@pytest.fixture
def robot(db: None) -> OutsidePlayer:
    return player_named("Robot")
