from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from geogame.accounts.models import Player
from geogame.panoramas.models import Map
from tests.geogame.rooms.clock import Clock, install
from tests.geogame.rooms.playing import Party, open_party


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return install(monkeypatch)


@pytest.fixture
def people(make_player: Callable[..., Player]) -> list[Player]:
    return [make_player(name) for name in ("Ann", "Ben", "Cleo")]


@pytest.fixture
def party(clock: Clock, make_map: Callable[..., Map], people: list[Player]) -> Callable[..., Party]:
    """A room with so many players on a map of its own; without a model, unless the test names one."""

    def make(players: int = 2, *, panoramas: int = 30, **settings: Any) -> Party:
        settings = {"model": None} | settings
        return open_party(clock, make_map(panoramas), people[:players], **settings)

    return make
