from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planet_core import answer, model_directory, recipe, train_cnn
from planet_core.model_directory import TrainingIndex
from planet_core.predict import Predictor
from planet_core.run_log import RunLog, read_events
from planet_core.sources.open_source import open_source
from tests.planet_core.made import coloured_towns, noise_picture

TINY = recipe.load("tiny")


@pytest.fixture
def towns(tmp_path: Path) -> Path:
    return coloured_towns(tmp_path, photos_each=6)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[RunLog]:
    with contextlib.closing(RunLog(tmp_path / "log")) as run_log:
        yield run_log


def train(run: Path, *arguments: str) -> int:
    return train_cnn.main(["--recipe", "tiny", "--run", str(run), *arguments])


# ------------------------------------------------------------------------------------------------ end to end


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run over three coloured towns: (photo list, run directory)."""
    folder = tmp_path_factory.mktemp("towns")
    towns = coloured_towns(folder)
    broken = folder / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    with towns.open("a") as file:
        file.write("broken.png,48.85,2.35,,\nnone.png,48.85,2.35,,\n0-0.png,48.85,2.35,,\n")
        file.write(f"{folder / 'far.png'},-80,100,,\n")
    noise_picture(9).save(folder / "far.png")
    assert train(folder / "run", "--data", f"csv:{towns}", "--epochs", "4") == 0
    return towns, folder / "run"


@pytest.mark.slow
def test_it_learns_what_can_be_learnt(trained: tuple[Path, Path]) -> None:
    metrics = model_directory.read_metrics(trained[1] / "model")
    assert metrics["baseline"]["accuracy"] < 0.6
    assert metrics["validation"]["accuracy"] > 0.9
    assert metrics["validation_by_rule"]["max-score"]["median_km"] < 30
    assert metrics["baseline"]["median_km"] > 3000
    assert list(metrics["validation_by_rule"]) == list(answer.RULES)
    top_cell = metrics["validation_by_rule"]["top-cell"]
    assert top_cell == {name: metrics["validation"][name] for name in top_cell}


@pytest.mark.slow
def test_the_model_answers_new_pictures_of_the_towns(trained: tuple[Path, Path]) -> None:
    red = np.zeros((60, 60, 3), dtype=np.uint8)
    red[..., 0] = 180
    red += np.random.default_rng(5).integers(0, 50, red.shape, dtype=np.uint8)
    [prediction] = Predictor.load(trained[1] / "model").predict([red], rule="max-score")
    assert (prediction.lat, prediction.lng) == pytest.approx((48.97, 2.35), abs=0.2)


@pytest.mark.slow
def test_the_diary_tells_the_whole_story(trained: tuple[Path, Path]) -> None:
    events = read_events(trained[1])
    kinds = Counter(event["event"] for event in events)
    assert kinds["start"] == kinds["done"] == 1
    assert kinds["epoch"] == 4
    assert events[-1]["event"] == "done"
    shares = [event["share"] for event in events]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert (events[0]["event"], events[0]["recipe"], events[0]["epochs"]) == ("start", "tiny", 4)
    [data] = [event for event in events if event["event"] == "data"]
    assert (data["photos"], data["photos_skipped"], data["cells"]) == (37, 3, 3)
    assert data["skipped_by_reason"] == {"unusable row": 1, "listed twice": 1, "truncated": 1}
    for event in events:
        if event["event"] == "epoch":
            assert event["images_per_second"] > 0
            assert event["seconds_left"] >= 0
            assert event["validation"]["loss"] > 0
    assert events[-1]["digest"] == model_directory.version_digest(trained[1] / "model")


@pytest.mark.slow
def test_the_best_epoch_is_the_one_that_is_kept(trained: tuple[Path, Path]) -> None:
    metrics = model_directory.read_metrics(trained[1] / "model")
    ranks = [(e["validation"]["accuracy"], -e["validation"]["loss"]) for e in metrics["epochs"]]
    assert metrics["best_epoch"] == 1 + ranks.index(max(ranks))
    assert metrics["validation"] == metrics["epochs"][metrics["best_epoch"] - 1]["validation"]


@pytest.mark.slow
def test_the_index_and_the_partition_tell_the_sides(trained: tuple[Path, Path]) -> None:
    towns, run = trained
    index = TrainingIndex.load(run / "model")
    assert not set(index.training_digests) & set(index.validation_digests)
    assert not set(index.training_groups) & set(index.validation_groups)
    partition = Predictor.load(run / "model").partition
    assert len(index.training_digests) == partition.counts.sum()
    assert len(index.training_digests) + len(index.validation_digests) >= 36
    # the same file is listed a second time, with another place: the first row counts
    by_digest = {photo.digest: photo for photo in reversed(list(open_source(str(towns))))}
    held_out = [by_digest[digest] for digest in index.validation_digests]
    assert not index.trained_at([p.lat for p in held_out], [p.lng for p in held_out]).any()
    training = [by_digest[digest] for digest in index.training_digests]
    recounted = partition.recount([p.lat for p in training], [p.lng for p in training])
    np.testing.assert_allclose(recounted.centroids(), partition.centroids())


def test_where_nothing_can_be_held_out_it_trains_all_the_same(tmp_path: Path) -> None:
    rows = ["path,lat,lng"]
    for index in range(8):
        noise_picture(index).save(tmp_path / f"{index}.png")
        rows.append(f"{index}.png," + ("48.85,2.35" if index % 2 else "-33.87,151.2"))
    (tmp_path / "photos.csv").write_text("\n".join(rows))
    out = tmp_path / "elsewhere" / "model"
    arguments = ["--data", str(tmp_path / "photos.csv"), "--epochs", "2", "--out", str(out)]
    assert train(tmp_path / "run", *arguments) == 0
    metrics = model_directory.read_metrics(out)
    assert (metrics["validation"], metrics["baseline"], metrics["best_epoch"]) == (None, None, 2)
    assert (metrics["photos_training"], metrics["cells"]) == (8, 2)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model_version(tmp_path: Path) -> None:
    towns = coloured_towns(tmp_path, photos_each=8)
    weights, versions = [], []
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        assert train(tmp_path / name, "--data", str(towns), "--epochs", "1", "--seed", seed) == 0
        weights.append(model_directory.sha256_of(tmp_path / name / "model" / model_directory.WEIGHTS))
        versions.append(model_directory.version_digest(tmp_path / name / "model"))
    assert weights[0] == weights[1] != weights[2]
    assert versions[0] == versions[1] != versions[2]


@pytest.mark.slow
def test_sigterm_stops_the_run_after_the_step_and_leaves_no_half_model(towns: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "planet_core.train_cnn", "--recipe", "tiny", "--epochs", "10000"]
    process = subprocess.Popen(
        [*command, "--data", str(towns), "--run", str(run)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (run / "metrics.jsonl").exists() or not any(
            e["event"] == "epoch" for e in read_events(run)
        ):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.terminate()
        told = time.monotonic()
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert time.monotonic() - told < 5
    assert "Traceback" not in errors
    last = read_events(run)[-1]
    assert (last["event"], last["checkpoint"]) == ("stopped", True)
    assert (run / "checkpoints" / f"step-{last['step']:09d}").is_dir()
    assert not [path for path in run.iterdir() if "model" in path.name]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["read_photos", "open_examples", "examine", "make_index"])
def test_a_signal_at_any_moment_ends_with_130_and_gives_the_handlers_back(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, moment: str
) -> None:
    monkeypatch.setattr(train_cnn, moment, lambda *_: os.kill(os.getpid(), number))
    before = signal.getsignal(number)
    assert train(tmp_path / "run", "--data", str(towns), "--epochs", "1") == 130
    assert signal.getsignal(number) is before
    last = read_events(tmp_path / "run")[-1]
    assert last["event"] == "stopped"
    assert last["checkpoint"] == (last["step"] > 0) == (moment in ("examine", "make_index"))
    assert not (tmp_path / "run" / "model").exists()


def test_a_signal_while_saving_leaves_the_old_model(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train(tmp_path / "run", "--data", str(towns), "--epochs", "1") == 0
    digest = model_directory.version_digest(tmp_path / "run" / "model")
    monkeypatch.setattr(TrainingIndex, "write", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    assert train(tmp_path / "run", "--data", str(towns), "--epochs", "1", "--seed", "5") == 130
    assert model_directory.version_digest(tmp_path / "run" / "model") == digest
    assert [path.name for path in (tmp_path / "run").iterdir() if "model" in path.name] == ["model"]


# ------------------------------------------------------------------------------------------------ user errors


def failure(run: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The last line on stderr of a run that must end with code 2 and a `failed` event."""
    assert train(run, *arguments) == 2
    last = read_events(run)[-1]
    lines = capsys.readouterr().err.strip().splitlines()
    assert last["event"] == "failed"
    assert lines[-1] == f"train_cnn: {last['reason']}"
    assert not (run / "model").exists()
    return str(lines[-1])


def test_a_missing_list_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot read the photo list" in failure(tmp_path / "r", capsys, "--data", "none.csv")


def test_an_empty_list_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photos.csv").write_text("path,lat,lng\nnone.jpg,1,2\n")
    assert "no photos to train on" in failure(tmp_path / "r", capsys, "--data", str(tmp_path / "photos.csv"))


def test_a_list_of_broken_pictures_is_a_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jpg").write_text("no picture")
    (tmp_path / "photos.csv").write_text("path,lat,lng\na.jpg,1,2\n")
    assert "none of the photos" in failure(tmp_path / "r", capsys, "--data", str(tmp_path / "photos.csv"))


def test_one_class_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for seed in range(6):
        noise_picture(seed).save(tmp_path / f"{seed}.png")
        rows.append(f"{seed}.png,48.85,2.35")
    (tmp_path / "photos.csv").write_text("\n".join(["path,lat,lng", *rows]))
    assert "two are needed" in failure(tmp_path / "r", capsys, "--data", str(tmp_path / "photos.csv"))


def test_an_unknown_source_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no source of photos" in failure(tmp_path / "r", capsys, "--data", "photos.xml")


def test_a_loss_that_explodes_is_a_clear_error(
    tmp_path: Path, towns: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recipe, "load", lambda _: replace(TINY, learning_rate=1e30))
    assert "the loss has become" in failure(tmp_path / "r", capsys, "--data", str(towns))


def test_an_unknown_recipe_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--recipe", "huge", "--data", "photos.csv", "--run", str(tmp_path)]
    assert train_cnn.main(arguments) == 2
    assert capsys.readouterr().err.startswith("train_cnn: there is no recipe 'huge'; the recipes are ")
    assert read_events(tmp_path)[-1]["event"] == "failed"


def test_a_run_directory_that_cannot_be_made_is_a_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert train(tmp_path / "file", "--data", "photos.csv") == 2
    assert "cannot write to the run directory" in capsys.readouterr().err


def test_a_bug_is_written_down_and_not_swallowed(
    tmp_path: Path, towns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_cnn, "make_sides", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(tmp_path / "run", "--data", str(towns))
    assert read_events(tmp_path / "run")[-1]["reason"] == "ZeroDivisionError: division by zero"


def test_help_names_the_recipes_and_the_columns(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        train_cnn.main(["--help"])
    text = capsys.readouterr().out
    assert caught.value.code == 0
    assert "path,lat,lng" in text
    assert f"tiny: {recipe.summary('tiny')}" in text


@pytest.mark.parametrize("epochs", ["0", "-1", "many"])
def test_epochs_are_a_positive_number(
    tmp_path: Path, epochs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        train(tmp_path, "--data", "photos.csv", "--epochs", epochs)
    assert caught.value.code == 2
    assert f"--epochs: {epochs!r} is not a whole number of at least 1" in capsys.readouterr().err


def test_a_value_that_makes_no_sense_is_a_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path / "run", "--data", "photos.csv", "--set", "labels=soft") == 2
    assert "train_cnn: recipe 'tiny': labels must be one of" in capsys.readouterr().err
