from __future__ import annotations

import pytest
from django.utils.translation import override

from geogame.profiles.templatetags.measures import country, distance, number, percent, signed


@pytest.mark.parametrize(
    ("km", "units", "text"),
    [
        (None, "km", "–"),
        (0.0, "km", "0\u202fm"),
        (0.0426, "km", "42.6\u202fm"),
        (0.25, "km", "250\u202fm"),
        (1.234, "km", "1.23\u202fkm"),
        (56.78, "km", "56.8\u202fkm"),
        (999.6, "km", "1,000\u202fkm"),
        (12_345.6, "km", "12,300\u202fkm"),
        (1.609344, "mi", "1.00\u202fmi"),
        (16.09344, "mi", "10.0\u202fmi"),
        (0.03, "mi", "98.4\u202fft"),
    ],
)
def test_distances_have_three_digits(km: float | None, units: str, text: str) -> None:
    assert distance(km, units) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.2, "0"), (-0.2, "0"), (312.4, "+312"), (-1234.0, "−1,234")]
)
def test_a_lead_has_its_sign(value: float | None, text: str) -> None:
    assert signed(value) == text


def test_numbers_are_of_the_readers_language() -> None:
    assert number(7412) == "7,412"
    assert percent(0.4231) == "42\u202f%"
    with override("de"):
        assert number(7412) == "7.412"
        assert country("DE") == "Deutschland"
    assert (country("DE"), country("")) == ("Germany", "")
