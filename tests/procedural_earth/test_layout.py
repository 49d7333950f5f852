from __future__ import annotations

import datetime
from functools import cache

import numpy as np
import pytest

from procedural_earth.layout import furnish
from procedural_earth.layout_parts import driving_side
from procedural_earth.mesh import Clue, Mesh
from procedural_earth.rendering import scene_of
from procedural_earth.scene import CLUES, Scene

VILLAGE, TOWN, TAIGA = (43.3, 11.4), (47.77, 9.17), (61.0, 90.0)


pytestmark = pytest.mark.slow  # the renderer compiles first


@cache
def scene(place: tuple[float, float], without: frozenset[str] = frozenset(), seed: int = 0) -> Scene:
    return scene_of(*place, date=datetime.date(2026, 6, 20), hour=11.0, seed=seed, without=without)


@cache
def objects(place: tuple[float, float], *without: str) -> Mesh:
    made = scene(place, frozenset(without))
    return furnish(made.site, made.look)[0]


def corners(mesh: Mesh, *clues: Clue) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    chosen = np.isin(mesh.clue, [int(clue) for clue in clues])
    return mesh.positions[mesh.triangles[chosen].ravel()]


def test_the_same_place_is_laid_out_alike_twice() -> None:
    made = scene(VILLAGE)
    first, textures, wires = furnish(made.site, made.look)
    again, textures2, wires2 = furnish(made.site, made.look)
    assert np.array_equal(first.positions, again.positions)
    assert np.array_equal(first.texture, again.texture)
    assert np.array_equal(wires.starts, wires2.starts)
    assert all(np.array_equal(a.rgba, b.rgba) for a, b in zip(textures, textures2, strict=True))


def test_another_day_moves_traffic_only() -> None:
    other = scene(VILLAGE, seed=1)
    moved = furnish(other.site, other.look)[0]
    here = objects(VILLAGE)
    assert np.array_equal(corners(moved, Clue.BUILDING), corners(here, Clue.BUILDING))
    assert not np.array_equal(corners(moved, Clue.VEHICLE), corners(here, Clue.VEHICLE))


def test_houses_stand_where_they_stood_in_winter() -> None:
    winter = scene_of(*TOWN, date=datetime.date(2026, 1, 20), hour=12.0, seed=0)
    snowy = furnish(winter.site, winter.look)[0]
    for clue in (Clue.BUILDING, Clue.SIGN, Clue.POLE):
        assert np.array_equal(corners(snowy, clue), corners(objects(TOWN), clue)), clue


@pytest.mark.parametrize("place", [VILLAGE, TOWN, TAIGA])
def test_a_scene_keeps_its_budget_and_its_textures(place: tuple[float, float]) -> None:
    made = scene(place)
    mesh, textures, _ = furnish(made.site, made.look)
    assert 1000 < len(mesh.triangles) < 250_000
    assert mesh.texture.max() < len(textures)
    assert mesh.colours.min() >= 0
    assert np.isfinite(mesh.positions).all()


@pytest.mark.parametrize("place", [VILLAGE, TOWN])
def test_houses_and_signs_keep_off_the_road_and_the_camera(place: tuple[float, float]) -> None:
    made, mesh = scene(place), objects(place)
    low = corners(mesh, Clue.BUILDING)
    ground = low[low[:, 2] < made.site.height(low[:, 0], low[:, 1]) + 1.5]
    assert made.site.road.clearance(ground[:, 0], ground[:, 1]).min() > -made.site.road.sidewalk_m - 0.1
    posts = corners(mesh, Clue.SIGN)
    assert np.abs(made.site.road.locate(posts[:, 0], posts[:, 1])[1]).min() > made.site.road.half_width_m
    eye = np.array(made.site.eye)
    for clue in (Clue.BUILDING, Clue.SIGN, Clue.VEHICLE, Clue.POLE, Clue.VEGETATION):
        assert np.linalg.norm(corners(mesh, clue) - eye, axis=1).min(initial=np.inf) > 1.5


@pytest.mark.parametrize("place", [VILLAGE, TOWN, TAIGA])
def test_nothing_floats(place: tuple[float, float]) -> None:
    made, mesh = scene(place), objects(place)
    plants = corners(mesh, Clue.VEGETATION).reshape(-1, 3, 3)
    away = np.linalg.norm(plants.mean(axis=1)[:, :2], axis=1)
    sprites = plants[(np.ptp(plants[..., 2], axis=1) > 1.0) & (away > 40)]
    feet = np.take_along_axis(sprites, sprites[..., 2].argmin(axis=1)[:, None, None], axis=1)[:, 0]
    apart = feet[:, 2] - made.site.height(feet[:, 0], feet[:, 1])
    # a sprite's corner lies some metres beside its foot, where the ground may be higher or lower
    assert len(feet) > 10
    assert abs(np.median(apart)) < 0.4
    assert np.quantile(apart, 0.98) < 3.0
    cars = corners(mesh, Clue.VEHICLE)
    assert (cars[:, 2] - made.site.height(cars[:, 0], cars[:, 1])).min() > -1.5


def test_traffic_keeps_to_the_side_of_the_country() -> None:
    right, left = scene(VILLAGE), scene((52.2, 0.13))
    assert driving_side(right.site) == 1
    assert driving_side(left.site) == -1
    sides = {
        driving_side(scene((lat, 0.13), frozenset({"drive_side"})).site)
        for lat in (52.2, 52.4, 52.6, 52.8, 53.0)
    }
    assert sides == {1, -1}


@pytest.mark.parametrize(
    ("clue", "gone"),
    [("poles", Clue.POLE), ("bollards", Clue.BOLLARD), ("plates", Clue.PLATE), ("flags", Clue.FLAG)],
)
def test_a_clue_that_is_off_leaves_no_trace(clue: str, gone: Clue) -> None:
    assert len(corners(objects(VILLAGE, clue), gone)) == 0


def places(mesh: Mesh, *clues: Clue) -> set[tuple[float, ...]]:
    """Where the triangles of these clues lie, to the centimetre."""
    chosen = mesh.triangles[np.isin(mesh.clue, [int(clue) for clue in clues])]
    return {tuple(row) for row in mesh.positions[chosen].mean(axis=1).round(2).tolist()}


STANDING = (Clue.VEGETATION, Clue.BUILDING, Clue.VEHICLE, Clue.POLE, Clue.BOLLARD, Clue.FLAG, Clue.OTHER)


@pytest.mark.parametrize("place", [VILLAGE, TOWN])
@pytest.mark.parametrize(
    ("clue", "its_own"),
    [
        ("script", ()),
        ("signs", (Clue.OTHER,)),  # rarities go with signs
        ("plates", (Clue.VEHICLE,)),
        ("flags", (Clue.FLAG,)),
        ("bollards", (Clue.BOLLARD,)),
        ("poles", (Clue.POLE,)),
    ],
)
def test_a_clue_that_is_off_leaves_everything_else_where_it_was(
    place: tuple[float, float], clue: str, its_own: tuple[Clue, ...]
) -> None:
    others = [one for one in STANDING if one not in its_own]
    before, after = places(objects(place), *others), places(objects(place, clue), *others)
    assert len(before) > 500
    # what stood where another board now stands, or grows where a pole stood, may differ
    assert len(before & after) > 0.985 * len(before)
    assert len(after & before) > 0.985 * len(after)


def test_the_camera_stays_where_it_was_without_road_lines() -> None:
    for lat, lng in ((50.6676, 17.9749), (8.717, 4.1512)):  # where the surface is another one
        before, after = scene((lat, lng)), scene((lat, lng), frozenset({"road_lines"}))
        assert before.site.road.surface != after.site.road.surface
        assert np.array_equal(before.eye, after.eye)
        assert np.array_equal(before.land.road, after.land.road)


def test_the_clues_are_there_when_they_are_on() -> None:
    assert len(corners(objects(VILLAGE), Clue.PLATE))
    assert len(corners(objects(VILLAGE), Clue.SIGN))
    assert len(corners(objects(VILLAGE), Clue.BUILDING))
    assert len(corners(objects(VILLAGE), Clue.POLE))


def test_without_its_clues_a_place_has_one_kind_of_tree_and_house() -> None:
    bare = scene(VILLAGE, frozenset(CLUES))
    mesh, textures, _ = furnish(bare.site, bare.look)
    assert {int(c) for c in np.unique(mesh.clue)} <= {
        Clue.VEGETATION,
        Clue.BUILDING,
        Clue.VEHICLE,
        Clue.SIGN,
        Clue.OTHER,
    }
    full = furnish(scene(VILLAGE).site, scene(VILLAGE).look)
    assert len(textures) < len(full[1])


def test_the_sea_is_empty() -> None:
    made = scene((45.0, -30.0))
    assert len(furnish(made.site, made.look)[0].triangles) == 0


def test_a_place_without_country_or_towns_is_fine() -> None:
    made = scene((-80.0, 40.0))
    assert made.site.facts.country is None
    mesh, _, _ = furnish(made.site, made.look)
    assert not np.isin(mesh.clue, [Clue.SIGN, Clue.FLAG, Clue.POLE]).any()
