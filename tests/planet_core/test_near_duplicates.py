from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from planet_core import (
    near_duplicates,
    near_duplicates_evaluate,
    near_duplicates_report,
    near_duplicates_sides,
)
from planet_core import near_duplicates_model as models
from planet_core import near_duplicates_train as training
from planet_core.images import load
from planet_core.model_directory import ModelDirectoryError, TrainingIndex
from planet_core.near_duplicates_bits import VIEWS, hash_codes
from planet_core.run_log import read_events
from planet_core.sources.csv_photos import CsvPhotos, Photo
from tests.conftest import SHARED_DATA
from tests.planet_core.made_scenes import scene, scenes

NOTHING_SEEN = TrainingIndex((), (), (), (), 13, np.array([], dtype=np.uint64))


def save_untrained(directory: Path, threshold: int = 20, seed: int = 0) -> Path:
    """A model directory with random weights; only its form matters."""
    torch.manual_seed(seed)
    network = models.Network(64, widths=(4, 8))
    pixels = torch.from_numpy(np.stack([models.squeeze(scene(index)) for index in range(16)]))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.momentum = None  # one pass sets the averages, so that the bits are centred
    with torch.no_grad():
        network(pixels)
    measured = {"on_training_side": {"hashes": {"pHash": {"threshold": 6}}}}
    models.save(directory, network, threshold, NOTHING_SEEN, measured)
    return directory


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_untrained(tmp_path_factory.mktemp("untrained") / "model")


# ------------------------------------------------------------------------------------------------ the model


def test_a_model_comes_back_as_it_was_saved(untrained: Path) -> None:
    embedder = models.load(untrained)
    pixels = np.stack([models.squeeze_views(scene(index)) for index in range(3)])
    codes = embedder.codes(pixels)
    assert codes.shape == (3, VIEWS, 1)
    assert codes.dtype == np.uint64
    assert models.load(untrained).codes(pixels).tolist() == codes.tolist()
    assert embedder.codes(pixels[1:2]).tolist() == codes[1:2].tolist()  # whatever else is in the batch
    assert embedder.threshold == 20


@pytest.mark.parametrize("name", [models.WEIGHTS, models.SEEN])
def test_a_damaged_model_is_named(untrained: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(untrained, tmp_path / "model"))
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelDirectoryError, match=f"{name} is damaged or foreign"):
        models.load(folder)
    (folder / name).unlink()
    with pytest.raises(ModelDirectoryError, match=f"lacks a file: .*{name}"):
        models.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "planet-model"}, "does not describe a near-duplicate model"),
        ({"format_version": 99}, "format 99"),
        ({"views": 1}, "1 views"),
        ({"bits": 128}, "do not fit"),
        ({"threshold": None}, "lacks threshold"),
    ],
)
def test_a_foreign_config_is_refused(
    untrained: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    folder = Path(shutil.copytree(untrained, tmp_path / "model"))
    config = {**json.loads((folder / models.CONFIG).read_text()), **change}
    config = {key: value for key, value in config.items() if value is not None}
    (folder / models.CONFIG).write_text(json.dumps(config))
    with pytest.raises(ModelDirectoryError, match=message):
        models.load(folder)


def test_a_full_disk_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_untrained(tmp_path / "model", threshold=7)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TrainingIndex, "write", full)
    with pytest.raises(OSError, match="No space left"):
        save_untrained(folder, threshold=8)
    assert models.load(folder).threshold == 7
    assert list(tmp_path.iterdir()) == [folder]


# ------------------------------------------------------------------------------------------------ training


def test_the_loss_is_small_where_copies_are_alike_and_ignores_consecutive_frames() -> None:
    settings = replace(training.Settings(), binary=0.0)
    codes = torch.sign(torch.randn(4, 64, generator=torch.Generator().manual_seed(0))) * 9
    free = torch.zeros((4, 4), dtype=torch.bool)
    right = training.contrastive_loss(torch.cat([codes, codes]), free, settings)
    wrong = training.contrastive_loss(torch.cat([codes, codes.roll(1, 0)]), free, settings)
    assert right < 0.01 < 1 < wrong
    same = codes.clone()
    same[1] = same[0]  # two frames that look the same
    tied = free.clone()
    tied[0, 1] = tied[1, 0] = True
    pair = torch.cat([same, same])
    assert (
        training.contrastive_loss(pair, tied, settings)
        < 0.01
        < training.contrastive_loss(pair, free, settings)
    )


def test_values_that_are_no_bits_cost_something() -> None:
    settings = training.Settings()
    free = torch.zeros((2, 2), dtype=torch.bool)
    values = torch.tensor([[1.0, 1.0], [1.0, -1.0]]).repeat(2, 1)
    soft, hard = (training.contrastive_loss(scale * values, free, settings) for scale in (0.3, 5.0))
    assert soft - hard == pytest.approx(settings.binary * (1 - np.tanh(0.3)) ** 2, abs=1e-4)


def test_batches_hold_every_picture_once_and_later_its_nearest() -> None:
    batches = training.Batches(12, 4, 1.0, np.random.default_rng(0))
    assert sorted(index for _ in range(3) for index in batches.next().tolist()) == list(range(12))
    codes = np.arange(12, dtype=np.uint64)[:, None, None] // 6 * np.uint64(2**40 - 1)  # two clusters of six
    batches.use_codes(codes)
    for _ in range(6):
        chosen = batches.next()
        assert len(set(chosen.tolist())) == len(chosen) == 4
        assert (chosen[0] < 6) == (chosen[1] < 6)


def test_sides_share_no_place_and_no_group() -> None:
    rng = np.random.default_rng(0)
    photos = [
        Photo(Path(str(n)), rng.uniform(-60, 60), rng.uniform(-170, 170), group=f"g{n // 3}" if n % 3 else "")
        for n in range(200)
    ]
    photos += [replace(photo, group="", path=Path("again")) for photo in photos[:50]]
    sides = near_duplicates_sides.make_sides(photos, 0.3, 0.2, seed=0)
    parts = [set(side.tolist()) for side in (sides.training, sides.calibration, sides.held_out)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 250
    for one in parts:
        for other in parts:
            if one is not other:
                assert not {photos[i].group for i in one if photos[i].group} & {
                    photos[i].group for i in other
                }
                assert not {(photos[i].lat, photos[i].lng) for i in one} & {
                    (photos[i].lat, photos[i].lng) for i in other
                }
    index = near_duplicates_sides.make_index(photos, sides)
    unseen = near_duplicates_sides.unseen(photos, index)
    assert {id(photo) for photo in unseen} <= {id(photos[i]) for i in parts[2]}
    assert not near_duplicates_sides.unseen([photos[i] for i in parts[0] | parts[1]], index)


# ------------------------------------------------------------------------------------------------ finding


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, Path]:
    """Six training scenes, and a test list: two of them re-encoded, two new ones, one broken, one bad row."""
    train = scenes(tmp_path / "train", range(6))
    test = scenes(tmp_path / "test", range(50, 52))
    for seed in (1, 4):
        scene(seed).save(tmp_path / "test" / f"copy-{seed}.jpg", quality=70)
    (tmp_path / "test" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with test.open("a") as file:
        file.write("copy-1.jpg,10,10\ncopy-4.jpg,10,11\nbroken.jpg,10,12\ncopy-1.jpg,95,12\n")
    return test, train


def test_copies_are_dropped_and_counted(
    untrained: Path, sources: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test, train = sources
    model = ["--model", str(untrained), "--threshold", "5"]
    out, kept = tmp_path / "report.json", tmp_path / "kept.csv"
    arguments = [f"csv:{test}", str(train), *model, "--out", str(out), "--kept", str(kept)]
    assert near_duplicates.main(arguments) == 0
    report = json.loads(out.read_text())
    assert [Path(pair["test"]).name for pair in report["pairs"]] == ["copy-1.jpg", "copy-4.jpg"]
    assert [Path(pair["train"]).name for pair in report["pairs"]] == ["1.png", "4.png"]
    assert all(0 <= pair["distance"] <= 5 for pair in report["pairs"])
    assert (report["test_photos"], report["train_photos"]) == (4, 6)
    assert (report["dropped"], report["kept"], report["threshold"]) == (2, 2, 5)
    assert report["baseline"] == {
        "hash": "pHash", "bits": 64, "threshold": 6, "dropped": 2, "dropped_by_both": 2
    }  # fmt: skip
    assert len(report["test_unreadable"]) == len(report["bad_rows"]) == 1
    assert "broken.jpg" in report["test_unreadable"][0]
    assert [photo.path.name for photo in CsvPhotos(kept)] == ["50.png", "51.png"]
    assert "2 of 4 test photos" in capsys.readouterr().out

    table = tmp_path / "report.csv"
    assert near_duplicates.main([str(test), str(train), *model, "--out", str(table)]) == 0
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [int(row["distance"]) for row in rows] == [pair["distance"] for pair in report["pairs"]]
    assert int(rows[0]["nearest_hash_distance"]) == int(
        np.bitwise_count(
            hash_codes("pHash", scene(1)) ^ hash_codes("pHash", load(test.parent / "copy-1.jpg"))
        )[0, 0]
    )


def test_the_threshold_comes_from_the_model(
    untrained: Path, sources: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "report.json"
    assert near_duplicates.main([*map(str, sources), "--model", str(untrained), "--out", str(out)]) == 0
    assert json.loads(out.read_text())["threshold"] == 20
    everything = [*map(str, sources), "--model", str(untrained), "--out", str(out), "--threshold", "64"]
    assert near_duplicates.main(everything) == 0
    report = json.loads(out.read_text())
    assert report["dropped"] == 4
    assert {pair["train_photos_within"] for pair in report["pairs"]} == {6}


def test_user_errors_are_one_line_and_code_2(
    untrained: Path, sources: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test, train = map(str, sources)
    empty = tmp_path / "empty.csv"
    empty.write_text("path,lat,lng\n")
    dark = tmp_path / "dark.csv"
    dark.write_text("path,lat,lng\ntest/broken.jpg,1,1\n")
    model, out = str(untrained), str(tmp_path / "r.json")
    for arguments, message in [
        ([test, train, "--model", str(tmp_path / "none"), "--out", out], "no near-duplicate model in"),
        ([test, str(empty), "--model", model, "--out", out], "no readable picture in"),
        ([str(dark), train, "--model", model, "--out", out], "broken.jpg is truncated"),
        ([str(tmp_path / "no.csv"), train, "--model", model, "--out", out], "cannot read the photo list"),
        ([test, train, "--model", model, "--out", out, "--threshold", "65"], "between 0 and 64"),
        (["train", str(empty), "--run", str(tmp_path / "run")], "there are no photos in"),
        (["train", test, "--run", str(tmp_path / "run")], "two of each are needed"),
        (["evaluate", str(empty), "--model", model], "there are no photos in"),
    ]:
        assert near_duplicates.main(arguments) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.strip().splitlines()[-1].startswith("near_duplicates: ")
    assert not (tmp_path / "r.json").exists()
    assert read_events(tmp_path / "run")[-1]["event"] == "failed"
    with pytest.raises(SystemExit, match="2"):
        near_duplicates.main([test, train, "--model", model, "--out", "report.txt"])


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_told_run_stops_with_130(tmp_path: Path) -> None:
    photos = scenes(tmp_path, range(12))
    command = [
        sys.executable,
        "-m",
        "planet_core.near_duplicates",
        "train",
        str(photos),
        "--run",
        str(tmp_path / "run"),
    ]
    process = subprocess.Popen([*command, "--steps", "100000"], env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        deadline = time.monotonic() + 90
        metrics = tmp_path / "run" / "metrics.jsonl"
        while not (metrics.exists() and '"train"' in metrics.read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 130
    finally:
        process.kill()
        process.wait()
    assert read_events(tmp_path / "run")[-1]["event"] == "stopped"
    assert not (tmp_path / "run" / "model").exists()


# ------------------------------------------------------------------------------------------------ how well


def check_property(report: dict[str, Any], least_pairs: int, recall: float, name: str) -> None:
    """Recall at precision >= 0.99 on unseen pictures, and better than every hash at its best threshold."""
    row = report["rows"][name]
    assert report["pairs"] >= least_pairs
    assert row["precision"] >= 0.99
    assert row["recall"] >= recall
    hashes = [row["recall"] for name, row in report["rows"].items() if "Hash" in name]
    assert len(hashes) == 4
    assert row["recall"] > max(hashes)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.golden)])
def test_it_finds_made_duplicates_of_pictures_it_never_saw(tmp_path: Path, real: bool) -> None:
    """Recall at precision >= 0.99, better than every hash at its best threshold: of made scenes, and of real
    photos, which need more steps and give more pairs to choose the threshold from.
    """
    if real and not SHARED_DATA.is_dir():
        pytest.skip(f"no real photos in {SHARED_DATA}")
    if real:
        sources, steps = [str(SHARED_DATA / name / "labels.csv") for name in ("real", "landmarks")], []
    else:
        sources, steps = [str(scenes(tmp_path, range(320)))], ["--steps", "110"]
    assert near_duplicates.main(["train", *sources, "--run", str(tmp_path / "run"), *steps]) == 0
    done = read_events(tmp_path / "run")[-1]
    assert done["event"] == "done"
    model = models.load(tmp_path / "run" / "model")
    assert done["threshold"] == model.threshold
    assert model.config["measured"]["on_training_side"]["precision"] >= 0.99
    out = [tmp_path / "report.json", tmp_path / "report.md"]
    command = ["evaluate", *sources, "--model", str(tmp_path / "run" / "model"), "--out", *map(str, out)]
    assert near_duplicates.main(command) == 0
    report = json.loads(out[0].read_text())
    assert report["photos_seen"] + report["photos_examined"] == report["photos_listed"]
    assert f"| CNN | {models.BITS} | {model.threshold} |" in out[1].read_text()
    if real:
        assert report["excluded_pairs"]
        check_property(report, least_pairs=500, recall=0.95, name="CNN")  # at the threshold stored with it
    else:
        assert report["negatives"] == report["pairs"] * (report["photos_examined"] - 1)
        check_property(report, least_pairs=500, recall=0.95, name="CNN, best threshold")
        # the threshold that was chosen on training-side pairs carries over
        assert report["rows"]["CNN"]["precision"] >= 0.97
        assert report["rows"]["CNN"]["recall"] >= 0.9


def test_an_examination_leaves_out_what_was_seen_and_lists_consecutive_frames(
    untrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = scenes(tmp_path, range(6))
    rows = photos.read_text().splitlines()
    for seed, lat in ((70, 10.0), (71, 10.0001), (72, 10.0003)):  # a walk: 11 m, then 22 m
        scene(seed).save(tmp_path / f"{seed}.png")
        rows.append(f"{seed}.png,{lat},20")
    photos.write_text("\n".join(rows) + "\n")
    embedder = models.load(untrained)
    listed = list(CsvPhotos(photos))
    seen = replace(NOTHING_SEEN, validation_digests=(listed[2].digest,))
    report = near_duplicates_evaluate.evaluate([str(photos)], replace(embedder, seen=seen))
    assert (report["photos_listed"], report["photos_seen"], report["photos_examined"]) == (9, 1, 8)
    assert [[Path(name).stem for name in pair] for pair in report["excluded_pairs"]] == [
        ["70", "71"],
        ["71", "72"],
    ]
    [sequence] = report["excluded_sequences"]
    assert (Path(sequence["first"]).stem, sequence["photos"], sequence["pairs"]) == ("70", 3, 2)
    assert report["pairs"] == 8 * 6
    assert report["negatives"] == 8 * 6 * 7 - 6 * 4
    for row in report["rows"].values():
        assert 0 <= row["recall_by_kind"]["two at once"] <= 1
    monkeypatch.setattr(near_duplicates_evaluate, "EXAMINED_AT_MOST", 3)
    fewer = near_duplicates_evaluate.evaluate([str(photos)], replace(embedder, seen=seen))
    assert (fewer["photos_examined"], fewer["photos_not_drawn"], fewer["pairs"]) == (3, 5, 18)
    page = near_duplicates_report.markdown(report, "evaluate")
    assert "70.png | 3 | 2 |" in page
    assert page.count("| CNN") == 6
    assert "/70.png: 71.png\n" in page
    assert "/71.png: 72.png\n" in page
