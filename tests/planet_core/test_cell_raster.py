from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

from planet_core import cell_raster, geo, s2
from planet_core.cell_raster import PROJECTIONS, make_raster, raster_of
from planet_core.partition import Partition


def world_partition() -> Partition:
    """Cells from a whole face to a leaf, with the poles and the antimeridian."""
    cells = s2.children(s2.face_cells()).ravel()
    split = s2.parents(s2.cell_ids([48.85, 89.9, -30.0], [2.35, 0.0, 179.9]), 1)
    inside = s2.children(s2.children(split).ravel()).ravel()
    cells = np.concatenate([cells[~np.isin(cells, split)], inside])
    town = s2.cell_ids(48.85, 2.35)
    cells = cells[cells != s2.parents(town, 3)]
    small = np.array([s2.parents(town, 13), s2.cell_ids(50.0, 3.0, 30), s2.cell_ids(89.99, 1.0, 16)])
    inside_others = (s2.range_min(cells) <= small[:, None]) & (small[:, None] <= s2.range_max(cells))
    cells = np.concatenate([cells[~inside_others.any(axis=0)], small])
    return Partition._empty(np.sort(cells))


def probabilities_of(partition: Partition, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(len(partition), 0.5))


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_a_pixel_is_the_cell_at_its_centre(projection: str) -> None:
    partition = world_partition()
    raster = make_raster(partition, 64, projection)
    height, width = raster.shape
    assert (height, width) == ((32, 64) if projection == "plate-carree" else (64, 64))
    for row, column in np.random.default_rng(0).integers(0, (height, width), (60, 2)).tolist():
        lng = -180 + (column + 0.5) * 360 / width
        if projection == "plate-carree":
            lat = 90 - (row + 0.5) * 180 / height
        else:  # the inverse of EPSG:3857, as written in its definition
            lat = np.degrees(2 * np.arctan(np.exp(np.pi * (1 - 2 * (row + 0.5) / height))) - np.pi / 2)
        assert raster.index[row, column] == partition.lookup(lat, lng)


def test_rows_have_the_areas_of_the_earth() -> None:
    raster = make_raster(world_partition(), 64, "plate-carree")
    assert raster.row_area_km2.sum() * 64 == pytest.approx(4 * np.pi * geo.EARTH_RADIUS_KM**2)
    assert cell_raster.row_edges("web-mercator", 8)[[0, 4, 8]] == pytest.approx([85.0511288, 0, -85.0511288])


@pytest.mark.parametrize("width", [16, 130, 512])
def test_no_probability_is_lost_on_the_whole_earth(width: int) -> None:
    partition = world_partition()
    raster = make_raster(partition, width, "plate-carree")
    for seed in range(3):
        density = raster.density(probabilities_of(partition, seed))
        assert density.dtype == np.float32
        assert density.min() >= 0
        assert (density * raster.row_area_km2[:, None]).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("width", [64, 256])
def test_every_cell_has_its_own_probability_on_the_map(projection: str, width: int) -> None:
    partition = world_partition()
    raster = make_raster(partition, width, projection)
    lat, _ = partition.centers()
    for cell in range(len(partition)):
        alone = np.zeros(len(partition))
        alone[cell] = 1.0
        mass = (raster.density(alone) * raster.row_area_km2[:, None]).sum()
        if projection == "plate-carree":
            assert mass == pytest.approx(1, abs=1e-6)
        elif np.abs(s2.vertices(partition.cell_ids[cell])[0]).max() > 85.06:
            assert mass < 0.999  # the rest lies beyond the map
        else:
            assert mass == pytest.approx(1, abs=1e-6)
    beyond = int(np.argmax(np.abs(lat)))
    assert abs(lat[beyond]) > 89


def test_a_large_cell_has_its_true_density() -> None:
    partition = world_partition()
    raster = make_raster(partition, 1024, "plate-carree")
    area = cell_raster.areas_km2(partition.cell_ids)
    large = partition.levels() == 1
    assert large.any()
    np.testing.assert_allclose(raster.cell_area_km2[large], area[large], rtol=5e-3)


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_a_cell_below_a_pixel_is_a_spot_at_its_place(projection: str) -> None:
    partition = world_partition()
    leaf = int(np.flatnonzero(partition.levels() == 30)[0])
    raster = make_raster(partition, 1600, projection)
    assert not (raster.index == leaf).any()
    alone = np.zeros(len(partition))
    alone[leaf] = 0.6
    density = raster.density(alone)
    rows, columns = np.nonzero(density)
    side = cell_raster.spot_px(1600)
    assert density[rows, columns].tolist() == [pytest.approx(density.max())] * side**2
    assert np.median(columns) == int((3.0 + 180) / 360 * 1600)
    edges = cell_raster.row_edges(projection, density.shape[0])
    middle = int(np.median(rows))
    assert edges[middle] >= 50.0 >= edges[middle + 1]


def test_spots_go_around_the_world_and_end_at_the_poles() -> None:
    cells = s2.cell_ids([10.0, -89.9999], [-179.999, 20.0], 18)
    partition = Partition._empty(np.sort(cells))
    raster = make_raster(partition, 64, "plate-carree")
    mass = raster.density(np.array([0.5, 0.5])) * raster.row_area_km2[:, None]
    assert mass.sum() == pytest.approx(1)
    rows, columns = np.nonzero(mass)
    assert {63, 0, 1} == set(columns[rows < 20].tolist())
    assert set(rows[rows > 20].tolist()) == {30, 31}


def test_a_partition_without_cells_is_an_empty_map() -> None:
    raster = make_raster(Partition._empty(np.array([], dtype=np.uint64)), 32, "web-mercator")
    assert (raster.index == -1).all()
    assert raster.density(np.array([])).sum() == 0


@pytest.mark.parametrize(
    ("width", "projection", "message"),
    [
        (64, "mercator", "plate-carree and web-mercator"),
        (63, "plate-carree", "even number of pixels"),
        (0, "plate-carree", "16 to 16384"),
        (32768, "web-mercator", "not 32768"),
    ],
)
def test_impossible_maps_are_refused(width: int, projection: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        raster_of(world_partition(), width, projection)


def test_a_raster_is_kept_as_long_as_its_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    partition = world_partition()
    raster = raster_of(partition, 32)
    assert raster_of(partition, 32) is raster
    assert raster_of(partition, 32, "web-mercator") is not raster
    for width in (34, 36, 38):
        raster_of(partition, width)
    assert raster_of(partition, 32) is not raster  # the oldest was given up
    alive = weakref.ref(raster)
    del partition, raster
    gc.collect()
    assert alive() is None


def test_a_raster_is_read_from_disk_and_a_damaged_one_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = world_partition()
    first = raster_of(partition, 64, "web-mercator", tmp_path)
    [file] = tmp_path.iterdir()
    assert file == cell_raster.raster_file(partition, 64, "web-mercator", tmp_path)

    def never(*_: object) -> None:
        raise AssertionError("computed although it is on disk")

    with monkeypatch.context() as patch:
        patch.setattr(cell_raster, "make_raster", never)
        second = raster_of(world_partition(), 64, "web-mercator", tmp_path)
    p = probabilities_of(partition)
    assert np.array_equal(first.density(p), second.density(p))

    whole = file.read_bytes()
    other = Partition._empty(s2.face_cells())
    raster_of(other, 64, "web-mercator", tmp_path)
    foreign = cell_raster.raster_file(other, 64, "web-mercator", tmp_path).read_bytes()
    for damage in (whole[: len(whole) // 2], b"", b"no raster", foreign):
        file.write_bytes(damage)
        again = raster_of(world_partition(), 64, "web-mercator", tmp_path)
        assert np.array_equal(first.density(p), again.density(p))
        assert file.read_bytes() == whole
