from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from planet_core import geo
from planet_core.prepare import Progress
from planet_core.shards import Index, Shards
from planet_core.sources.open_source import open_source
from planet_core.stopping import Stopped
from procedural_earth import play_set, view_shards
from procedural_earth.__main__ import main
from procedural_earth.held_out import is_for_training, is_held_out
from procedural_earth.view_shards import Spot, Wish, choose, spots


def noise(spot: Spot, wish: Wish) -> Iterator[tuple[float, Image.Image]]:
    """In place of the renderer: pictures that follow from the place, the day and the heading."""
    for heading in spot.headings or (0.0,):
        rng = np.random.default_rng((spot.seed, round(heading * 10)))
        yield heading, Image.fromarray(rng.integers(0, 256, (wish.size, wish.size, 3), dtype=np.uint8))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_shards, "_pictures", noise)


def shards(out: Path, *options: str) -> int:
    return main(
        ["shards", "--size", "32", "--workers", "1", "--shard-mb", "0.02", "--out", str(out), *options]
    )


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name[0] != "."}


@pytest.mark.usefixtures("quick")
def test_shards_are_a_source_of_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shards(tmp_path / "views", "--count", "30") == 0
    assert "30 pictures in " in capsys.readouterr().out
    photos = list(open_source(f"shards:{tmp_path / 'views'}"))
    assert len(photos) == len({photo.digest for photo in photos}) == 30
    assert len({photo.group for photo in photos}) == 8  # four views of a place, two of the last
    for group in {photo.group for photo in photos[:28]}:
        headings = sorted(photo.heading or 0.0 for photo in photos if photo.group == group)
        assert np.diff(headings) == pytest.approx([90, 90, 90], abs=0.2)
    for photo in photos:
        assert Image.open(io.BytesIO(photo.read())).size == (32, 32)
        assert "2025-01-01T00:00" <= photo.taken_at <= "2025-12-31T23:59"


@pytest.mark.usefixtures("quick")
def test_a_stopped_run_goes_on_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shards(tmp_path / "whole", "--count", "40") == 0
    assert len(Index.load(tmp_path / "whole").shards) > 2
    drawn = []

    def stopping(spot: Spot, wish: Wish) -> Iterator[tuple[float, Image.Image]]:
        drawn.append(spot)
        if len(drawn) == 8:
            raise Stopped
        return noise(spot, wish)

    monkeypatch.setattr(view_shards, "_pictures", stopping)
    assert shards(tmp_path / "parts", "--count", "40") == 130
    done = Index.load(tmp_path / "parts")
    assert 0 < done.samples < 40
    assert not done.complete
    monkeypatch.setattr(view_shards, "_pictures", noise)
    assert shards(tmp_path / "parts", "--count", "40") == 0
    assert content(tmp_path / "parts") == content(tmp_path / "whole")
    assert shards(tmp_path / "parts", "--count", "40") == 0  # nothing left to do


@pytest.mark.usefixtures("quick")
def test_a_larger_count_adds_to_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shards(tmp_path / "views", "--count", "8") == 0
    first = content(tmp_path / "views")["shard-000000.tar"]
    assert shards(tmp_path / "views", "--count", "22") == 0
    assert content(tmp_path / "views")["shard-000000.tar"] == first
    photos = list(open_source(f"shards:{tmp_path / 'views'}"))
    assert len(photos) == len({photo.digest for photo in photos}) == 22
    assert shards(tmp_path / "views", "--count", "12") == 0  # there already
    assert shards(tmp_path / "views", "--count", "30") == 2  # 22 views end within a place
    assert "ends within the views of one" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_other_settings_do_not_go_on_in_the_same_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shards(tmp_path / "views", "--count", "4") == 0
    assert shards(tmp_path / "views", "--count", "4", "--seed", "1", "--without", "sun") == 2
    assert "was prepared with other seed, without" in capsys.readouterr().err


def test_a_place_that_cannot_be_drawn_is_listed_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = spots(Wish(8), None)[0]

    def failing(spot: Spot, wish: Wish) -> Iterator[tuple[float, Image.Image]]:
        if spot == first:
            raise ZeroDivisionError("no road")
        return noise(spot, wish)

    monkeypatch.setattr(view_shards, "_pictures", failing)
    assert shards(tmp_path / "views", "--count", "8") == 0
    assert len(Shards(tmp_path / "views")) == 4
    [line] = (tmp_path / "views" / "errors.jsonl").read_text().splitlines()
    assert json.loads(line)["reason"] == "ZeroDivisionError: no road"
    assert str(first.lat) in line


@pytest.mark.usefixtures("quick")
def test_excluded_places_are_kept_away_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = choose(300, "world", 0, "training", None, 20)
    (tmp_path / "play.csv").write_text(
        "lat,lng\n" + "".join(f"{lat},{lng}\n" for lat, lng in zip(before.lat, before.lng, strict=True))
    )
    options = ["--count", "300", "--views", "1", "--exclude", str(tmp_path / "play.csv"), "--km", "50"]
    assert shards(tmp_path / "views", *options) == 0
    for photo in open_source(f"shards:{tmp_path / 'views'}"):
        assert geo.haversine_km(photo.lat, photo.lng, before.lat, before.lng).min() > 50
    assert shards(tmp_path / "other", "--count", "3", "--exclude", str(tmp_path / "none.csv")) == 2
    assert "cannot read" in capsys.readouterr().err
    (tmp_path / "bad.csv").write_text("lat\n1\n")
    assert shards(tmp_path / "other", "--count", "3", "--exclude", str(tmp_path / "bad.csv")) == 2
    assert "needs the columns lat and lng" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("part", ["training", "held-out"])
def test_no_view_is_near_a_place_that_is_played(tmp_path: Path, part: str) -> None:
    options = ["--count", "400", "--views", "1", "--part", part, "--seed", str(play_set.SEED)]
    assert shards(tmp_path / "views", *options) == 0
    played = play_set.places()
    for photo in open_source(f"shards:{tmp_path / 'views'}"):
        assert geo.haversine_km(photo.lat, photo.lng, played.lat, played.lng).min() > 20


def test_parts_of_the_earth_do_not_depend_on_the_count() -> None:
    few, many = (choose(count, "world", 3, "held-out", None, 20) for count in (20, 60))
    assert list(few.rows()) == list(many.rows())[:20]
    assert is_held_out(many.lat, many.lng).all()
    training = choose(60, "world", 3, "training", None, 20)
    assert is_for_training(training.lat, training.lng).all()
    assert len(choose(60, "europe", 3, "all", None, 20)) == 60


def test_unknown_clues_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shards(tmp_path / "views", "--count", "3", "--without", "moon") == 2
    assert "there is no clue 'moon': choose from sun, " in capsys.readouterr().err
    assert not (tmp_path / "views").exists()


@pytest.mark.slow
def test_drawn_views_and_panoramas_are_packed(tmp_path: Path) -> None:
    assert shards(tmp_path / "views", "--count", "3", "--views", "2") == 0
    assert shards(tmp_path / "again", "--count", "3", "--views", "2") == 0
    assert content(tmp_path / "views") == content(tmp_path / "again")
    assert (tmp_path / "views" / "errors.jsonl").read_text() == ""
    assert shards(tmp_path / "whole", "--count", "2", "--panoramas", "--without", "all") == 0
    for photo in open_source(f"shards:{tmp_path / 'whole'}"):
        assert photo.projection == "equirectangular"
        assert Image.open(io.BytesIO(photo.read())).size == (104, 52)


def test_progress_tells_views(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    progress = Progress(stream, "views", "views/s")
    progress.last -= 11
    progress.show(3, 0, 0.5)
    assert stream.getvalue() == " 50%  3 views, 0 skipped, 0.0 views/s\n"
