from __future__ import annotations

import itertools
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch.utils.data import DataLoader

from planet_core import images, prepare
from planet_core.loader import PhotoDataset, ShardDataset
from planet_core.shards import ShardError, Shards
from planet_core.sources.open_source import open_source
from tests.planet_core.made_sources import photo_list


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """37 photos in several shards, in `shards`, and their list."""
    folder = tmp_path_factory.mktemp("loader")
    source = photo_list(folder, 37)
    options = ["--size", "32", "--shard-mb", "0.02", "--jobs", "1"]
    assert prepare.main([str(source), "--out", str(folder / "shards"), *options]) == 0
    return folder


def ids(samples: Any) -> list[str]:
    return [metadata["id"] for _, metadata in samples]


def as_it_is(batch: list[Any]) -> list[Any]:
    return [(np.asarray(picture), metadata) for picture, metadata in batch]


def test_pictures_come_with_their_metadata(folder: Path) -> None:
    dataset = ShardDataset(folder / "shards", shuffle=False)
    opened = Shards(folder / "shards")
    assert len(dataset) == len(opened) == 37
    for position, (picture, metadata) in enumerate(dataset):
        assert isinstance(picture, Image.Image)
        assert (picture.mode, picture.size) == ("RGB", (43, 32))
        assert metadata["position"] == position
        assert metadata["id"].startswith(f"{position:04d}.")
        assert metadata["lat"] == position % 80
    data, _ = opened.read(0, 0)
    first, _ = next(iter(dataset))
    np.testing.assert_array_equal(np.asarray(first), np.asarray(images.load(data)))


@pytest.mark.parametrize("threads", [0, 3])
@pytest.mark.parametrize("world_size", [1, 2, 5])
def test_ranks_share_the_photos(folder: Path, world_size: int, threads: int) -> None:
    seen: Counter[str] = Counter()
    for rank in range(world_size):
        dataset = ShardDataset(folder / "shards", rank=rank, world_size=world_size, epoch=4, threads=threads)
        mine = ids(dataset)
        assert len(mine) == len(dataset)
        seen.update(mine)
    assert len(seen) == 37
    assert set(seen.values()) == {1}


@pytest.mark.parametrize("threads", [0, 2])
def test_threads_and_start_do_not_change_the_order(folder: Path, threads: int) -> None:
    def read(**options: Any) -> list[tuple[str, bytes]]:
        dataset = ShardDataset(folder / "shards", seed=1, epoch=2, **options)
        return [(metadata["id"], picture.tobytes()) for picture, metadata in dataset]

    whole = read()
    assert read(threads=threads, start=11) == whole[11:]
    assert len(ShardDataset(folder / "shards", start=11)) == 26
    assert ids(ShardDataset(folder / "shards", seed=1, epoch=3)) != [name for name, _ in whole]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # more workers than this machine has cores
@pytest.mark.parametrize("workers", [2, 3])
def test_batches_are_the_same_for_any_number_of_workers(folder: Path, workers: int) -> None:
    def batches(workers: int) -> list[list[str]]:
        dataset = ShardDataset(folder / "shards", rank=1, world_size=2, seed=3, start=2, batch_size=4)
        loader = DataLoader(dataset, batch_size=4, num_workers=workers, collate_fn=as_it_is)
        return [ids(batch) for batch in loader]

    assert batches(workers) == batches(0)
    assert sum(map(len, batches(0))) == 16


def test_a_list_of_photos_gives_the_same(folder: Path) -> None:
    photos = list(open_source(str(folder / "photos.csv")))
    listed = PhotoDataset(photos, 32, shuffle=False)
    assert len(listed) == 37
    for (one, said), (other, meant) in zip(
        listed, ShardDataset(folder / "shards", shuffle=False), strict=True
    ):
        assert said == meant
        assert one.size == other.size
        assert np.abs(np.asarray(one, float) - np.asarray(other)).mean() < 6  # a JPEG between them
    assert sorted(ids(PhotoDataset(photos, 32, rank=1, world_size=3, threads=2))) == sorted(
        ids(PhotoDataset(photos, 32, rank=1, world_size=3))
    )


@pytest.mark.parametrize("threads", [0, 2])
def test_bad_pictures_are_named_counted_and_left_out(
    tmp_path: Path, folder: Path, threads: int, caplog: pytest.LogCaptureFixture
) -> None:
    photo_list(tmp_path, 6)
    (tmp_path / "0002.jpg").write_bytes(b"")
    (tmp_path / "0004.jpg").unlink()
    photos = list(open_source(str(folder / "photos.csv")))[:6]
    photos = [photo.__class__(**{**photo.__dict__, "path": tmp_path / photo.path.name}) for photo in photos]
    dataset = PhotoDataset(photos, 32, shuffle=False, threads=threads)
    with caplog.at_level(logging.WARNING):
        assert ids(dataset) == ["0000.jpg", "0001.png", "0003.png", "0005.png"]
    assert dataset.skipped == 2
    assert f"skipped: {tmp_path / '0002.jpg'} is empty" in caplog.text
    assert f"{tmp_path / '0004.jpg'}" in caplog.text


def copy_of(folder: Path, target: Path) -> Path:
    target.mkdir()
    for path in (folder / "shards").iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


@pytest.mark.parametrize("threads", [0, 2])
def test_damaged_shards_are_named_counted_and_left_out(
    tmp_path: Path, folder: Path, threads: int, caplog: pytest.LogCaptureFixture
) -> None:
    copy = copy_of(folder, tmp_path / "copy")
    first, second = (copy / f"shard-00000{number}.tar" for number in range(2))
    data = bytearray(first.read_bytes())
    data[700] ^= 255
    first.write_bytes(data)
    second.write_bytes(second.read_bytes()[:1000])
    with caplog.at_level(logging.WARNING):
        dataset = ShardDataset(copy, shuffle=False, threads=threads)
        taken = ids(dataset)
    lost = int(Shards(folder / "shards").counts[1])
    assert len(dataset) == 37 - lost
    assert len(taken) == 36 - lost
    assert dataset.skipped == 1
    assert len(dataset.damaged) == 1
    assert f"{second} has 1000 bytes" in caplog.text
    assert f"skipped: {first}, sample 0 is damaged" in caplog.text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # more workers than this machine has cores
def test_bad_pictures_of_workers_are_counted_here(tmp_path: Path, folder: Path) -> None:
    copy = copy_of(folder, tmp_path / "copy")
    for number in range(2):
        path = copy / f"shard-00000{number}.tar"
        data = bytearray(path.read_bytes())
        data[700] ^= 255
        path.write_bytes(data)
    dataset = ShardDataset(copy)
    loader = DataLoader(dataset, batch_size=None, num_workers=2)
    assert sum(1 for _ in loader) == 35
    assert dataset.skipped == 2


def test_leaving_early_leaves_no_thread_behind(folder: Path) -> None:
    for _ in range(3):
        samples = iter(ShardDataset(folder / "shards", threads=2))
        assert len(list(itertools.islice(samples, 3))) == 3
        samples.close()  # type: ignore[attr-defined]  # it is a generator


def test_what_makes_no_sense_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ValueError, match="no such part"):
        ShardDataset(folder / "shards", rank=2, world_size=2)
    with pytest.raises(ShardError, match="holds no shards"):
        ShardDataset(tmp_path)
