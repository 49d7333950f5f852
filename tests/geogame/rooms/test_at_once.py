"""People in a room act at the same moment. On PostgreSQL: SQLite lets one writer in at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from geogame.panoramas.models import Map
from tests.geogame.games.test_at_once import needs_connections
from tests.geogame.rooms.at_once import SCENES


@needs_connections
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scene", sorted(SCENES))
def test_at_once(scene: str, make_map: Callable[..., Map]) -> None:
    SCENES[scene](make_map(12))
