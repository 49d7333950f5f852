from __future__ import annotations

import pytest

from geogame.pages.templatetags.figures import hours_and_minutes, stopwatch


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0.0, "0:00"), (59.6, "1:00"), (185.2, "3:05"), (900.0, "15:00")]
)
def test_a_stopwatch_shows_minutes_and_seconds(seconds: float | None, text: str) -> None:
    assert stopwatch(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 minute"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (3600, "1 hour"),
        (3601, "1 hour 1 minute"),
        (86_400, "24 hours"),
    ],
)
def test_waiting_is_told_in_hours_and_minutes(seconds: int, text: str) -> None:
    assert hours_and_minutes(seconds) == text
