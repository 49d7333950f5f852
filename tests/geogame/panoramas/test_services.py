from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import (
    MapError,
    NewPanorama,
    add_panorama,
    get_or_create_map,
    publish_map,
    scale_km_of,
)
from tests.conftest import jpeg

NEW = NewPanorama(
    digest="a" * 64,
    jpeg=jpeg(),
    file_digest="b" * 64,
    width=320,
    height=240,
    projection="flat",
    lat=1.0,
    lng=2.0,
)


def test_a_picture_is_stored_once(db: None) -> None:
    map_ = get_or_create_map("One")
    assert add_panorama(map_=map_, new=NEW)
    assert not add_panorama(map_=map_, new=NEW)
    assert Panorama.objects.get().path.read_bytes() == NEW.jpeg


def test_a_picture_knows_its_country(db: None) -> None:
    add_panorama(map_=get_or_create_map("One"), new=replace(NEW, lat=47.6973, lng=8.6910))
    panorama = Panorama.objects.get()
    assert panorama.country == "DE"  # Büsingen, which Switzerland surrounds
    assert panorama.place.endswith("Germany") or panorama.place.startswith("Germany, ")


def test_a_picture_can_be_on_two_maps(db: None) -> None:
    for name in ("One", "Two"):
        assert add_panorama(map_=get_or_create_map(name), new=NEW)
    assert Panorama.objects.get().maps.count() == 2


def test_the_name_of_the_file_tells_nothing_of_the_picture(db: None) -> None:
    add_panorama(map_=get_or_create_map("One"), new=NEW)
    assert NEW.digest[:8] not in Panorama.objects.get().file


def test_a_map_is_found_again_by_its_name(db: None) -> None:
    assert get_or_create_map("Old  Europe") == get_or_create_map("old europe")


def test_a_map_may_have_a_name_in_any_script(db: None) -> None:
    assert get_or_create_map("東京").slug == "東京"


@pytest.mark.parametrize("name", ["", "  ", "!!!", "x" * 81])
def test_a_map_needs_a_name(db: None, name: str) -> None:
    with pytest.raises(MapError, match="no name for a map"):
        get_or_create_map(name)


def test_an_empty_map_is_not_published(db: None) -> None:
    with pytest.raises(MapError, match="no panoramas"):
        publish_map(Map.objects.create(name="Empty", slug="empty"))


def test_publishing_fixes_the_scale(make_map: Callable[..., Map]) -> None:
    map_ = make_map(2)
    assert map_.is_published
    assert map_.scale_km == pytest.approx(274, abs=5)


@pytest.mark.parametrize(
    ("lat", "lng", "expected"),
    [
        ([48.0], [11.0], 50.0),
        ([48.0, 48.001], [11.0, 11.001], 50.0),
        ([0.0, 0.0], [179.0, -179.0], 222.39),
        ([-40.0, 60.0, 10.0, 0.0], [-120.0, 0.0, 120.0, 60.0], 14917.0),
    ],
)
def test_the_scale_is_the_diagonal_of_the_box(lat: list[float], lng: list[float], expected: float) -> None:
    assert scale_km_of(np.array(lat), np.array(lng)) == pytest.approx(expected, abs=0.01)
