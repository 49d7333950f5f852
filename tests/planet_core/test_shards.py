from __future__ import annotations

import io
import json
import pickle
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_core import shards
from planet_core.shard_order import Part, samples_for_rank, samples_of
from planet_core.shards import Index, ShardError, Shards, ShardWriter
from planet_core.sources.open_source import open_source

counts_lists = st.lists(st.integers(0, 9), max_size=40).map(lambda counts: np.array(counts, dtype=np.int64))


def written(folder: Path, *sizes: int) -> Path:
    """A finished directory with shards of so many samples."""
    folder.mkdir(exist_ok=True)
    made, number = [], 0
    for shard, size in enumerate(sizes):
        writer = ShardWriter(folder / shards.shard_name(shard))
        for _ in range(size):
            writer.add(
                f"{number:09d}", b"picture %d" % number, {"lat": number, "lng": -number, "id": str(number)}
            )
            number += 1
        made.append(writer.close())
    Index(tuple(made), complete=True).save(folder)
    return folder


def everything(opened: Shards) -> list[tuple[bytes, str]]:
    read = [opened.read(shard, sample) for shard, n in enumerate(opened.counts) for sample in range(n)]
    return [(picture, metadata["id"]) for picture, metadata in read]


# ------------------------------------------------------------------------------------------------ files


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    opened = Shards(written(tmp_path, 3, 1, 2))
    assert everything(opened) == [(b"picture %d" % n, str(n)) for n in range(6)]
    assert len(opened) == 6
    assert opened.damaged == []
    assert everything(pickle.loads(pickle.dumps(opened))) == everything(opened)  # as workers get it
    opened.close()


def test_shards_are_plain_webdataset_tars(tmp_path: Path) -> None:
    folder = written(tmp_path, 2)
    with tarfile.open(folder / "shard-000000.tar") as tar:
        assert tar.getnames() == [f"{n:09d}.{kind}" for n in range(2) for kind in ("jpg", "json")]
        assert {(member.mtime, member.uid, member.mode) for member in tar} == {(0, 0, 0o644)}
        assert json.load(tar.extractfile("000000001.json")) == {"lat": 1, "lng": -1, "id": "1"}
    for path in (folder / "index.json", folder / "shard-000000.offsets.npy"):
        path.unlink()
    assert everything(Shards(folder)) == [(b"picture 0", "0"), (b"picture 1", "1")]


def test_the_offsets_are_those_of_the_tar(tmp_path: Path) -> None:
    opened = Shards(written(tmp_path, 5))
    found, problem = shards.scan(opened.files[0])
    assert problem == ""
    np.testing.assert_array_equal(opened.offsets(0)[:, :4], found[:, :4])


def foreign(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_shards_of_other_makers(tmp_path: Path) -> None:
    row = json.dumps({"id": 7, "latitude": 1.5, "longitude": -2.5}).encode()
    foreign(
        tmp_path / "00000.tar",
        {
            "a/1.jpg": b"one",
            "a/1.json": row,
            "a/1.street_clip.npy": b"embedding",
            "a/2.json": row,  # no picture
            "b/1.JPEG": b"two",
            "b/1.json": row,
            "b/2.jpg": b"no row",
            "é" * 80 + ".png": b"three",  # a name too long for a plain header
            "é" * 80 + ".json": row,
        },
    )
    opened = Shards(tmp_path)
    assert [opened.read(0, n)[0] for n in range(len(opened))] == [b"one", b"two", b"three"]
    _, metadata = opened.read(0, 0)
    assert (metadata["lat"], metadata["lng"]) == (1.5, -2.5)


def test_an_abandoned_shard_leaves_nothing(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path / "shard-000000.tar")
    writer.add("0", b"x", {})
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_a_killed_writer_are_removed_and_nothing_else(tmp_path: Path) -> None:
    folder = written(tmp_path, 1)
    before = {path.name for path in folder.iterdir()} | {"notes.txt"}
    for name in (".shard-000001.tar.tmp", "shard-000001.offsets.npy", "shard-000001.tar", "notes.txt"):
        (folder / name).write_text("x")
    shards.remove_leftovers(folder, Index.load(folder))
    assert {path.name for path in folder.iterdir()} == before


# ------------------------------------------------------------------------------------------------ damage


def test_damaged_shards_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    folder = written(tmp_path, 2, 2, 2, 2)
    cut, gone = folder / "shard-000001.tar", folder / "shard-000002.tar"
    cut.write_bytes(cut.read_bytes()[:600])
    gone.unlink()
    opened = Shards(folder)
    assert [name for _, name in everything(opened)] == ["0", "1", "6", "7"]
    assert len(opened.damaged) == 2
    assert f"{cut} has 600 bytes where" in opened.damaged[0]
    assert f"{gone} is missing: 2 photos are left out" in opened.damaged[1]


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    folder = written(tmp_path, 3)
    path = folder / "shard-000000.tar"
    data = bytearray(path.read_bytes())
    data[512] ^= 1  # the first byte of the first picture
    path.write_bytes(data)
    opened = Shards(folder)
    with pytest.raises(ShardError, match=r"shard-000000\.tar, sample 0 is damaged"):
        opened.read(0, 0)
    assert opened.read(0, 1)[0] == b"picture 1"


def test_without_its_offsets_a_shard_is_walked_through(tmp_path: Path) -> None:
    folder = written(tmp_path, 3)
    (folder / "shard-000000.offsets.npy").write_bytes(b"rubbish")
    assert len(everything(Shards(folder))) == 3
    np.save(folder / "shard-000000.offsets.npy", np.zeros((2, 5), dtype=np.int64))
    with pytest.raises(ShardError, match="does not belong to its shard"):
        Shards(folder).read(0, 0)


def test_a_foreign_tar_is_used_up_to_its_damage(tmp_path: Path) -> None:
    path = foreign(tmp_path / "x.tar", {f"{n}.{kind}": b"{}" for n in range(3) for kind in ("jpg", "json")})
    path.write_bytes(path.read_bytes()[: 512 * 9])  # in the middle of the third sample
    opened = Shards(path)
    assert len(opened) == 2
    assert str(path) in opened.damaged[0]
    (tmp_path / "y.tar").write_bytes(b"no tar at all" * 100)
    opened = Shards(tmp_path)
    assert len(opened) == 2
    assert len(opened.damaged) == 2


def test_metadata_that_is_no_json_object(tmp_path: Path) -> None:
    foreign(tmp_path / "x.tar", {"1.jpg": b"x", "1.json": b"{", "2.jpg": b"x", "2.json": b"[1]"})
    for sample in range(2):
        with pytest.raises(ShardError, match=rf"sample {sample} has damaged metadata"):
            Shards(tmp_path).read(0, sample)


@pytest.mark.parametrize("text", ["", "{}", '{"format": "planet-shards", "version": 99}', "[]"])
def test_an_index_that_is_not_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(ShardError, match=r"index\.json"):
        Shards(tmp_path)


def test_no_shards_and_unfinished_shards(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="holds no shards"):
        Shards(tmp_path)
    Index().save(tmp_path)
    with pytest.raises(ShardError, match="not finished: run the same prepare command again"):
        Shards(tmp_path)


# ------------------------------------------------------------------------------------------------ splitting


@given(
    counts_lists,
    st.integers(1, 7),
    st.integers(1, 5),
    st.integers(1, 6),
    st.booleans(),
    st.integers(0, 3),
)
@settings(max_examples=150, deadline=None)
def test_no_sample_repeats_and_none_is_lost(
    counts: np.ndarray, world_size: int, workers: int, block: int, shuffle: bool, epoch: int
) -> None:
    seen: Counter[tuple[int, int]] = Counter()
    positions = []
    for rank in range(world_size):
        taken = 0
        for worker in range(workers):
            part = Part(rank, world_size, worker, workers, block)
            for position, shard, sample in samples_of(counts, part, seed=1, epoch=epoch, shuffle=shuffle):
                seen[shard, sample] += 1
                positions.append(position)
                taken += 1
        assert taken == samples_for_rank(int(counts.sum()), rank, world_size)
    assert seen == {(shard, sample): 1 for shard, n in enumerate(counts) for sample in range(n)}
    assert sorted(positions) == list(range(int(counts.sum())))


@given(counts_lists, st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_a_later_start_goes_on_where_the_first_reader_stopped(
    counts: np.ndarray, world_size: int, workers: int, block: int, start: int
) -> None:
    for rank in range(world_size):
        whole = list(samples_of(counts, Part(rank, world_size), seed=3, epoch=2))
        # a loader takes a block from each worker in turn
        parts = [
            list(
                samples_of(
                    counts, Part(rank, world_size, worker, workers, block), seed=3, epoch=2, start=start
                )
            )
            for worker in range(workers)
        ]
        turns = max(len(part) for part in parts) // block + 1
        taken = [
            s for turn in range(turns) for part in parts for s in part[turn * block : (turn + 1) * block]
        ]
        assert taken == whole[start:]


def test_order_depends_on_seed_and_epoch_alone() -> None:
    counts = np.full(40, 25)

    def order(seed: int, epoch: int) -> list[tuple[int, int, int]]:
        return list(samples_of(counts, Part(), seed=seed, epoch=epoch))

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)
    neighbours = sum(a[1] == b[1] for a, b in zip(order(1, 0), order(1, 0)[1:], strict=False))
    assert neighbours < 120  # of 999 pairs: well mixed within a window of 16 shards


def test_parts_that_make_no_sense_are_refused() -> None:
    for part in ({"rank": 2, "world_size": 2}, {"worker": -1}, {"block": 0}):
        with pytest.raises(ValueError, match="no such part"):
            Part(**part)


def test_photos_are_listed_without_their_pictures_and_checked_when_these_are_read(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path / shards.shard_name(0))
    for key in ("a", "b"):
        writer.add(key, b"picture", {"lat": 1.5, "lng": 2.5, "digest": key, "group": "walk"})
    Index((writer.close(),), complete=True).save(tmp_path)
    path = tmp_path / shards.shard_name(0)
    path.write_bytes(path.read_bytes().replace(b"picture", b"pictuRe", 1))
    first, second = open_source(f"shards:{tmp_path}")
    assert (first.lat, first.lng, first.group, first.digest) == (1.5, 2.5, "walk", "a")
    assert second.read() == b"picture"
    with pytest.raises(OSError, match="checksum does not match"):
        first.read()
    path.write_bytes(path.read_bytes()[: second.offset + 3])
    with pytest.raises(OSError, match="cut off"):
        second.read()
