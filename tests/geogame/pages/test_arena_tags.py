from __future__ import annotations

import pytest
from django.utils import translation

from geogame.pages.templatetags import arena
from geogame.panoramas.models import Map


@pytest.mark.parametrize(
    ("km", "units", "text"),
    [
        (0.0, "km", "0\u202fm"),
        (0.8704, "km", "870\u202fm"),
        (1.2345, "km", "1.23\u202fkm"),
        (45.678, "km", "45.7\u202fkm"),
        (456.78, "km", "457\u202fkm"),
        (1234.5, "km", "1,230\u202fkm"),
        (0.03, "mi", "98\u202fft"),
        (0.03048, "mi", "100\u202fft"),
        (1.609344, "mi", "1.00\u202fmi"),
        (1609.344, "mi", "1,000\u202fmi"),
    ],
)
def test_distances_have_three_digits_and_the_unit_of_the_visitor(km: float, units: str, text: str) -> None:
    assert arena.distance(km, units) == text


def test_numbers_are_written_as_the_language_does() -> None:
    with translation.override("de"):
        assert arena.whole(7412.6) == "7.413"
        assert arena.distance(45.678, "km") == "45,7\u202fkm"
        assert arena.hundredths(0.123456) == "12.35"
        assert arena.unlocalized(3.5) == "3.5"


def test_shares_are_percentages() -> None:
    assert arena.percent(0.4231) == "42\u202f%"


def test_titles_of_lists_are_translated_and_names_are_not() -> None:
    with translation.override("de"):
        assert arena.in_words("training jobs") == "Trainingsaufträge"
        assert arena.in_words(Map(name="Maps")) == "Maps"
    assert arena.in_words("") == ""
