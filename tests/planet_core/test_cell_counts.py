from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_core import s2
from planet_core.cell_counts import CellCounts, CellCountsError, CountsStream
from planet_core.partition import Partition
from tests.planet_core.test_partition import clustered

TO_A_NANODEGREE = {"rtol": 0, "atol": 1e-9}


def assert_same_partition(left: Partition, right: Partition) -> None:
    assert np.array_equal(left.cell_ids, right.cell_ids)
    assert np.array_equal(left.counts, right.counts)
    assert np.array_equal(left.dropped, right.dropped)
    np.testing.assert_allclose(left.centroids(), right.centroids(), **TO_A_NANODEGREE)


def test_counts_name_each_cell_once_with_its_photos() -> None:
    counts = CellCounts.of([1.0, 50.0, 1.0], [2.0, 60.0, 2.0], 12)
    assert counts.cell_ids.tolist() == sorted({int(s2.cell_ids(1, 2, 12)), int(s2.cell_ids(50, 60, 12))})
    assert counts.counts.sum() == counts.photos == 3
    assert np.linalg.norm(counts.sums, axis=1) == pytest.approx(counts.counts)


def test_of_no_photos_there_are_no_counts() -> None:
    counts = CellCounts.of([], [], 9)
    assert (len(counts), counts.photos, counts.sums.shape) == (0, 0, (0, 3))
    assert len(Partition.from_counts(counts, 10, 1)) == 0
    assert len(CellCounts.merge([counts, CellCounts.of([], [], 9)])) == 0


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(5)), st.lists(st.integers(0, 400), min_size=4, max_size=4), st.booleans())
def test_shards_merged_in_any_order_equal_the_whole(
    order: list[int], cuts: list[int], one_by_one: bool
) -> None:
    lat, lng = clustered(400)
    ends = [0, *sorted(cuts), 400]
    shards = [CellCounts.of(lat[a:b], lng[a:b], 15) for a, b in itertools.pairwise(ends)]
    shards = [shards[index] for index in order]
    if one_by_one:
        stream = CountsStream(15)
        for shard in shards:
            stream.add(shard)
        merged = stream.total()
    else:
        merged = CellCounts.merge(shards)
    whole = CellCounts.of(lat, lng, 15)
    assert np.array_equal(merged.cell_ids, whole.cell_ids)
    assert np.array_equal(merged.counts, whole.counts)
    built = Partition.build(lat, lng, 40, 3, max_level=15)
    assert_same_partition(Partition.from_counts(merged, 40, 3, max_level=15), built)


def test_partitions_of_counts_equal_those_of_photos() -> None:
    lat, lng = clustered(5000)
    counts = CellCounts.of(lat, lng, 20)
    assert_same_partition(Partition.from_counts(counts, 60, 5), Partition.build(lat, lng, 60, 5))
    assert_same_partition(Partition.at_level_from_counts(counts, 4, 20), Partition.at_level(lat, lng, 4, 20))


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = CellCounts.of(*clustered(1000), 13)
    monkeypatch.setattr("planet_core.cell_counts._BLOCK", 64)
    blocks = CellCounts.of(*clustered(1000), 13)
    assert np.array_equal(blocks.cell_ids, whole.cell_ids)
    assert np.array_equal(blocks.counts, whole.counts)
    np.testing.assert_allclose(blocks.sums, whole.sums, rtol=1e-12)


def test_counts_say_that_they_cannot_be_split_below_their_level() -> None:
    counts = CellCounts.of(np.full(30, 48.85), np.full(30, 2.35), 10)
    with pytest.raises(
        ValueError, match=r"counted at level 10, where 1 cells hold more than 20 \(up to 30\)"
    ):
        Partition.from_counts(counts, 20, 5)
    assert Partition.from_counts(counts, 20, 5, max_level=10).levels().tolist() == [10]
    assert Partition.from_counts(counts, 30, 5).counts.tolist() == [30]
    with pytest.raises(ValueError, match="hold levels 0 to 10, not 11"):
        Partition.at_level_from_counts(counts, 11, 5)


def test_counts_of_different_levels_are_brought_to_one() -> None:
    lat, lng = clustered(600)
    fine, coarse = CellCounts.of(lat[:300], lng[:300], 16), CellCounts.of(lat[300:], lng[300:], 12)
    with pytest.raises(ValueError, match="levels 12, 16 cannot be merged"):
        CellCounts.merge([fine, coarse])
    merged = CellCounts.merge([fine.at_level(12), coarse])
    assert np.array_equal(merged.counts, CellCounts.of(lat, lng, 12).counts)
    with pytest.raises(ValueError, match="no cell counts"):
        CellCounts.merge([])


def test_saved_counts_come_back(tmp_path: Path) -> None:
    counts = CellCounts.of(*clustered(500), 14)
    counts.save(tmp_path / "c.npz")
    loaded = CellCounts.load(tmp_path / "c.npz")
    assert loaded.level == 14
    assert np.array_equal(loaded.cell_ids, counts.cell_ids)
    assert np.array_equal(loaded.counts, counts.counts)
    assert np.array_equal(loaded.sums, counts.sums)


def test_other_files_are_not_counts(tmp_path: Path) -> None:
    Partition.build(*clustered(100), 60, 5).save(tmp_path / "p.npz")
    with pytest.raises(CellCountsError, match=r"p\.npz is not a file of cell counts"):
        CellCounts.load(tmp_path / "p.npz")
    with pytest.raises(CellCountsError, match="cannot read the file of cell counts"):
        CellCounts.load(tmp_path / "none.npz")


def test_impossible_counts_are_damaged(tmp_path: Path) -> None:
    good = CellCounts.of(*clustered(50), 14)
    for bad in (
        CellCounts(13, good.cell_ids, good.counts, good.sums),
        CellCounts(14, good.cell_ids[::-1].copy(), good.counts, good.sums),
        CellCounts(14, good.cell_ids, good.counts[1:], good.sums),
        CellCounts(14, good.cell_ids, good.counts - 1, good.sums),
        CellCounts(14, good.cell_ids, good.counts, good.sums * np.nan),
    ):
        bad.save(tmp_path / "c.npz")
        with pytest.raises(CellCountsError, match="damaged"):
            CellCounts.load(tmp_path / "c.npz")
