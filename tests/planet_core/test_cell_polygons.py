from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.path import Path as Outline
from s2sphere import Cell, CellId

from planet_core import geo, s2
from planet_core.cell_polygons import cells_geojson, geometry, outline
from planet_core.cell_raster import areas_km2
from planet_core.distributions import ProbabilityError
from planet_core.partition import Partition
from tests.planet_core.made_model import made_partition

CORNER = float(np.degrees(np.arcsin(1 / np.sqrt(3))))  # where three faces meet
PLACES = {
    "inland": (48.85, 2.35),
    "equator": (0.0, 0.0),
    "face edge": (10.0, 45.0 - 1e-9),
    "cube corner": (CORNER - 1e-7, 45.0 - 1e-7),
    "antimeridian": (20.0, 179.999999),
    "antimeridian, west": (-50.0, -179.999999),
    "north pole": (89.999999, 10.0),
    "south pole": (-89.999999, -100.0),
    "near the pole": (88.0, -179.9),
}
LEVELS = (0, 1, 2, 4, 9, 16, 17, 20)


def cell_at(place: str, level: int) -> int:
    return int(s2.cell_ids(*PLACES[place], level))


def rings_of(cell: int) -> list[np.ndarray]:
    shape = geometry(cell)
    parts = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    assert all(len(part) == 1 for part in parts)  # no holes
    return [np.array(part[0]) for part in parts]


def area_on_the_sphere(ring: np.ndarray) -> float:
    """Steradians of a closed ring whose lines are straight in longitude and latitude, by Green's theorem.

    The mean of sin along a line from a to b is sin((a+b)/2) sinc((b-a)/2).
    """
    lng, lat = np.radians(ring - ring[0] * [1, 0]).T
    middle, half = (lat[1:] + lat[:-1]) / 2, (lat[1:] - lat[:-1]) / 2
    reference = np.sin(lat[0])  # taken off every mean, which changes nothing on a closed ring but rounding
    means = np.sin(middle) * np.sinc(half / np.pi) - reference
    return float(-np.sum(np.diff(lng) * means))


def crossings(ring: np.ndarray) -> int:
    """How many pairs of lines of a closed ring cross, beyond shared ends."""
    a, b = ring[:-1] - ring[0], ring[1:] - ring[0]

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
        u, v = q - p, r - p
        return np.sign(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])

    p, q, r, s = a[:, None], b[:, None], a[None], b[None]
    crossed = (side(p, q, r) * side(p, q, s) < 0) & (side(r, s, p) * side(r, s, q) < 0)
    return int(crossed.sum()) // 2


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("place", PLACES)
def test_a_polygon_is_valid_and_covers_its_cell(place: str, level: int) -> None:
    cell = cell_at(place, level)
    rings = rings_of(cell)
    for ring in rings:
        assert np.array_equal(ring[0], ring[-1])
        assert np.abs(ring[:, 0]).max() <= 180
        assert np.abs(ring[:, 1]).max() <= 90
        assert (np.diff(ring, axis=0) != 0).any(axis=1).all()  # no point twice in a row
        assert crossings(ring) == 0
        assert area_on_the_sphere(ring) > 0  # counter-clockwise: the right-hand rule
    # corners in float64 degrees tell areas of the smallest cells to no more than this
    area = areas_km2(np.array([cell], dtype=np.uint64))[0] / geo.EARTH_RADIUS_KM**2
    if level > 18:
        area = Cell(CellId(cell)).exact_area()
    assert sum(map(area_on_the_sphere, rings)) == pytest.approx(area, rel=2e-3)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("place", PLACES)
def test_a_point_is_in_the_polygon_exactly_if_it_is_in_the_cell(place: str, level: int) -> None:
    cell = cell_at(place, level)
    rng = np.random.default_rng(level)
    reach = 2.0 / 2.0**level  # radians; a cell's diagonal is at most 2.4 / 2**level
    centre = geo.unit_vectors(*s2.centers(np.uint64(cell)))
    points = centre + reach * rng.normal(0, 0.5, (400, 3))
    lat, lng = geo.vectors_to_degrees(points)
    expected = s2.cell_ids(lat, lng, level) == cell
    assert expected.any()
    assert not expected.all()
    found = np.zeros(len(lat), dtype=bool)
    for ring in rings_of(cell):
        found |= Outline(ring - ring[0]).contains_points(np.stack([lng, lat], axis=-1) - ring[0])
    wrong = np.flatnonzero(found != expected)
    # only points on an edge, as near as an edge is drawn
    edge_lat, edge_lng = fine_outline(cell) if wrong.size else (lat, lng)
    for index in wrong:
        distance = geo.haversine_km(lat[index], lng[index], edge_lat, edge_lng).min() / geo.EARTH_RADIUS_KM
        assert distance < 2e-3 * reach
    assert len(wrong) <= 4


def fine_outline(cell: int) -> tuple[np.ndarray, np.ndarray]:
    lat, lng = s2.vertices(np.uint64(cell))
    corners = geo.unit_vectors(lat, lng)
    share = np.linspace(0, 1, 4000)[:, None]
    lines = [corners[k] * (1 - share) + corners[(k + 1) % 4] * share for k in range(4)]
    return geo.vectors_to_degrees(np.concatenate(lines))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_all_cells_of_a_level_tile_the_map(level: int) -> None:
    cells = s2.face_cells()
    for _ in range(level):
        cells = s2.children(cells).ravel()
    rings = [ring for cell in cells.tolist() for ring in rings_of(cell)]
    assert sum(map(area_on_the_sphere, rings)) == pytest.approx(4 * np.pi, rel=1e-4)


def test_corners_are_those_of_s2sphere() -> None:
    for place in PLACES:
        for level in (0, 3, 7, 14, 20, 30):
            cell = cell_at(place, level)
            lat, lng = outline(*s2.vertices(np.uint64(cell)))
            vectors = geo.unit_vectors(lat, lng)
            for k in range(4):
                corner = Cell(CellId(cell)).get_vertex(k)
                expected = np.array([corner[0], corner[1], corner[2]])
                expected /= np.linalg.norm(expected)
                assert np.linalg.norm(vectors - expected, axis=1).min() < 1e-13


def test_edges_are_dense_enough_for_mercator_and_short_ones_stay_short() -> None:
    def y(lat: np.ndarray) -> np.ndarray:
        return np.degrees(np.arctanh(np.sin(np.radians(lat))))

    for level in (2, 4, 6, 10):
        cell = cell_at("inland", level)
        drawn, exact = (
            np.stack([lng, y(lat)], axis=-1)
            for lat, lng in (outline(*s2.vertices(np.uint64(cell))), fine_outline(cell)[:2])
        )
        step = np.roll(drawn, -1, axis=0) - drawn
        along = ((exact[::40, None] - drawn) * step).sum(axis=-1) / (step**2).sum(axis=-1)
        nearest = drawn + np.clip(along, 0, 1)[..., None] * step
        distance = np.linalg.norm(exact[::40, None] - nearest, axis=-1).min(axis=1)
        assert distance.max() < 3e-4 * np.ptp(exact[:, 1])
    assert len(outline(*s2.vertices(np.uint64(cell_at("inland", 14))))[0]) == 4


def test_a_cell_over_the_antimeridian_is_cut_in_two() -> None:
    west, east = sorted(rings_of(int(s2.face_cells()[3])), key=lambda ring: float(ring[:, 0].mean()))
    assert west[:, 0].min() == -180
    assert west[:, 0].max() == -135
    assert east[:, 0].min() == 135
    assert east[:, 0].max() == 180
    # cells of smaller levels have the antimeridian as an edge: they lie on one side alone
    assert len(rings_of(cell_at("antimeridian", 4))) == 1


def test_the_faces_with_a_pole_reach_it_along_the_whole_width() -> None:
    for face, pole in ((2, 90.0), (5, -90.0)):
        [ring] = rings_of(int(s2.face_cells()[face]))
        assert {-180.0, 180.0} <= set(ring[ring[:, 1] == pole, 0].tolist())
        assert np.abs(ring[:, 1]).min() == pytest.approx(CORNER, abs=1e-6)


def test_the_cells_of_a_distribution_are_ranked_and_named() -> None:
    partition = made_partition()
    probabilities = np.array([0.05, 0.4, 0.1, 0.25, 0.2, 0.0])
    collection = cells_geojson(partition, probabilities)
    assert json.loads(json.dumps(collection, allow_nan=False)) == collection
    rows = [feature["properties"] for feature in collection["features"]]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["probability"] for row in rows] == [0.4, 0.25, 0.2, 0.1, 0.05, 0.0]
    assert [row["token"] for row in rows] == [partition.tokens()[k] for k in (1, 3, 4, 2, 0, 5)]
    assert all(row["level"] == 6 for row in rows)
    assert len(cells_geojson(partition, probabilities, top=2)["features"]) == 2
    likely = cells_geojson(partition, probabilities, min_probability=0.2, top=5)["features"]
    assert [feature["properties"]["rank"] for feature in likely] == [1, 2, 3]


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (np.full(5, 0.2), r"has 6 cells, but the probabilities have the shape \(5,\)"),
        (np.full((1, 6), 1 / 6), r"shape \(1, 6\)"),
        (np.full(6, 0.2), "sum to 1.2"),
        ([0.5, np.nan, 0.5, 0, 0, 0], "cell 1 is nan"),
        ([0.5, 0.6, 0, 0, 0, -0.1], "cell 5 is -0.1"),
        ([1, 0, 0, 0, np.inf, 0], "cell 4 is inf"),
        (["a"] * 6, "are numbers"),
    ],
)
def test_what_is_no_distribution_is_refused(probabilities: object, message: str) -> None:
    with pytest.raises(ProbabilityError, match=message):
        cells_geojson(made_partition(), probabilities)  # type: ignore[arg-type]


def test_impossible_choices_are_refused() -> None:
    flat = np.full(6, 1 / 6)
    with pytest.raises(ValueError, match="top must be"):
        cells_geojson(made_partition(), flat, top=0)
    with pytest.raises(ValueError, match="min_probability must be"):
        cells_geojson(made_partition(), flat, min_probability=float("nan"))
    with pytest.raises(s2.CellIdError):
        geometry(0)


def test_half_precision_is_close_enough() -> None:
    lat, lng = np.random.default_rng(0).uniform(-60, 60, (2, 3000))
    partition = Partition.at_level(lat, lng, 5, 1)
    values = np.random.default_rng(1).dirichlet(np.full(len(partition), 0.1)).astype(np.float16)
    assert len(cells_geojson(partition, values, top=3)["features"]) == 3
