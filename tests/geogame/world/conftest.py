from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from procedural_earth import play_set
from procedural_earth.artist import Drawn, Order
from procedural_earth.facts import identity
from procedural_earth.play_set import Picture
from tests.conftest import jpeg


def metadata_of(lat: float, lng: float, date: str, hour: float) -> dict[str, Any]:
    return {
        **{"version": "test", "lat": lat, "lng": lng, "identity": identity(lat, lng), "country": "FR"},
        **{"koeppen": "Cfb", "date": date, "hour": hour, "heading_deg": 12.5, "weather": "clear"},
    }


@pytest.fixture
def shipped(tmp_path: Path, settings: Settings) -> Path:
    """A play set of three one-coloured pictures, at the first places of the real one."""
    directory = tmp_path / "play_set"
    directory.mkdir()
    settings.WORLD_PLAY_SET = directory
    places = play_set.places(3)
    pictures = []
    for index in range(3):
        content = jpeg(640, 320)
        name = f"{places.identity[index]}.jpg"
        (directory / name).write_bytes(content)
        lat, lng = float(places.lat[index]), float(places.lng[index])
        date, hour = str(places.date[index]), float(places.hour[index])
        pictures.append(
            Picture(
                file=name,
                sha256=hashlib.sha256(content).hexdigest(),
                width=640,
                height=320,
                quality=90,
                lat=lat,
                lng=lng,
                identity=str(places.identity[index]),
                date=date,
                hour=hour,
                seed=0,
                metadata=metadata_of(lat, lng, date, hour),
            )
        )
    play_set.write(pictures, directory)
    return directory


class Pencil:
    """Stands for the drawing process: one-coloured pictures at once. `before` sees each order first."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.before: Callable[[Order], None] = lambda order: None

    def __call__(self, niceness: int = 0) -> Pencil:
        return self

    def __enter__(self) -> Pencil:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def draw(self, order: Order, go_on: Callable[[], bool]) -> Drawn:
        self.before(order)
        self.orders.append(order)
        return Drawn(
            jpeg=jpeg(64, 32),
            quality=90,
            metadata=metadata_of(order.lat, order.lng, order.date, order.hour),
        )


@pytest.fixture
def pencil(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings) -> Pencil:
    """No drawing, and no shipped pictures unless the test asks for them."""
    settings.WORLD_PLAY_SET = tmp_path / "no play set"
    stand_in = Pencil()
    monkeypatch.setattr("geogame.world.runner.Artist", stand_in)
    return stand_in
