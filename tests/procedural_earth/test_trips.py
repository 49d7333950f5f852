from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from planet_core import s2
from planet_core.albums import backwards, read_albums, time_gaps_hours
from planet_core.geo import haversine_km
from planet_core.stopping import Stopped
from procedural_earth import held_out, play_set, sun, trip_rules, trips_draw, trips_places
from procedural_earth import trips as trips_module
from procedural_earth.__main__ import main
from procedural_earth.places import MIN_SUN_DEG
from procedural_earth.trips import Stop, Trip, plan
from procedural_earth.trips_places import World

COUNT, FEW = 40, 150


@pytest.fixture(scope="module", autouse=True)
def small_world() -> Iterator[None]:
    """Bases are few, and looked for once a part; the rules stay as they are."""
    worlds = cache(lambda part, seed: World(part, FEW, seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trips_places, "DESTINATIONS", FEW)
        patch.setattr(trips_module, "World", lambda part, count, seed: worlds(part, seed))
        yield


@pytest.fixture(scope="module")
def trips(small_world: None) -> list[Trip]:
    return list(plan("train", COUNT, 5))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[Stop]:
    """In place of the renderer: pictures that follow from the stop. Gives what was drawn."""
    drawn: list[Stop] = []

    def noise(stop: Stop, size: int) -> Iterator[Image.Image]:
        drawn.append(stop)
        for shot in stop.shots:
            if not shot.cueless:
                rng = np.random.default_rng((stop.seed, round(shot.heading * 10)))
                yield Image.fromarray(rng.integers(0, 256, (size, size, 3), dtype=np.uint8))

    monkeypatch.setattr(trips_draw, "views_of", noise)
    return drawn


def draw(out: Path, *options: str, workers: int = 1, part: str = "validation") -> int:
    words = ["trips", "--part", part, "--seed", "5", "--size", "32", "--workers", str(workers)]
    return main([*words, "--out", str(out), *options])


def content(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def pixels(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as picture:
        return np.asarray(picture)


def where(stops: list[Stop]) -> tuple[Any, Any]:
    return np.array([stop.lat for stop in stops]), np.array([stop.lng for stop in stops])


def stays(trip: Trip) -> list[list[Stop]]:
    return [list(stops) for _, stops in itertools.groupby(trip.stops, lambda stop: stop.stay)]


def test_fewer_trips_are_the_beginning_of_more(trips: list[Trip]) -> None:
    assert [trip.id for trip in trips] == [f"train-5-{number:05d}" for number in range(COUNT)]
    assert list(plan("train", 7, 5)) == trips[:7]
    assert list(plan("train", 3, 6)) != trips[:3]


def test_parts_of_the_earth_have_no_place_in_common(trips: list[Trip]) -> None:
    belongs = {
        "train": held_out.is_for_album_training,
        "validation": held_out.is_for_album_validation,
        "test": held_out.is_held_out,
    }
    played = play_set.places()
    for part in belongs:
        some = trips if part == "train" else list(plan(part, COUNT, 5))
        lat, lng = where([stop for trip in some for stop in trip.stops])
        for other, is_there in belongs.items():
            assert is_there(lat, lng).all() if other == part else not is_there(lat, lng).any()
        away_km = haversine_km(lat[:, None], lng[:, None], played.lat[None], played.lng[None])
        assert away_km.min() > trips_places.FROM_PLAYED_KM


def test_stays_follow_the_journey(trips: list[Trip]) -> None:
    seen = set()
    for trip in trips:
        bases = [stops[0] for stops in stays(trip)]
        seen.add(trip.journey)
        assert len(bases) == {"stay": 1, "onward": 2, "flight": 2, "return flight": 3}[trip.journey]
        assert [stops[0].event for stops in stays(trip)] == ["arrival"] * len(bases)
        for here, there in itertools.pairwise(bases):
            away_km = float(haversine_km(here.lat, here.lng, there.lat, there.lng))
            low = trip_rules.ONWARD_KM[0] if trip.journey == "onward" else trip_rules.FLIGHT_KM[0]
            assert away_km > low
            if trip.journey != "onward":
                assert here.country != there.country
        if trip.journey == "return flight":
            assert (bases[0].lat, bases[0].lng) == (bases[2].lat, bases[2].lng)
    assert seen == set(trip_rules.JOURNEYS)


def test_a_stay_keeps_to_its_part_of_the_country(trips: list[Trip]) -> None:
    far = []
    for stops in (stops for trip in trips for stops in stays(trip)):
        lat, lng = where(stops)
        assert len(set(s2.cell_ids(lat, lng, held_out.LEVEL).tolist())) == 1
        base = stops[0]
        for stop in stops:
            away_km = float(haversine_km(base.lat, base.lng, stop.lat, stop.lng))
            low, high = {
                "arrival": (0.0, 0.0),
                "evening": (0.0, 0.0),
                "around": (0.0, trip_rules.AROUND_KM[1]),
                "day trip": trip_rules.DAY_TRIP_KM,
            }[stop.event]
            assert low - 0.1 <= away_km <= high + 0.1
            far += [away_km] if stop.event == "day trip" else []
    assert 15 < np.median(far) < 50


def test_photos_are_in_the_order_of_time_and_by_daylight(trips: list[Trip]) -> None:
    for trip in trips:
        times = [stop.taken_at(shot) for stop in trip.stops for shot in stop.shots]
        assert times == sorted(times)
        assert len(times) == trip.photos
        for stop in trip.stops:
            assert sun.position(stop.lat, stop.date, stop.hour, stop.lng).elevation_deg > MIN_SUN_DEG - 2.5


def test_a_flight_takes_its_time(trips: list[Trip]) -> None:
    for trip in trips:
        for before, after in itertools.pairwise(stays(trip)):
            last, first = before[-1], after[0]
            hours = (first.taken_at(first.shots[0]) - last.taken_at(last.shots[-1])) / dt.timedelta(hours=1)
            away_km = float(haversine_km(last.lat, last.lng, first.lat, first.lng))
            assert hours > trip_rules.TRAVEL_HOURS + away_km / trip_rules.FLIGHT_KM_H - 0.01
            assert hours < 24 * 3 + away_km / trip_rules.OVERLAND_KM_H


def test_some_photos_show_nothing_and_few_stops_are_alike(trips: list[Trip]) -> None:
    shots = [shot for trip in trips for stop in trip.stops for shot in stop.shots]
    assert 0.13 < np.mean([shot.cueless for shot in shots]) < 0.25
    assert 14 < len(shots) / len(trips) < 18
    seeds_of_stops = [stop.seed for trip in trips for stop in trip.stops]
    assert len(set(seeds_of_stops)) == len({(s.lat, s.lng, s.day) for t in trips for s in t.stops})


@pytest.mark.usefixtures("quick")
def test_trips_are_albums(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert draw(tmp_path / "out", "--albums", "4") == 0
    albums = read_albums(tmp_path / "out")
    planned = list(plan("validation", 4, 5))
    assert f"4 albums with {sum(trip.photos for trip in planned)} photos in" in capsys.readouterr().out
    assert [album.id for album in albums] == [trip.id for trip in planned]
    assert backwards(albums) == []
    for album, trip in zip(albums, planned, strict=True):
        assert album.drawn
        assert "not photographed" in str(album.licence)
        assert time_gaps_hours(album)[1:].min() > 0
        shots = [(stop, shot) for stop in trip.stops for shot in stop.shots]
        for photo, (stop, shot) in zip(album.photos, shots, strict=True):
            assert pixels(photo.path).shape == (32, 32, 3)
            assert (photo.lat, photo.lng) == (stop.lat, stop.lng)
            assert photo.cueless == shot.cueless
            assert photo.properties["shows"] == shot.shows
            assert ("heading" in photo.properties) == (not shot.cueless)
    lines = (tmp_path / "out" / "albums.jsonl").read_text().splitlines()
    assert all(not photo["path"].startswith("/") for photo in json.loads(lines[0])["photos"])


def test_a_stopped_run_goes_on_to_the_same_albums(
    tmp_path: Path, quick: list[Stop], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert draw(tmp_path / "whole", "--albums", "4") == 0
    stops = len(quick)
    usual = trips_draw.views_of

    def stopping(stop: Stop, size: int) -> Iterator[Image.Image]:
        if len(quick) == stops + 12:
            raise Stopped
        return usual(stop, size)

    monkeypatch.setattr(trips_draw, "views_of", stopping)
    assert draw(tmp_path / "parts", "--albums", "4") == 130
    assert 0 < len(read_albums(tmp_path / "parts")) < 4
    (tmp_path / "parts" / "pictures" / ".left.tmp").mkdir()
    monkeypatch.setattr(trips_draw, "views_of", usual)
    assert draw(tmp_path / "parts", "--albums", "4") == 0
    assert content(tmp_path / "parts") == content(tmp_path / "whole")
    assert not list((tmp_path / "parts" / "pictures").glob(".*"))
    assert len(quick) < 3 * stops - 12, "whole trips are not drawn again"


def test_more_albums_add_to_what_is_there(tmp_path: Path, quick: list[Stop]) -> None:
    assert draw(tmp_path, "--albums", "2") == 0
    before, stops = content(tmp_path / "pictures"), len(quick)
    assert draw(tmp_path, "--albums", "3") == 0
    assert before.items() <= content(tmp_path / "pictures").items()
    assert len(quick) - stops == len(list(plan("validation", 3, 5))[2].stops)
    assert len(read_albums(tmp_path)) == 3


@pytest.mark.usefixtures("quick")
def test_other_settings_do_not_go_on_in_the_same_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draw(tmp_path / "out", "--albums", "1") == 0
    assert draw(tmp_path / "out", "--albums", "1", "--size", "48") == 2
    assert "was drawn with other size: give a new folder" in capsys.readouterr().err
    (tmp_path / "out" / "trips.json").write_text("[")
    assert draw(tmp_path / "out", "--albums", "1") == 2
    assert "trips.json is damaged" in capsys.readouterr().err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("Dear Ms Smith")
    assert draw(tmp_path / "other", "--albums", "1") == 2
    assert "holds something else" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["letter.txt"]


def test_a_trip_that_cannot_be_drawn_is_listed_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = next(plan("validation", 2, 5))

    def failing(stop: Stop, size: int) -> Iterator[Image.Image]:
        if stop in bad.stops:
            raise ZeroDivisionError("no road")
        return iter([Image.new("RGB", (size, size))] * len(stop.shots))

    monkeypatch.setattr(trips_draw, "views_of", failing)
    assert draw(tmp_path / "out", "--albums", "2") == 0
    assert "1 could not be drawn, see errors.jsonl" in capsys.readouterr().out
    assert [album.id for album in read_albums(tmp_path / "out")] == ["validation-5-00001"]
    [line] = (tmp_path / "out" / "errors.jsonl").read_text().splitlines()
    assert json.loads(line) == {"album": bad.id, "reason": "ZeroDivisionError: no road"}
    assert draw(tmp_path / "none", "--albums", "1") == 2
    assert "nothing could be drawn" in capsys.readouterr().err


def test_the_shipped_trips_are_whole_and_held_out() -> None:
    folder = Path(trips_draw.__file__).parent / "play_trips"
    albums = read_albums(folder)
    assert len(albums) == 4
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 1_500_000
    for album in albums:
        assert album.drawn
        assert "not photographed" in str(album.licence)
        assert all(pixels(photo.path).shape == (384, 384, 3) for photo in album.photos)
        lat = np.array([photo.lat for photo in album.photos])
        lng = np.array([photo.lng for photo in album.photos])
        assert held_out.is_held_out(lat, lng).all()


@pytest.mark.parametrize("options", [["--albums", "0"], ["--albums", "2", "--size", "16"]])
def test_wrong_numbers_are_named(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["trips", "--out", str(tmp_path), *options])
    assert "is not within" in capsys.readouterr().err


@pytest.mark.slow
def test_two_processes_draw_what_one_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"PHOTOS_LEAST": 2, "PHOTOS_MEAN": 2.0, "PHOTOS_SPREAD": 0.0, "PHOTOS_OF_STOP": (0.0, 1.0)}
    for name, value in few.items():
        monkeypatch.setattr(trip_rules, name, value)
    monkeypatch.setattr(trip_rules, "JOURNEYS", {"stay": 1.0})
    for workers in (1, 2):
        assert draw(tmp_path / str(workers), "--albums", "2", workers=workers) == 0
    assert content(tmp_path / "1") == content(tmp_path / "2")
    shown = [photo for album in read_albums(tmp_path / "1") for photo in album.photos]
    assert not all(photo.cueless for photo in shown)
    assert all(pixels(photo.path).std() > 10 for photo in shown)
