from __future__ import annotations

import importlib
import re
from collections.abc import Callable

import numpy as np
import pytest
from django.apps import apps
from django.db import connection

from geogame.panoramas.models import Panorama
from geogame.panoramas.places import describe
from planet_core.geography import country_at, country_name


@pytest.mark.parametrize(
    ("lat", "lng", "country", "expected"),
    [
        (48.58, 7.75, "FR", "Near Strasbourg, France"),
        (48.85, 2.35, "FR", "Near Paris, France"),
        (48.575, 7.805, "DE", "Near Kehl, Germany"),  # Strasbourg's quays are nearer
        (65.895, 24.042, "SE", "Sweden, near Tornio (Finland)"),
        (-77.85, 166.67, "AQ", "Antarctica, "),
    ],
)
def test_a_place_is_named_after_the_nearest_town(lat: float, lng: float, country: str, expected: str) -> None:
    assert country_at(lat, lng) == country
    assert describe(lat, lng, country).startswith(expected)


def test_in_the_open_sea_no_country_is_the_places_own() -> None:
    assert country_at(0.0, -150.0) == ""
    assert re.match(r"[\d,]+ km from .+, .+", describe(0.0, -150.0, ""))


def test_a_place_never_names_another_country_as_its_own() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        lat, lng = float(rng.uniform(42, 56)), float(rng.uniform(0, 25))
        code = country_at(lat, lng)
        if code:
            place = describe(lat, lng, code)
            name = country_name(code)
            assert place.startswith(f"{name}, ") or place.endswith(f", {name}")


def test_rows_from_before_get_their_country(make_panorama: Callable[..., Panorama]) -> None:
    wrong = make_panorama(48.575, 7.805, place="Near Strasbourg, France")
    right = make_panorama(48.58, 7.75, place="Near Strasbourg, France")
    nameless = make_panorama(0.0, -150.0, place="")
    fill = importlib.import_module("geogame.panoramas.migrations.0005_fill_country").fill
    fill(apps, connection.schema_editor())
    for panorama in (wrong, right, nameless):
        panorama.refresh_from_db()
    assert (wrong.country, wrong.place) == ("DE", "Near Kehl, Germany")
    assert (right.country, right.place) == ("FR", "Near Strasbourg, France")
    assert (nameless.country, nameless.place) == ("", "")
