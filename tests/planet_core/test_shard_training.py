"""Training out of shards: the feed that streams them, and whole runs with a network that takes no time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from planet_core import feed as feeds
from planet_core import (
    images,
    model_directory,
    networks,
    pictures,
    prepare,
    recipe,
    shard_order,
    shards,
    train_cnn,
)
from planet_core.examination import make_examination
from planet_core.feed import Batch, MemoryFeed, ShardFeed
from planet_core.loader import CHUNK, ahead
from planet_core.pictures import Streamed, is_streamed, read_example
from planet_core.processes import Processes
from planet_core.run_log import RunLog, read_events, read_steps
from planet_core.shards import Index
from planet_core.sources.open_source import open_source
from planet_core.sources.photo import Photo
from planet_core.stopping import UserError
from planet_core.training_data import fingerprint, make_sides
from tests.planet_core.made import coloured_towns, gradient_panorama
from tests.planet_core.test_training_options import MeanColour

RECIPE = replace(recipe.load("tiny"), batch_size=6, epochs=3)
PX = 32


def pack(source: Path, out: Path, shard_mb: float = 0.01) -> Path:
    """Shards of a source, with pictures large enough not to be changed."""
    options = ["--jobs", "1", "--size", "64", "--shard-mb", str(shard_mb)]
    assert prepare.main([str(source), "--out", str(out), *options]) == 0
    return out


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """36 photos in a few shards; they are never changed."""
    folder = tmp_path_factory.mktemp("packed")
    return pack(coloured_towns(folder), folder / "shards")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The same, to be damaged by the test."""
    return pack(coloured_towns(tmp_path), tmp_path / "shards")


def damage(photo: Photo) -> None:
    """Turns a byte of the photo's picture in its shard."""
    with photo.path.open("r+b") as file:
        file.seek(photo.offset + 50)
        byte = file.read(1)[0]
        file.seek(photo.offset + 50)
        file.write(bytes([byte ^ 0xFF]))


def photos_of(source: Path) -> list[Photo]:
    return list(open_source(str(source)))


def classes_of(photos: list[Photo]) -> np.ndarray:
    return np.array([int(photo.lng > 0) + int(photo.lng > 100) for photo in photos])


def feed(photos: list[Photo], rank: int = 0, count: int = 1, **values: object) -> ShardFeed:
    processes = Processes(rank, count, torch.device("cpu"))
    changed = replace(RECIPE, **values)  # type: ignore[arg-type]
    return ShardFeed(photos, classes_of(photos), changed, PX, 0, processes)


def rows(steps: list[list[Batch]]) -> list[int]:
    return [int(row) for parts in steps for batch in parts for row in batch.rows]


def same(one: list[Batch], other: list[Batch]) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for a, b in zip(one, other, strict=True)
        for name in ("rows", "pixels", "colour")
    )


def test_shards_of_another_size_or_cut_otherwise_are_other_data(tmp_path: Path) -> None:
    towns = coloured_towns(tmp_path)
    packed = [pack(towns, tmp_path / name, size) for name, size in (("a", 0.01), ("b", 0.01), ("c", 0.02))]
    options = ["--jobs", "1", "--size", "32", "--shard-mb", "0.01"]
    assert prepare.main([str(towns), "--out", str(tmp_path / "d"), *options]) == 0
    prints = [fingerprint(photos_of(source)) for source in (*packed, tmp_path / "d", towns)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 4


# ---- the feed


def test_it_shows_what_the_feed_in_memory_shows(packed: Path) -> None:
    photos = photos_of(packed)
    examples = [read_example(photo, PX) for photo in photos]
    alone = Processes(0, 1, torch.device("cpu"))
    for values in ({}, {"accumulate": 3}, {"balance": 1.0}):
        streamed = feed(photos, **values)
        kept = MemoryFeed(examples, classes_of(photos), replace(RECIPE, **values), PX, 0, alone)  # type: ignore[arg-type]
        assert (streamed.steps, streamed.sizes()) == (kept.steps, kept.sizes())
        assert all(same(a, b) for a, b in zip(streamed.batches(2), kept.batches(2), strict=True))


@pytest.mark.parametrize("count", [2, 3])
def test_ranks_see_disjoint_photos_that_together_are_all(packed: Path, count: int) -> None:
    photos = photos_of(packed)
    parts = [list(feed(photos, rank, count).batches(1)) for rank in range(count)]
    assert sorted(row for part in parts for row in rows(part)) == list(range(len(photos)))
    whole = list(feed(photos).batches(1))
    for [step], *split in zip(whole, *parts, strict=True):
        assert np.array_equal(step.pixels, np.concatenate([batch.pixels for [batch] in split]))


@pytest.mark.parametrize("start", [1, 4, 6])
def test_it_starts_anywhere_in_an_epoch(packed: Path, start: int) -> None:
    photos = photos_of(packed)
    whole, rest = list(feed(photos).batches(3)), list(feed(photos).batches(3, start))
    assert len(rest) == len(whole) - start == 6 - start
    assert all(same(a, b) for a, b in zip(whole[start:], rest, strict=True))


def test_shards_beyond_a_window_are_read_window_by_window() -> None:
    files = [Path(f"{number}.tar") for number in range(3 * shard_order.WINDOW)]
    photos = [Photo(file, 0, 0, length=1) for file in files for _ in range(5)]
    for values in ({}, {"balance": 0.5}):
        one = feed(photos, **values)
        orders = [one.order(epoch) for epoch in (1, 2)]
        assert not np.array_equal(*orders)
        for order in orders:
            if not values:
                assert sorted(order) == list(range(len(photos)))
            seen = [sorted({*one.groups[order[at : at + 80]].tolist()}) for at in (0, 80, 160)]
            assert values or all(len(window) == shard_order.WINDOW for window in seen)
            # a shard is in one stretch of the epoch: the windows of all photos come in sequence
            first = {shard: np.flatnonzero(one.groups[order] == shard) for shard in range(len(files))}
            starts = sorted((at[0], at[-1]) for at in first.values() if len(at))
            overlaps = max(sum(a <= low <= b for a, b in starts) for low, _ in starts)
            assert overlaps <= shard_order.WINDOW


def test_only_two_steps_and_a_little_are_decoded_ahead(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Photo] = []
    real = read_example
    monkeypatch.setattr(Processes, "threads", 1)
    monkeypatch.setattr(feeds, "read_example", lambda photo, px: (read.append(photo), real(photo, px))[1])
    batches = feed(photos_of(packed), batch_size=4).batches(1)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert 4 <= len(read) <= 4 + 2 * 4 + 2 * CHUNK < 36


def test_work_ahead_keeps_its_order_and_raises_in_its_place() -> None:
    assert list(ahead(lambda n: n * n, range(100), threads=3)) == [n * n for n in range(100)]
    done = ahead(lambda n: 1 // (40 - n), range(100), threads=2)
    with pytest.raises(ZeroDivisionError):
        list(done)


def test_a_bad_picture_is_counted_and_another_takes_its_place(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = photos_of(own)
    for row in (3, 20):
        damage(photos[row])
    streamed = feed(photos)
    steps = list(streamed.batches(1))
    assert [sum(len(b.rows) for b in parts) for parts in steps] == streamed.sizes()
    assert set(rows(steps)) == {*range(36)} - {3, 20}
    assert all(same(a, b) for a, b in zip(steps[2:], feed(photos).batches(1, 2), strict=True))
    log = RunLog(tmp_path / "log")
    assert streamed.skipped(log) == {"truncated": 2} == streamed.skipped(log)
    log.close()
    said = capsys.readouterr().err
    assert said.count("checksum does not match") == 2  # each is named once
    assert str(photos[3].path) in said
    later = feed(photos)
    later.know({str(row): reason for row, reason in streamed.bad.items()})  # type: ignore[misc]
    assert later.bad == streamed.bad


def test_nothing_but_bad_pictures_end_the_run(own: Path) -> None:
    photos = photos_of(own)
    for photo in photos:
        damage(photo)
    with pytest.raises(UserError, match="could not be read, the last because"):
        list(feed(photos).batches(1))


# ---- what is used when


def test_lists_are_kept_in_memory_while_they_are_small(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = photos_of(packed.parent / "photos.csv")
    assert not is_streamed(listed, PX)
    assert is_streamed(photos_of(packed), PX)
    size = sum(read_example(photo, PX).pixels.nbytes for photo in listed)
    monkeypatch.setattr(pictures, "IN_MEMORY_BYTES", 0.7 * size)
    assert is_streamed(listed, PX)


def test_shards_give_the_classes_and_the_sides_of_the_list(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = make_sides(photos_of(packed.parent / "photos.csv"), RECIPE, 0)

    def decode(*_: object, **__: object) -> None:
        raise AssertionError("a picture was decoded")

    monkeypatch.setattr(images, "load", decode)
    monkeypatch.setattr(shards.Shards, "read", decode)
    packed_sides = make_sides(photos_of(packed), RECIPE, 0)
    assert packed_sides.partition.digest == listed.partition.digest
    assert np.array_equal(packed_sides.classes, listed.classes)
    assert np.array_equal(packed_sides.validation, listed.validation)


def test_streamed_views_are_those_that_are_kept(tmp_path: Path) -> None:
    """Panoramas with four views each, on shares that cut through one."""
    rows = ["path,lat,lng,projection"]
    for number in range(12):
        gradient_panorama(80 + 2 * number).save(tmp_path / f"{number}.png")
        lat = (48.85, -33.87)[number % 2] + 0.05 * number
        rows.append(f"{number}.png,{lat},{2.35},equirectangular")
    (tmp_path / "list.csv").write_text("\n".join(rows))
    photos = photos_of(pack(tmp_path / "list.csv", tmp_path / "shards"))
    sides = make_sides(photos, RECIPE, 0)
    kept = make_examination([read_example(photo, PX) for photo in photos], sides, PX)
    streamed = make_examination(Streamed(photos, PX), sides, PX)
    assert kept is not None
    assert streamed is not None
    assert len(streamed.pixels) == len(kept.pixels) >= 8
    for name in ("lat", "lng", "classes"):
        assert np.array_equal(getattr(kept, name), getattr(streamed, name))
    for share in (slice(0, len(kept.lat)), slice(2, 7), slice(3, 4)):
        pair = [torch.stack(list(one.read(share, threads=2))) for one in (kept, streamed)]
        assert torch.equal(*pair)
    assert list(streamed.read(slice(3, 3), 1)) == []


# ---- whole runs


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    monkeypatch.setattr(networks, "build", lambda _name, cells, **_: MeanColour(cells))
    monkeypatch.setattr(networks, "image_px", lambda _: PX)
    monkeypatch.setattr(recipe, "load", lambda _: replace(RECIPE, learning_rate=0.5))

    def run(source: str | Path, name: str = "run", *arguments: str, code: int = 0) -> Path:
        folder = tmp_path / name
        command = ["--recipe", "tiny", "--data", str(source), "--run", str(folder), *arguments]
        assert train_cnn.main(command) == code
        return folder

    return run


def curve(run: Path) -> list[float]:
    return [step["loss"] for step in read_steps(run)]


def test_a_run_from_shards_learns_what_the_list_teaches(packed: Path, train: Callable[..., Path]) -> None:
    listed = train(packed.parent / "photos.csv", "listed", "--epochs", "5")
    streamed = train(f"shards:{packed}", "streamed", "--epochs", "5")
    one, other = (model_directory.read_metrics(run / "model") for run in (listed, streamed))
    for name in ("photos_training", "photos_validation", "cells", "photos_skipped"):
        assert one[name] == other[name]
    assert other["validation"]["accuracy"] > 0.9 > other["baseline"]["accuracy"]
    np.testing.assert_allclose(curve(streamed), curve(listed), rtol=0.05)  # JPEG against PNG
    kinds = [event["event"] for event in read_events(streamed) if event["event"] != "progress"]
    assert kinds == ["start", "data", *["epoch"] * 5, "done"]


def test_a_bare_folder_of_shards_is_recognised(packed: Path, train: Callable[..., Path]) -> None:
    run = train(packed, "bare", "--epochs", "1")
    assert next(e for e in read_events(run) if e["event"] == "data")["photos"] == 36


def test_a_list_beyond_memory_is_streamed_and_learns_the_same(
    packed: Path, train: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = train(packed.parent / "photos.csv", "kept")
    monkeypatch.setattr(pictures, "IN_MEMORY_BYTES", 0)
    assert curve(train(packed.parent / "photos.csv", "streamed")) == curve(kept)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("step", [2, 9])
def test_killed_and_resumed_the_curve_is_that_of_the_uninterrupted_run(
    packed: Path, train: Callable[..., Path], step: int
) -> None:
    """`kill -9` after step 2, without a checkpoint, and after step 9, off a checkpoint in mid-epoch."""

    def killed() -> None:
        real = train_cnn.check_finite
        calls = iter(range(1, 1000))

        def check(loss: torch.Tensor) -> None:
            real(loss)
            if next(calls) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        train_cnn.check_finite = check  # type: ignore[assignment]
        train(packed, "killed", "--checkpoint-steps", "7")

    whole = train(packed, "whole")
    child = multiprocessing.get_context("fork").Process(target=killed)
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    resumed = train(packed, "killed", "--resume")
    np.testing.assert_allclose(curve(resumed), curve(whole), rtol=0, atol=1e-6)
    assert len(curve(whole)) == 15 > step
    assert [e["step"] for e in read_events(resumed) if e["event"] == "resume"] == [7] * (step == 9)
    metrics = [model_directory.read_metrics(run / "model")["validation"] for run in (whole, resumed)]
    assert metrics[0] == metrics[1]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_two_processes_learn_what_one_learns_and_count_bad_pictures_once(
    own: Path, train: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = photos_of(own)
    sides = make_sides(photos, RECIPE, 0)
    bad = [*np.flatnonzero(sides.training)[:2], *np.flatnonzero(sides.validation)[:1]]
    for row in bad:
        damage(photos[row])
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]

    def child(rank: int) -> None:
        os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2")
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        train(own, "two")
        os._exit(0)

    context = multiprocessing.get_context("fork")
    children = [context.Process(target=child, args=(rank,)) for rank in range(2)]
    for process in children:
        process.start()
    for process in children:
        process.join(60)
        process.kill()
    assert [process.exitcode for process in children] == [0, 0]
    alone = train(own, "alone")
    np.testing.assert_allclose(curve(alone.parent / "two"), curve(alone), rtol=1e-4)
    for name in ("alone", "two"):
        metrics = model_directory.read_metrics(alone.parent / name / "model")
        assert metrics["skipped_by_reason"] == {"truncated": 3}
        assert metrics["photos_validation"] == int(sides.validation.sum()) - 1
        epochs = [e for e in read_events(alone.parent / name) if e["event"] == "epoch"]
        assert [epoch["photos_skipped"] for epoch in epochs] == [3] * 3


# ---- bad shards


def test_a_missing_and_a_cut_shard_are_named_and_every_photo_of_them_counts(
    own: Path, train: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    index = Index.load(own)
    lost, cut = index.shards[0], index.shards[-1]
    (own / lost.file).unlink()
    (own / cut.file).write_bytes((own / cut.file).read_bytes()[:-700])
    run = train(own, "run", "--epochs", "1")
    said = capsys.readouterr().err
    assert f"{own / lost.file} is missing: {lost.samples} photos are left out" in said
    assert f"{own / cut.file} has" in said
    data = next(event for event in read_events(run) if event["event"] == "data")
    assert data["photos_skipped"] == lost.samples + cut.samples > 2
    assert data["photos"] == 36 - data["photos_skipped"]


def test_a_folder_without_shards_is_a_clear_error(
    tmp_path: Path, train: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    train(f"shards:{empty}", code=2)
    assert f"{empty} holds no shards" in capsys.readouterr().err.splitlines()[-1]


def test_unfinished_shards_are_a_clear_error(
    own: Path, train: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    replace(Index.load(own), complete=False).save(own)
    train(own, code=2)
    assert "is not finished: run the same prepare command" in capsys.readouterr().err.splitlines()[-1]
