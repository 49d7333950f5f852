from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from planet_core import cell_raster, geo, partition_map, s2
from planet_core.land import land_rings
from planet_core.partition import Partition


def world(cells: np.ndarray) -> tuple[list[np.ndarray], list[int]]:
    polygons, owners = partition_map.world_polygons(partition_map.boundaries(cells))
    return polygons, owners.tolist()


def area_in_frame(polygons: list[np.ndarray]) -> float:
    """Square degrees of polygons on the plate carrée, inside -180..180."""
    from matplotlib.path import Path as Outline
    from matplotlib.transforms import Bbox

    total = 0.0
    for polygon in polygons:
        clipped = Outline(np.append(polygon, polygon[:1], axis=0), closed=True)
        x, y = clipped.clip_to_bbox(Bbox([[-180, -90], [180, 90]])).vertices.T
        total += abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    return total


@pytest.mark.parametrize("level", [0, 1, 3])
def test_cells_tile_the_whole_map_with_poles_and_antimeridian(level: int) -> None:
    cells = s2.face_cells()
    for _ in range(level):
        cells = s2.children(cells).ravel()
    polygons, _ = world(cells)
    assert area_in_frame(polygons) == pytest.approx(360 * 180, rel=2e-3)


def test_a_cell_over_the_antimeridian_is_drawn_at_both_ends() -> None:
    cell = np.array([s2.parents(s2.cell_ids(0.5, 179.999), 3)])
    straddling = np.array([s2.face_cells()[3]])
    assert world(straddling)[1] == [0, 0]
    assert {bool(polygon[:, 0].mean() > 0) for polygon in world(straddling)[0]} == {True, False}
    for polygon in world(cell)[0] + world(straddling)[0]:
        assert np.abs(np.diff(polygon[:, 0])).max() < 60


def test_cells_at_a_pole_reach_the_frame() -> None:
    for cell, pole in ((s2.cell_ids(89.9, 10.0, 5), 90.0), (s2.face_cells()[5], -90.0)):
        polygons, _ = world(np.array([cell]))
        assert all((polygon[:, 1] == pole).any() for polygon in polygons)


def test_edges_are_great_circles() -> None:
    [outline] = partition_map.boundaries(s2.face_cells()[:1])
    side = outline[:65] / np.linalg.norm(outline[:65], axis=1, keepdims=True)
    assert np.abs(side @ np.cross(side[0], side[64])).max() < 1e-12
    lat, _ = geo.vectors_to_degrees(outline)
    assert lat.max() == pytest.approx(45.0)


def test_areas_add_up_to_the_earth_and_small_cells_have_some() -> None:
    cells = s2.children(s2.children(s2.face_cells())).ravel()
    earth = 4 * np.pi * geo.EARTH_RADIUS_KM**2
    assert cell_raster.areas_km2(cells).sum() == pytest.approx(earth, rel=1e-9)
    parent = s2.cell_ids([48.0], [11.0], 14)
    areas = cell_raster.areas_km2(s2.children(parent))
    assert areas.sum() == pytest.approx(cell_raster.areas_km2(parent)[0], rel=1e-6)
    assert cell_raster.areas_km2(s2.cell_ids([48.0], [11.0])) == pytest.approx(earth / 6 / 4**30)


def test_detail_views_keep_areas_and_north() -> None:
    view = partition_map.VIEWS[0]
    here, north, east = partition_map.project(
        [view.lat, view.lat + 1, view.lat], [view.lng, view.lng, view.lng + 1], view
    )
    assert here == pytest.approx([0, 0], abs=1e-9)
    assert north == pytest.approx([0, geo.haversine_km(view.lat, 0, view.lat + 1, 0)], rel=1e-4)
    assert east[0] == pytest.approx(geo.haversine_km(view.lat, 0, view.lat, 1), rel=1e-4)


def made_atlas(folder: Path) -> Path:
    """Two squares that share an arc; the second has a hole."""
    arcs = [
        [[20, 0], [0, 20]],
        [[20, 20], [-20, 0], [0, -20], [20, 0]],
        [[20, 20], [20, 0], [0, -20], [-20, 0]],
        [[25, 5], [5, 0], [0, 5], [-5, 0], [0, -5]],
    ]
    shapes = [
        {"type": "Polygon", "arcs": [[0, 1]]},
        {"type": "MultiPolygon", "arcs": [[[~0, ~2], [3]]]},
    ]
    atlas = {
        "type": "Topology",
        "transform": {"scale": [0.5, 2.0], "translate": [-10.0, 5.0]},
        "objects": {"land": {"type": "GeometryCollection", "geometries": shapes}},
        "arcs": arcs,
    }
    for scale in ("50m", "10m"):
        (folder / f"land-{scale}.json").write_text(json.dumps(atlas))
    return folder


def test_topojson_arcs_become_rings(tmp_path: Path) -> None:
    first, second, hole = land_rings("50m", made_atlas(tmp_path))
    assert first.tolist() == [[0, 5], [0, 45], [-10, 45], [-10, 5]]
    assert second.tolist() == [[0, 45], [0, 5], [10, 5], [10, 45]]
    assert hole.tolist() == [[2.5, 15], [5, 15], [5, 25], [2.5, 25]]


def test_a_damaged_atlas_is_named_and_a_missing_one_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "land-50m.json").write_text('{"type": "Topology"}')
    with pytest.raises(ValueError, match=r"land-50m\.json is not TopoJSON"):
        land_rings("50m", tmp_path)
    assert land_rings("110m", tmp_path) == []


def test_a_map_is_drawn_with_land_and_without(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    lat, lng = np.degrees(np.arcsin(rng.uniform(-1, 1, 200))), rng.uniform(-180, 180, 200)
    partition = Partition.build(np.append(lat, np.full(30, 51.5)), np.append(lng, np.full(30, -0.1)), 40, 2)
    assert partition_map.draw(partition, tmp_path / "with.png", made_atlas(tmp_path)) is True
    assert partition_map.draw(partition, tmp_path / "without.png", tmp_path / "none") is False
    pictures = [Image.open(tmp_path / name).convert("RGB") for name in ("with.png", "without.png")]
    assert pictures[0].size == pictures[1].size
    assert pictures[0].width > 3000
    assert pictures[0].tobytes() != pictures[1].tobytes()
    assert len(np.unique(np.asarray(pictures[1].resize((90, 32))).reshape(-1, 3), axis=0)) > 20


def test_one_cell_is_drawn_and_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    one = Partition.build([10.0, 11.0], [10.0, 11.0], 5, 1)
    partition_map.draw(one, tmp_path / "one.svg", tmp_path)
    assert (tmp_path / "one.svg").stat().st_size > 1000
    with pytest.raises(ValueError, match=r"drawn as \.png, \.pdf or \.svg"):
        partition_map.draw(one, tmp_path / "one.gif")
    with pytest.raises(ValueError, match="without cells"):
        partition_map.draw(Partition.build([], [], 5, 1), tmp_path / "none.png")
