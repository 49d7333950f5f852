"""Near-duplicates of every kind of source: photos in shards, and photos without places."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
from pathlib import Path

import pytest

from planet_core import (
    near_duplicates,
    near_duplicates_evaluate,
    near_duplicates_sides,
    near_duplicates_train,
    prepare,
)
from planet_core.near_duplicates_sequences import Sequences
from planet_core.run_log import RunLog
from planet_core.sources.open_source import open_source
from tests.planet_core.made_scenes import scene, scenes
from tests.planet_core.test_near_duplicates import save_untrained


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_untrained(tmp_path_factory.mktemp("untrained") / "model", threshold=5)


def pack(photos: Path, out: Path) -> Path:
    """Shards of a photo list; the pictures stay as large as they are."""
    assert prepare.main([str(photos), "--out", str(out), "--jobs", "1", "--size", "160"]) == 0
    return out


def test_copies_are_found_in_shards(untrained: Path, tmp_path: Path) -> None:
    train = pack(scenes(tmp_path / "train", range(6)), tmp_path / "train-shards")
    test = scenes(tmp_path / "test", range(50, 52))
    scene(4).save(tmp_path / "test" / "copy.jpg", quality=80)
    with test.open("a") as file:
        file.write("copy.jpg,10,10\n")
    packed = pack(test, tmp_path / "test-shards")
    out = tmp_path / "report.json"
    for first, second in ((f"shards:{packed}", str(train)), (str(test), f"shards:{train}")):
        assert near_duplicates.main([first, second, "--model", str(untrained), "--out", str(out)]) == 0
        report = json.loads(out.read_text())
        assert (report["test_photos"], report["train_photos"]) == (3, 6)
        [pair] = report["pairs"]
        assert "copy.jpg" in pair["test"]
        assert pair["train"].endswith("4.png")  # the tar, and the photo in it
        assert ".tar, " in pair["train"]


def test_a_damaged_sample_of_a_shard_is_named_and_left_out(untrained: Path, tmp_path: Path) -> None:
    train = scenes(tmp_path, range(4))
    packed = pack(train, tmp_path / "shards")
    photo = list(open_source(str(packed)))[2]
    with photo.path.open("r+b") as file:
        file.seek(photo.offset + 50)
        byte = file.read(1)
        file.seek(photo.offset + 50)
        file.write(bytes([byte[0] ^ 1]))
    out = tmp_path / "report.json"
    assert near_duplicates.main([str(packed), str(train), "--model", str(untrained), "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    [reason] = report["test_unreadable"]
    assert photo.name in reason
    assert "checksum" in reason
    assert report["dropped"] == 3


def test_the_network_trains_and_is_examined_on_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = pack(scenes(tmp_path, range(12)), tmp_path / "shards")
    choose = near_duplicates_train.choose_thresholds
    # one step leaves no threshold that is good enough
    monkeypatch.setattr(near_duplicates_train, "choose_thresholds", lambda *given: (5, choose(*given)[1]))
    settings = near_duplicates_train.Settings(steps=1, held_out=0.25)
    with contextlib.closing(RunLog(tmp_path / "run")) as log:
        model = near_duplicates_train.run([f"shards:{packed}"], tmp_path / "model", settings, log)
    measured = model.config["measured"]
    assert measured["training"] + measured["calibration"] == 9
    report = near_duplicates_evaluate.evaluate([str(packed)], model)
    assert (report["photos_seen"], report["photos_examined"], report["pairs"]) == (9, 3, 18)


def test_frames_in_shards_stay_consecutive(tmp_path: Path) -> None:
    listed = scenes(tmp_path, range(3))
    rows = ["path,lat,lng,group"] + [f"{n}.png,{50 + n * 0.0003},8,walk" for n in range(3)]  # 33 m apart
    listed.write_text("\n".join(rows) + "\n")
    photos = list(open_source(str(pack(listed, tmp_path / "shards"))))
    assert Sequences(photos).consecutive(photos).tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]


@pytest.fixture
def holidays(tmp_path: Path) -> Path:
    """Three groups of two photos of INRIA Holidays' form, without places."""
    folder = tmp_path / "holidays"
    folder.mkdir()
    for group in range(3):
        for number in range(2):
            scene(10 * group + number).save(folder / f"{1000 + group}{number:02d}.jpg", quality=95)
    return folder


def test_photos_without_places_are_found_and_split_by_group(
    untrained: Path, holidays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, out = scenes(tmp_path / "train", range(10, 12)), tmp_path / "report.json"
    command = [f"holidays:{holidays}", str(train), "--model", str(untrained), "--out", str(out)]
    assert near_duplicates.main(command) == 0
    report = json.loads(out.read_text())
    assert [Path(pair["test"]).name for pair in report["pairs"]] == ["100100.jpg", "100101.jpg"]
    photos = near_duplicates_sides.read_photos([f"holidays:{holidays}"], print)
    assert all(math.isnan(photo.lat) for photo in photos)
    sides = near_duplicates_sides.make_sides(photos, 0.34, 0.5, seed=0)
    for side in (sides.training, sides.calibration, sides.held_out):
        assert len({photos[index].group for index in side}) == 1
    index = near_duplicates_sides.make_index(photos, sides)
    unseen = near_duplicates_sides.unseen(photos, index)
    assert unseen == [photos[index] for index in sides.held_out]
    assert near_duplicates_sides.unseen([], index) == []
    capsys.readouterr()


def test_kept_photos_that_no_list_can_hold_are_refused_before_the_work(
    untrained: Path, holidays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = scenes(tmp_path / "train", range(3))
    packed, out = pack(train, tmp_path / "shards"), tmp_path / "report.json"
    options = ["--model", str(untrained), "--out", str(out), "--kept", str(tmp_path / "kept.csv")]
    capsys.readouterr()
    for source, lacks in ((packed, "a file for each photo"), (holidays, "places")):
        assert near_duplicates.main([str(source), str(train), *options]) == 2
        message = capsys.readouterr().err
        assert lacks in message
        assert "--kept" in message
    assert not out.exists()
    shutil.rmtree(holidays)
