from __future__ import annotations

from collections.abc import Callable

import pytest

from geogame.accounts.models import Player
from geogame.albums.models import Album, AlbumRound
from geogame.albums.services import start_album
from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion
from tests.geogame.albums.playing import album_of


@pytest.fixture
def album(make_panorama: Callable[..., Panorama]) -> Album:
    return album_of(make_panorama)


@pytest.fixture
def waiting(album: Album, alice: Player, model_version: ModelVersion) -> AlbumRound:
    """A round that waits for its models."""
    return start_album(player=alice, map_=album.map)
