from __future__ import annotations

import random

import pytest
from django.utils.translation import override

from geogame.panoramas.place_names import in_readers_language
from geogame.panoramas.places import describe
from planet_core.geography import country_at, country_name


@pytest.mark.parametrize(
    ("place", "german"),
    [
        ("Near Strasbourg, France", "Bei Strasbourg, Frankreich"),
        ("1,204 km from Adamstown, Pitcairn Islands", "1\u202f204 km von Adamstown, Pitcairninseln"),
        ("Sweden, near Tornio (Finland)", "Schweden, bei Tornio (Finnland)"),
        ("Sweden, 45 km from Tornio (Finland)", "Schweden, 45 km von Tornio (Finnland)"),
        ("Lyon, France", "Lyon, France"),
        ("Near the old mill", "Near the old mill"),
    ],
)
def test_a_place_reads_in_german(place: str, german: str) -> None:
    with override("de"):
        found = in_readers_language(place)
    assert found == german


def test_whatever_is_written_for_a_place_is_understood() -> None:
    rng = random.Random(10)
    found = 0
    while found < 150:
        lat, lng = rng.uniform(-55, 75), rng.uniform(-180, 180)
        country = country_at(lat, lng)
        if not country:
            continue
        found += 1
        place = describe(lat, lng, country)
        with override("de"):
            german = in_readers_language(place)
        assert country_name(country, "de") in german, place
        assert "near " not in german.lower(), place
        assert " from " not in german, place
        assert in_readers_language(place) == place
