from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import numpy as np
import pytest

import procedural_earth
from procedural_earth import facts
from procedural_earth.facts import PlaceError
from procedural_earth.mesh import Clue
from procedural_earth.rendering import (
    RENDER_VERSION,
    RenderError,
    Rendering,
    render,
    render_view,
    render_views,
    scene_of,
)
from procedural_earth.scene import CLUES

pytestmark = pytest.mark.slow  # the renderer compiles first

MAY = datetime.date(2024, 5, 20)
FRANCE = (48.2, 1.5)


def panorama(lat: float = FRANCE[0], lng: float = FRANCE[1], **other: Any) -> Rendering:
    return render(lat, lng, **{"date": MAY, "hour": 10.0, "size": 512, "masks": True, **other})


def pixels(rendering: Rendering) -> np.ndarray:
    return np.asarray(rendering.image, float)


def cut(picture: np.ndarray, middle_deg: float, heading_deg: float, px: int) -> np.ndarray:
    """A 90 degree view out of a panorama; a pixel is the mean of 4 x 4 places between four of its own."""
    high, wide = picture.shape[:2]
    grid = (np.arange(px * 4) + 0.5) / (px * 4) * 2 - 1
    x, y = np.meshgrid(grid, grid)
    turn = np.deg2rad(heading_deg)
    east, north, up = np.sin(turn) + x * np.cos(turn), np.cos(turn) - x * np.sin(turn), -y
    column = ((np.arctan2(east, north) - np.deg2rad(middle_deg)) / (2 * np.pi) + 0.5) * wide - 0.5
    row = (0.5 - np.arctan2(up, np.hypot(east, north)) / np.pi) * high - 0.5
    c, r = np.floor(column).astype(int), np.floor(row).astype(int)
    a, b = (column - c)[..., None], (row - r)[..., None]
    top = picture[r, c % wide] * (1 - a) + picture[r, (c + 1) % wide] * a
    bottom = picture[r + 1, c % wide] * (1 - a) + picture[r + 1, (c + 1) % wide] * a
    return (top * (1 - b) + bottom * b).reshape(px, 4, px, 4, 3).mean((1, 3))


@pytest.fixture(scope="module")
def france() -> Rendering:
    return panorama()


def test_the_same_arguments_give_the_same_bytes(france: Rendering) -> None:
    again = panorama()
    assert again.image.tobytes() == france.image.tobytes()
    assert again.metadata == france.metadata
    assert france.masks is not None
    assert again.masks is not None
    assert np.array_equal(again.masks, france.masks)


def test_metadata_and_size(france: Rendering) -> None:
    assert france.image.size == (512, 256)
    assert france.metadata["version"] == RENDER_VERSION
    assert france.metadata["country"] == "FR"
    assert france.metadata["sun_elevation_deg"] == pytest.approx(53.0, abs=1.0)


def test_another_seed_is_another_day_at_the_same_place() -> None:
    first = scene_of(*FRANCE, date=MAY, hour=10.0, seed=1)
    other = scene_of(*FRANCE, date=datetime.date(2024, 9, 2), hour=15.0, seed=2)
    assert np.array_equal(first.land.road, other.land.road)
    assert np.array_equal(first.land.dem, other.land.dem)
    assert first.heading_deg != other.heading_deg
    assert first.light.cloud_seed != other.light.cloud_seed


def test_no_seam_at_the_back_nor_between_faces(france: Rendering) -> None:
    picture = pixels(france)
    steps = np.abs(np.diff(picture, axis=1)).mean((0, 2))
    seam = np.abs(picture[:, 0] - picture[:, -1]).mean()
    assert seam < np.quantile(steps, 0.999) * 1.3
    for boundary in (64, 192, 320, 448):
        assert steps[boundary - 1] < np.quantile(steps, 0.999) * 1.3


def test_every_pixel_of_every_face_is_drawn() -> None:
    picture = pixels(panorama(size=256))
    assert (picture.sum(2) > 0).all()


def test_poles_of_the_picture_are_calm(france: Rendering) -> None:
    picture = pixels(france)
    for row in (0, -1):
        assert picture[row].std(0).max() < 25.0


def test_a_view_is_the_view_out_of_the_panorama() -> None:
    around = render(*FRANCE, date=MAY, hour=10.0, seed=2, size=1024)
    view = render_view(*FRANCE, date=MAY, hour=10.0, seed=2, heading=75.0, px=128)
    wanted = cut(pixels(around), around.metadata["heading_deg"], 75.0, 128)
    difference = np.abs(wanted - pixels(view))
    assert difference.mean() < 6.0
    assert abs((wanted - pixels(view)).mean()) < 1.5


def test_masks_name_what_is_there(france: Rendering) -> None:
    masks = france.masks
    assert masks is not None
    assert masks.shape == (256, 512)
    assert (masks[:10] == Clue.SKY).mean() > 0.9
    assert (masks[-10:] == Clue.ROAD).mean() > 0.9
    assert set(np.unique(masks)) <= {int(clue) for clue in Clue}
    assert (masks == Clue.TERRAIN).any()


def test_the_sun_stands_in_its_half_of_the_sky() -> None:
    for lat, lng, north in ((48.2, 1.5, False), (-33.0, 146.0, True)):
        scene = scene_of(lat, lng, date=MAY, hour=12.0)
        assert bool(scene.light.sun[1] > 0) is north
    around = render(-33.0, 146.0, date=MAY, hour=12.0, size=512, without={"buildings"}, seed=4)
    middle = around.metadata["heading_deg"]
    sky = pixels(around)[20:120].mean((0, 2))
    heading = (middle + (np.arange(512) + 0.5) / 512 * 360 - 180) % 360
    north_side = (heading < 60) | (heading > 300)
    south_side = (heading > 120) & (heading < 240)
    assert sky[north_side].mean() > sky[south_side].mean()


@pytest.mark.parametrize(
    ("lat", "lng"), [(0.0, -30.0), (90.0, 0.0), (-90.0, 0.0), (-16.8, 180.0), (52.0, -180.0), (43.73, 7.42)]
)
def test_sea_poles_and_the_date_line_are_drawn(lat: float, lng: float) -> None:
    picture = pixels(panorama(lat, lng, size=256))
    assert (picture.sum(2) > 0).mean() > 0.99
    assert picture.std() > 5.0


def test_the_open_sea_is_water() -> None:
    masks = panorama(0.0, -30.0, size=256).masks
    assert masks is not None
    assert (masks[80:] == Clue.WATER).mean() > 0.9


def test_polar_night_is_dark_blue_but_seen() -> None:
    picture = pixels(panorama(78.2, 15.6, date=datetime.date(2024, 12, 20), hour=12.0, size=256))
    assert 3.0 < picture.mean() < 150.0


def test_without_road_lines_there_is_no_paint() -> None:
    with_lines = scene_of(*FRANCE, date=MAY, hour=10.0)
    without = scene_of(*FRANCE, date=MAY, hour=10.0, without={"road_lines"})
    assert (with_lines.look.centre, with_lines.look.edge) != (0, 0)
    assert (without.look.centre, without.look.edge) == (0, 0)


def test_without_the_sun_every_place_has_the_same() -> None:
    here = scene_of(*FRANCE, date=MAY, hour=10.0, without={"sun"})
    there = scene_of(-33.0, 146.0, date=datetime.date(2024, 1, 3), hour=16.0, without={"sun"})
    assert np.array_equal(here.light.sun, there.light.sun)


def test_without_relief_the_land_is_level() -> None:
    alps = scene_of(46.6, 7.9, date=MAY, hour=10.0)
    level = scene_of(46.6, 7.9, date=MAY, hour=10.0, without={"relief"})
    assert np.ptp(alps.land.dem) > 500.0
    assert np.ptp(level.land.dem) == 0.0


def test_without_the_coast_there_is_no_sea() -> None:
    lat, lng = 63.405, -19.05
    assert scene_of(lat, lng, date=MAY, hour=10.0).land.sea_level > -1e5
    assert scene_of(lat, lng, date=MAY, hour=10.0, without={"coast"}).land.sea_level < -1e5


def test_without_the_driving_side_the_camera_keeps_right() -> None:
    britain = scene_of(52.0, -1.5, date=MAY, hour=10.0)
    either = scene_of(52.0, -1.5, date=MAY, hour=10.0, without={"drive_side"})
    _, left = britain.site.road.locate(britain.eye[0], britain.eye[1])
    _, right = either.site.road.locate(either.eye[0], either.eye[1])
    assert left < 0 < right


@pytest.mark.parametrize(
    ("lat", "lng", "date", "hour"),
    [
        (-33.0, 146.0, datetime.date(2024, 1, 3), 16.0),  # drives on the left, dry, another season
        (19.02, 72.84, datetime.date(2024, 8, 3), 9.0),  # a great city by the sea
        (-75.0, 20.0, datetime.date(2024, 12, 3), 12.0),  # of no country
        (0.0, -30.0, MAY, 12.0),  # the open sea
        (46.6, 7.9, datetime.date(2024, 2, 3), 9.0),  # mountains in snow
    ],
)
def test_without_every_clue_places_differ_by_chance_alone(
    monkeypatch: pytest.MonkeyPatch, lat: float, lng: float, date: datetime.date, hour: float
) -> None:
    true_place = facts.place
    monkeypatch.setattr(
        facts,
        "place",
        lambda lat, lng: dataclasses.replace(true_place(lat, lng), identity="0123456789abcdef"),
    )
    here = panorama(size=256, without=CLUES)
    there = panorama(lat, lng, date=date, hour=hour, size=256, without=CLUES)
    assert here.image.tobytes() == there.image.tobytes()
    assert np.array_equal(here.masks, there.masks)  # type: ignore[arg-type]


def test_clues_that_are_left_on_still_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    true_place = facts.place
    monkeypatch.setattr(
        facts,
        "place",
        lambda lat, lng: dataclasses.replace(true_place(lat, lng), identity="0123456789abcdef"),
    )
    for clue in ("haze", "tint", "climate", "settlement"):
        without = set(CLUES) - {clue}
        here, there = (panorama(*place, size=64, without=without) for place in (FRANCE, (25.0, 55.4)))
        assert here.image.tobytes() != there.image.tobytes(), clue


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"size": 500}, "multiple of 8"),
        ({"size": 32}, "64 to 16384"),
        ({"hour": 25.0}, "0 to 24"),
        ({"hour": float("nan")}, "0 to 24"),
        ({"without": {"weather"}}, "unknown clue 'weather'"),
    ],
)
def test_bad_arguments_say_what_to_do(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(RenderError, match=words):
        panorama(**arguments)


def test_a_place_that_is_none() -> None:
    with pytest.raises(PlaceError):
        panorama(lat=91.0)


def test_bad_views_say_what_to_do() -> None:
    with pytest.raises(RenderError, match="field of view"):
        render_view(*FRANCE, date=MAY, hour=10.0, heading=0.0, fov=170.0)
    with pytest.raises(RenderError, match="px wide"):
        render_view(*FRANCE, date=MAY, hour=10.0, heading=0.0, px=4)


def test_the_package_draws() -> None:
    assert procedural_earth.render is render
    assert procedural_earth.render_view is render_view
    assert procedural_earth.render_views is render_views
    with pytest.raises(AttributeError, match="no attribute 'paint'"):
        _ = procedural_earth.paint


def test_several_views_are_those_drawn_one_by_one() -> None:
    moment = {"date": MAY, "hour": 10.0, "px": 48, "seed": 3, "masks": True}
    together = render_views(*FRANCE, headings=[20.0, 110.0], **moment)
    for heading, view in zip((20.0, 110.0), together, strict=True):
        alone = render_view(*FRANCE, heading=heading, **moment)
        assert np.abs(pixels(alone) - pixels(view)).mean() < 0.05
        assert alone.masks is not None
        assert view.masks is not None
        assert (alone.masks != view.masks).mean() < 0.002
        assert alone.metadata == view.metadata


def test_views_of_no_heading() -> None:
    with pytest.raises(RenderError, match="no heading"):
        render_views(*FRANCE, date=MAY, hour=10.0, headings=[])
    with pytest.raises(RenderError, match="1 headings and 2 fields of view"):
        render_views(*FRANCE, date=MAY, hour=10.0, headings=[0.0], fov=[90.0, 60.0])
