from __future__ import annotations

import itertools

import numpy as np
import pytest
import s2sphere
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_core import s2

CORNER = np.degrees(np.arcsin(1 / np.sqrt(3)))


def reference_cells(lat: np.ndarray, lng: np.ndarray) -> list[s2sphere.CellId]:
    pairs = zip(lat.tolist(), lng.tolist(), strict=True)
    return [s2sphere.CellId.from_lat_lng(s2sphere.LatLng.from_degrees(*pair)) for pair in pairs]


def ids_of(cells: list[s2sphere.CellId]) -> np.ndarray:
    return np.array([cell.id() for cell in cells], dtype=np.uint64)


def awkward_points() -> tuple[np.ndarray, np.ndarray]:
    """Poles, antimeridian, cube corners (and their neighbouring floats), face edges and a lattice."""
    points = [(90, 0), (90, 37.3), (-90, 180), (0, 180), (0, -180), (45, 0), (-45, 90), (0, 540)]
    for sign in (1, -1):
        corners = [sign * CORNER, np.nextafter(sign * CORNER, 0), np.nextafter(sign * CORNER, sign * 90)]
        points += itertools.product(corners, (45, 135, -45, -135))
    points += itertools.product(np.linspace(-36, 36, 301), (45, 135, -45, -135))
    points += [(np.degrees(np.arctan(np.cos(np.radians(lng)))), lng) for lng in np.linspace(-45, 45, 501)]
    points += itertools.product(range(-90, 91, 5), range(-180, 181, 5))
    lat, lng = np.array(points, dtype=np.float64).T
    return lat, lng


@pytest.fixture(scope="module")
def everywhere() -> tuple[np.ndarray, np.ndarray, list[s2sphere.CellId]]:
    """100,000 random points on the sphere and the awkward ones, with s2sphere's leaf cells."""
    rng = np.random.default_rng(1602)
    random_lat = np.degrees(np.arcsin(rng.uniform(-1, 1, 100_000)))
    random_lng = rng.uniform(-180, 180, 100_000)
    lat, lng = awkward_points()
    lat, lng = np.concatenate([random_lat, lat]), np.concatenate([random_lng, lng])
    return lat, lng, reference_cells(lat, lng)


@pytest.mark.slow
def test_leaf_ids_equal_s2sphere_to_the_last_bit(everywhere) -> None:
    lat, lng, cells = everywhere
    assert np.count_nonzero(s2.cell_ids(lat, lng) != ids_of(cells)) == 0


def test_awkward_ids_equal_s2sphere_to_the_last_bit() -> None:
    lat, lng = awkward_points()
    assert np.count_nonzero(s2.cell_ids(lat, lng) != ids_of(reference_cells(lat, lng))) == 0


@pytest.fixture(scope="module")
def some() -> tuple[np.ndarray, np.ndarray, list[s2sphere.CellId]]:
    rng = np.random.default_rng(3)
    lat, lng = awkward_points()
    chosen = rng.choice(lat.size, 300, replace=False)
    lat = np.concatenate([lat[chosen], rng.uniform(-90, 90, 300)])
    lng = np.concatenate([lng[chosen], rng.uniform(-180, 180, 300)])
    return lat, lng, reference_cells(lat, lng)


@pytest.mark.parametrize("level", [0, 1, 4, 13, 29, 30])
def test_every_level_equals_s2sphere(some, level: int) -> None:
    lat, lng, leaves = some
    cells = [leaf.parent(level) for leaf in leaves]
    ids = s2.cell_ids(lat, lng, level)
    assert np.array_equal(ids, ids_of(cells))
    assert np.array_equal(ids, s2.parents(s2.cell_ids(lat, lng), level))
    assert np.all(s2.levels(ids) == level)
    assert np.array_equal(s2.range_min(ids), ids_of([cell.range_min() for cell in cells]))
    assert np.array_equal(s2.range_max(ids), ids_of([cell.range_max() for cell in cells]))
    assert s2.tokens(ids) == [cell.to_token() for cell in cells]
    assert np.array_equal(s2.from_tokens(s2.tokens(ids)), ids)


@pytest.mark.parametrize("level", [0, 1, 7, 30])
def test_centers_equal_s2sphere(some, level: int) -> None:
    _, _, leaves = some
    cells = [leaf.parent(level) for leaf in leaves]
    centers = [cell.to_lat_lng() for cell in cells]
    lat, lng = s2.centers(ids_of(cells))
    assert np.array_equal(lat, [center.lat().degrees for center in centers])
    assert np.array_equal(lng, [center.lng().degrees for center in centers])


@pytest.mark.parametrize("level", [0, 6, 30])
def test_vertices_equal_s2sphere(some, level: int) -> None:
    cells = [leaf.parent(level) for leaf in some[2][::20]]
    lat, lng = s2.vertices(ids_of(cells))
    for row, cell in enumerate(cells):
        for corner in range(4):
            vertex = s2sphere.LatLng.from_point(s2sphere.Cell(cell).get_vertex(corner))
            assert lat[row, corner] == pytest.approx(vertex.lat().degrees, abs=1e-12)
            assert lng[row, corner] == pytest.approx(vertex.lng().degrees, abs=1e-12)


def test_children_equal_s2sphere(some) -> None:
    cells = [leaf.parent(11) for leaf in some[2][:50]]
    expected = [[child.id() for child in cell.children()] for cell in cells]
    assert np.array_equal(s2.children(ids_of(cells)), np.array(expected, dtype=np.uint64))
    assert np.array_equal(s2.levels(s2.face_cells()), np.zeros(6))
    with pytest.raises(ValueError, match="no children"):
        s2.children(s2.cell_ids(1.0, 2.0))


def border_cells(level: int) -> list[s2sphere.CellId]:
    """Cells all over the earth and along every edge and corner of the six faces."""
    leaves = reference_cells(*awkward_points())[::25]
    last = s2sphere.CellId.MAX_SIZE - 1
    ends = (0, 1 << 10, last // 3, last - (1 << 20), last)
    for face, i, j in itertools.product(range(6), ends, ends):
        leaves.append(s2sphere.CellId.from_face_ij(face, i, j))
    return [leaf.parent(level) for leaf in leaves]


@pytest.mark.parametrize("level", [0, 1, 2, 9, 29, 30])
def test_neighbours_equal_s2sphere_across_faces(level: int) -> None:
    cells = border_cells(level)
    edges = [[near.id() for near in cell.get_edge_neighbors()] for cell in cells]
    assert np.array_equal(s2.edge_neighbors(ids_of(cells)), np.array(edges, dtype=np.uint64))
    around = [[near.id() for near in cell.get_all_neighbors(level)] for cell in cells]
    assert np.array_equal(s2.all_neighbors(ids_of(cells)), np.array(around, dtype=np.uint64))


@pytest.mark.parametrize(("level", "finer"), [(0, 3), (5, 2), (28, 2)])
def test_finer_neighbours_equal_s2sphere(level: int, finer: int) -> None:
    cells = border_cells(level)[::5]
    around = [[near.id() for near in cell.get_all_neighbors(level + finer)] for cell in cells]
    assert np.array_equal(s2.all_neighbors(ids_of(cells), finer), np.array(around, dtype=np.uint64))


@settings(deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 30))
def test_being_a_neighbour_is_mutual(lat: float, lng: float, level: int) -> None:
    cell = s2.cell_ids(lat, lng, level)
    assert np.all(np.any(s2.edge_neighbors(s2.edge_neighbors(cell)) == cell, axis=-1))
    assert np.all(np.any(s2.all_neighbors(s2.all_neighbors(cell)) == cell, axis=-1))


def test_neighbours_of_mixed_levels_keep_the_shape_of_the_ids() -> None:
    cells = np.array([[s2.cell_ids(3, 4, 2), s2.cell_ids(3, 4, 20)]])
    assert s2.edge_neighbors(cells).shape == (1, 2, 4)
    assert np.array_equal(s2.levels(s2.all_neighbors(cells))[0, :, 0], [2, 20])
    assert s2.all_neighbors(cells[0, 0]).shape == (8,)


@pytest.mark.parametrize("finer", [-1, 1])
def test_neighbours_smaller_than_a_leaf_or_larger_than_the_cell_are_refused(finer: int) -> None:
    with pytest.raises(ValueError, match="finer"):
        s2.all_neighbors(s2.cell_ids(1, 2), finer)


@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 30))
def test_a_cell_holds_its_own_centre(lat: float, lng: float, level: int) -> None:
    cell = s2.cell_ids(lat, lng, level)
    assert s2.cell_ids(*s2.centers(cell), level) == cell


def test_shapes_follow_the_input() -> None:
    assert s2.cell_ids(1.0, 2.0).shape == ()
    assert s2.cell_ids(np.zeros((2, 1)), np.zeros(3)).shape == (2, 3)
    assert s2.cell_ids([], []).shape == (0,)
    assert s2.cell_ids([], []).dtype == np.uint64
    assert s2.vertices(s2.face_cells())[0].shape == (6, 4)


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    lat, lng = awkward_points()
    whole = s2.cell_ids(lat, lng)
    monkeypatch.setattr(s2, "_BLOCK", 100)
    assert np.array_equal(s2.cell_ids(lat, lng), whole)


@pytest.mark.parametrize(
    ("lat", "lng"), [(90.1, 0), (float("nan"), 0), (0, float("nan")), (0, float("inf")), (-139.7, 35.6)]
)
def test_coordinates_off_the_earth_are_refused_by_index(lat: float, lng: float) -> None:
    with pytest.raises(ValueError, match="index 2 are not on the earth"):
        s2.cell_ids([0, 1, lat, lat], [0, 0, lng, lng])


@pytest.mark.parametrize("level", [-1, 31])
def test_levels_out_of_range_are_refused(level: int) -> None:
    with pytest.raises(ValueError, match="0 to 30"):
        s2.cell_ids(0, 0, level)


def test_parents_of_larger_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="index 1 is larger"):
        s2.parents(np.array([s2.cell_ids(0, 0, 9), s2.cell_ids(0, 0, 3)]), 5)


@pytest.mark.parametrize("number", [0, 2, 0xD000000000000000, 2**64 - 1])
def test_numbers_that_are_no_cells_are_refused(number: int) -> None:
    with pytest.raises(s2.CellIdError, match="not an S2 cell id"):
        s2.centers(np.array([number], dtype=np.uint64))
    assert not s2.is_valid(np.uint64(number))


@pytest.mark.parametrize("token", ["", "x", "47e5g", "0", "12345678901234567", "d"])
def test_strings_that_are_no_tokens_are_refused(token: str) -> None:
    with pytest.raises(s2.CellIdError, match="index"):
        s2.from_tokens([token])
