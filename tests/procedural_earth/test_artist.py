from __future__ import annotations

import io
import os
import signal
from dataclasses import replace

import pytest
from PIL import Image

from procedural_earth import artist
from procedural_earth.artist import Artist, ArtistGone, DrawingCancelled, DrawingFailed, Order

ORDER = Order(lat=48.2, lng=16.3, date="2025-06-15", hour=11.0, size=128, most_bytes=100_000)


def test_what_cannot_be_drawn_is_said() -> None:
    for bad in (
        replace(ORDER, lat=91.0),
        replace(ORDER, date="2025-02-30"),
        replace(ORDER, hour=25.0),
        replace(ORDER, size=3),
    ):
        with pytest.raises(DrawingFailed):
            artist.draw(bad)


@pytest.mark.slow
@pytest.mark.timeout(400)  # the renderer may have to be compiled first
def test_it_draws_in_another_process_as_here() -> None:
    with Artist(niceness=10) as other:
        drawn = other.draw(ORDER)
        with pytest.raises(DrawingFailed, match="25"):
            other.draw(replace(ORDER, hour=25.0))
        assert other.draw(ORDER) == drawn
        assert os.getpriority(os.PRIO_PROCESS, other._process.pid or 0) >= 10
    assert Image.open(io.BytesIO(drawn.jpeg)).size == (128, 64)
    assert drawn.metadata["date"] == "2025-06-15"
    assert artist.draw(ORDER) == drawn


@pytest.mark.slow
def test_a_picture_can_be_cancelled() -> None:
    with Artist() as other, pytest.raises(DrawingCancelled):
        other.draw(replace(ORDER, size=8192), go_on=lambda: False)
    assert not other._process.is_alive()


@pytest.mark.slow
def test_a_process_that_was_killed_is_said_and_another_one_draws_on() -> None:
    with Artist() as other:
        os.kill(other._process.pid or 0, signal.SIGKILL)
        with pytest.raises(ArtistGone, match="status -9"):
            other.draw(ORDER)
        first = other._process.pid
        with pytest.raises(DrawingFailed, match="25"):
            other.draw(replace(ORDER, hour=25.0))
        assert other._process.pid != first
    assert not other._process.is_alive()
