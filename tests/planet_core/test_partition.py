from __future__ import annotations

import io
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import s2sphere
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_core import geo, s2
from planet_core.partition import Partition, PartitionError


def plain_partition(lat: np.ndarray, lng: np.ndarray, max_photos: int, min_photos: int) -> dict[int, int]:
    """The paper's algorithm written down as plainly as possible: {cell id: photos}."""
    leaves = [
        s2sphere.CellId.from_lat_lng(s2sphere.LatLng.from_degrees(*pair))
        for pair in zip(lat.tolist(), lng.tolist(), strict=True)
    ]
    done: dict[int, int] = {}
    todo = {s2sphere.CellId.from_face_pos_level(face, 0, 0): [] for face in range(6)}
    for leaf in leaves:
        todo[leaf.parent(0)].append(leaf)
    while todo:
        cell, inside = todo.popitem()
        if len(inside) > max_photos and cell.level() < 30:
            for leaf in inside:
                todo.setdefault(leaf.parent(cell.level() + 1), []).append(leaf)
        elif len(inside) >= min_photos:
            done[cell.id()] = len(inside)
    return done


def clustered(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    towns = rng.uniform([-60, -180], [75, 180], (12, 2))
    points = towns[rng.integers(0, 12, n)] + rng.normal(0, 1, (n, 2)) * rng.choice([0.01, 0.3, 5], (n, 1))
    return np.clip(points[:, 0], -90, 90), points[:, 1]


@pytest.mark.parametrize(("max_photos", "min_photos"), [(40, 4), (200, 1), (1, 1), (10, 30)])
def test_cells_and_counts_equal_the_plain_algorithm(max_photos: int, min_photos: int) -> None:
    lat, lng = clustered(1500)
    partition = Partition.build(lat, lng, max_photos, min_photos)
    expected = plain_partition(lat, lng, max_photos, min_photos)
    assert dict(zip(partition.cell_ids.tolist(), partition.counts.tolist(), strict=True)) == expected


@pytest.mark.slow
def test_cells_and_counts_equal_the_plain_algorithm_on_real_photos(density) -> None:
    lat, lng = density
    partition = Partition.build(lat, lng, 1000, 50)
    expected = plain_partition(lat, lng, 1000, 50)
    assert dict(zip(partition.cell_ids.tolist(), partition.counts.tolist(), strict=True)) == expected
    assert partition.at_level(lat, lng, 4, 50).cell_ids.size == 181
    assert partition.at_level(lat, lng, 4, 1).cell_ids.size == 558


places = st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=60)


@settings(deadline=None)
@given(places, st.integers(1, 8), st.integers(1, 4))
def test_cells_are_disjoint_sorted_and_count_what_they_hold(
    points: list[tuple[float, float]], max_photos: int, min_photos: int
) -> None:
    lat, lng = np.array(points).T
    partition = Partition.build(lat, lng, max_photos, min_photos)
    first, last = s2.range_min(partition.cell_ids), s2.range_max(partition.cell_ids)
    assert np.all(last[:-1] < first[1:])
    held = Counter(partition.lookup(lat, lng).tolist())
    assert [held[index] for index in range(len(partition))] == partition.counts.tolist()
    assert np.all(partition.counts >= min_photos)
    assert np.all((partition.counts <= max_photos) | (partition.levels() == 30))


def test_many_photos_on_one_spot_end_at_leaf_level() -> None:
    partition = Partition.build(np.full(1000, 48.85), np.full(1000, 2.35), 10, 5)
    assert partition.levels().tolist() == [30]
    assert partition.counts.tolist() == [1000]


def test_splitting_stops_at_the_given_level() -> None:
    lat, lng = clustered(500)
    partition = Partition.build(lat, lng, 1, 1, max_level=6)
    assert partition.levels().max() == 6
    assert partition.counts.sum() == 500


def test_one_level_partition_drops_rare_cells() -> None:
    lat, lng = clustered(2000)
    partition = Partition.at_level(lat, lng, 4, 20)
    cells, counts = np.unique(s2.cell_ids(lat, lng, 4), return_counts=True)
    assert np.array_equal(partition.cell_ids, cells[counts >= 20])
    assert np.array_equal(partition.counts, counts[counts >= 20])


def test_lookup_equals_walking_up_the_tree() -> None:
    lat, lng = clustered(2000)
    partition = Partition.build(lat, lng, 100, 10)
    index = {cell: position for position, cell in enumerate(partition.cell_ids.tolist())}
    other_lat, other_lng = clustered(500, seed=7)
    leaves = s2.cell_ids(other_lat, other_lng)
    ancestors = np.stack([s2.parents(leaves, level) for level in range(31)], axis=1)
    expected = [max(index.get(cell, -1) for cell in row) for row in ancestors.tolist()]
    found = partition.lookup(other_lat, other_lng)
    assert found.dtype == np.int64
    assert found.tolist() == expected
    assert -1 in expected


def test_lookup_keeps_shapes_and_an_empty_partition_holds_nothing() -> None:
    empty = Partition.build([], [], 10, 2)
    assert len(empty) == 0
    assert empty.lookup([[1.0, 2.0]], [[3.0, 4.0]]).tolist() == [[-1, -1]]
    assert Partition.build([1.0], [1.0], 5, 1).lookup(1.0, 1.0).shape == ()


def test_a_partition_of_one_cell_works() -> None:
    one = Partition.build([10.0, 11.0], [10.0, 11.0], 5, 1)
    assert one.lookup([10.5, -10.5], [10.5, -100.0]).tolist() == [0, -1]


@cache
def around(cell: s2sphere.CellId) -> list[s2sphere.CellId]:
    return list(cell.get_all_neighbors(cell.level()))


def touching(cell: s2sphere.CellId, other: s2sphere.CellId) -> bool:
    """Whether two disjoint cells touch, by the smaller one's neighbours."""
    small, large = (cell, other) if cell.level() >= other.level() else (other, cell)
    return any(large.contains(near) for near in around(small))


def test_neighbours_are_the_classes_whose_cells_touch() -> None:
    rng = np.random.default_rng(5)
    lat, lng = np.degrees(np.arcsin(rng.uniform(-1, 1, 3000))), rng.uniform(-180, 180, 3000)
    town_lat, town_lng = clustered(1000)
    partition = Partition.build(np.append(lat, town_lat), np.append(lng, town_lng), 60, 15)
    cells = [s2sphere.CellId(cell) for cell in partition.cell_ids.tolist()]
    assert len(set(partition.levels().tolist())) > 5
    for index, cell in enumerate(cells):
        expected = [i for i, other in enumerate(cells) if other != cell and touching(cell, other)]
        assert partition.neighbors(index).tolist() == expected


def test_whole_faces_touch_the_four_faces_around_them() -> None:
    faces = Partition.at_level(*s2.centers(s2.face_cells()), 0, 1)
    assert [faces.neighbors(face).tolist() for face in (0, 2)] == [[1, 2, 4, 5], [0, 1, 3, 4]]


def test_a_lonely_cell_has_no_neighbours_and_an_unknown_class_is_refused() -> None:
    one = Partition.build([10.0, 11.0], [10.0, 11.0], 5, 1)
    assert one.neighbors(0).tolist() == []
    with pytest.raises(IndexError, match="there is no class 1"):
        one.neighbors(1)


def test_dropped_photos_are_counted_by_level() -> None:
    lat, lng = clustered(2000)
    partition = Partition.build(lat, lng, 100, 30)
    assert partition.dropped is not None
    assert partition.dropped.sum() == 2000 - partition.counts.sum() > 0
    one_level = Partition.at_level(lat, lng, 6, 30)
    assert one_level.dropped is not None
    assert one_level.dropped.nonzero()[0].tolist() == [6]
    assert one_level.dropped.sum() == 2000 - one_level.counts.sum()


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    lat, lng = clustered(3000)
    whole = Partition.build(lat, lng, 60, 5)
    classes = whole.lookup(lat, lng)
    monkeypatch.setattr("planet_core.partition._BLOCK", 256)
    blocks = Partition.build(lat, lng, 60, 5)
    assert np.array_equal(blocks.counts, whole.counts)
    np.testing.assert_allclose(blocks.centroids(), whole.centroids(), rtol=0, atol=1e-9)
    assert np.array_equal(blocks.lookup(lat, lng), classes)


def test_centers_are_s2_centres_and_centroids_are_means_on_the_sphere() -> None:
    lat, lng = clustered(800)
    partition = Partition.build(lat, lng, 60, 5)
    classes = partition.lookup(lat, lng)
    assert np.array_equal(partition.centers(), s2.centers(partition.cell_ids))
    for index in range(len(partition)):
        expected = geo.spherical_mean(lat[classes == index], lng[classes == index])
        point = [values[index] for values in partition.centroids()]
        assert geo.haversine_km(*point, *expected) < 1e-6


def test_recount_keeps_cells_and_takes_centroids_from_the_new_photos() -> None:
    lat, lng = clustered(800)
    partition = Partition.build(lat, lng, 60, 5)
    classes = partition.lookup(lat, lng)
    kept = (classes != 0) & (np.arange(800) % 2 == 0)
    recounted = partition.recount(lat[kept], lng[kept])
    assert np.array_equal(recounted.cell_ids, partition.cell_ids)
    assert recounted.digest == partition.digest
    assert (
        recounted.counts.tolist()
        == np.bincount(classes[kept & (classes >= 0)], minlength=len(partition)).tolist()
    )
    assert recounted.counts[0] == 0
    assert [c[0] for c in recounted.centroids()] == [c[0] for c in partition.centers()]


def test_digest_names_the_cells() -> None:
    lat, lng = clustered(500)
    assert Partition.build(lat, lng, 60, 5).digest == Partition.build(lat[::-1], lng[::-1], 60, 5).digest
    assert Partition.build(lat, lng, 60, 5).digest != Partition.build(lat, lng, 50, 5).digest


@pytest.mark.parametrize("thresholds", [(0, 1), (1, 0), (-5, 2)])
def test_thresholds_below_one_are_refused(thresholds: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Partition.build([0.0], [0.0], *thresholds)


def test_saved_partitions_come_back(tmp_path: Path) -> None:
    partition = Partition.build(*clustered(500), 60, 5)
    partition.save(tmp_path / "p.npz")
    loaded = Partition.load(tmp_path / "p.npz")
    assert loaded.digest == partition.digest
    assert np.array_equal(loaded.counts, partition.counts)
    assert np.array_equal(loaded.centroids(), partition.centroids())
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partition = Partition.build(*clustered(500), 60, 5)
    partition.save(tmp_path / "p.npz")
    before = (tmp_path / "p.npz").read_bytes()

    def full(file: io.BufferedWriter, **_arrays: object) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        partition.save(tmp_path / "p.npz")
    assert (tmp_path / "p.npz").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_partition_is_named(tmp_path: Path) -> None:
    with pytest.raises(PartitionError, match=r"cannot read the partition .*none\.npz"):
        Partition.load(tmp_path / "none.npz")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY rubbish", b"\xff\xd8\xff\xe0 a jpeg"])
def test_other_files_are_not_partitions(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.npz").write_bytes(content)
    with pytest.raises(PartitionError, match="is not a partition"):
        Partition.load(tmp_path / "p.npz")


def test_other_archives_and_arrays_are_not_partitions(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", cell_ids=np.arange(3))
    np.save(tmp_path / "a.npy", np.arange(3))
    for name in ("p.npz", "a.npy"):
        with pytest.raises(PartitionError, match="is not a partition"):
            Partition.load(tmp_path / name)


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_truncated_partition_is_damaged(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "p.npz"
    Partition.build(*clustered(500), 60, 5).save(path)
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(PartitionError, match="damaged"):
        Partition.load(path)


def test_impossible_contents_are_damaged(tmp_path: Path) -> None:
    good = Partition.build(*clustered(500), 60, 5)
    shuffled = Partition(good.cell_ids[::-1].copy(), good.counts, *good.centroids())
    no_cells = Partition(good.cell_ids * np.uint64(2), good.counts, *good.centroids())
    short = Partition(good.cell_ids, good.counts[1:], *good.centroids())
    nowhere = Partition(good.cell_ids, good.counts, good.centroid_lat * np.nan, good.centroid_lng)
    for bad in (shuffled, no_cells, short, nowhere):
        bad.save(tmp_path / "p.npz")
        with pytest.raises(PartitionError, match="damaged"):
            Partition.load(tmp_path / "p.npz")
