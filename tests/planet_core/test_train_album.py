from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from planet_core import album, album_checkpoint, album_directory, album_recipe, train_album
from planet_core.album_examination import examine, log_distributions
from planet_core.album_feed import AlbumFeed, Photos, Targets
from planet_core.labels import Labels
from planet_core.model_directory import CONFIG, WEIGHTS, ModelDirectoryError, version_digest
from planet_core.processes import Processes
from planet_core.run_log import RunLog, read_events, read_steps
from planet_core.stopping import Stop, Stopped, UserError
from planet_core.train_album import Data, learn
from tests.planet_core.made_albums import (
    album_folder,
    album_of,
    embedded_albums,
    telling_albums,
    telling_data,
    telling_layer,
)
from tests.planet_core.made_model import made_model, made_partition

CPU = torch.device("cpu")
ALONE = Processes(0, 1, CPU)
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
RECIPE = replace(
    album_recipe.MODERN,
    epochs=6,
    hidden=16,
    learning_rate=1e-2,
    output="image-embedding",
    start="random",
    dropout=0.1,
    photo_dropout=0.0,
    warmup_share=0.1,
    patience=0,
)


def run(folder: Path, variant: str, recipe: album_recipe.AlbumRecipe = RECIPE, **options: object) -> Path:
    data = options.pop("data", None) or telling_data()
    stop = options.pop("stop", None) or Stop()
    with contextlib.closing(RunLog(folder, resume=bool(options.get("going_on")))) as log:
        train_album.run(variant, recipe, data, folder / "model", 0, log, ALONE, stop, **options)  # type: ignore[arg-type]
    return folder / "model"


def accuracy(model: Path, seed: int = 3) -> float:
    photos = telling_albums(60, seed)
    loaded = album_checkpoint.load(model)
    return float(
        examine(log_distributions(loaded.model, photos), photos, made_partition(), ALONE)["accuracy"]
    )


# ------------------------------------------------------------------------------------------------ learning


def test_memory_learns_what_single_photos_cannot_tell(tmp_path: Path) -> None:
    """Half of the telling photos come first: `lstm` remembers them, `lstm-rep` has seen the others, too."""
    recipe = replace(RECIPE, epochs=12)
    found = {name: accuracy(run(tmp_path / name, name, recipe)) for name in ("lstm", "lstm-rep", "blstm")}
    metrics = album_directory.read_metrics(tmp_path / "lstm" / "model")
    single = metrics["baseline"]["single photos"]["accuracy"]
    assert single < 0.5
    assert found["lstm"] > single + 0.25
    assert found["lstm-rep"] > found["lstm"] + 0.05
    assert found["blstm"] > single + 0.25


def test_the_papers_recipe_learns_from_random_weights(tmp_path: Path) -> None:
    recipe = replace(album_recipe.PAPER, epochs=6, hidden=16, batch_albums=4, learning_rate=0.1, patience=0)
    assert accuracy(run(tmp_path, "blstm", recipe, cut=25)) > 0.7
    config = album_directory.read_config(tmp_path / "model")
    assert (config["output"], config["cut"], config["recipe"]["optimiser"]) == ("softmax", 25, "adagrad")


def test_avg_is_saved_without_training(tmp_path: Path) -> None:
    metrics = album_directory.read_metrics(run(tmp_path, "avg"))
    assert metrics["validation"] == metrics["baseline"]["avg"]
    assert (metrics["best_epoch"], metrics["epochs"]) == (0, [])
    assert read_events(tmp_path)[-1]["event"] == "done"


def test_a_step_masks_what_is_not_known_and_takes_the_mean_of_the_rest() -> None:
    """The gradient against that of a plain mean over the known photos, computed album by album."""
    partition = made_partition()
    albums = [album_of("a", [0, -1, 2], partition), album_of("b", [3, 4, -1, 1, 5, 0], partition)]
    table = np.random.default_rng(0).normal(size=(9, 8))
    readable = np.array([True] * 7 + [False, True])
    photos = Photos.of(embedded_albums(albums, table, readable), partition)
    recipe = replace(RECIPE, least_share=1.0)
    [step] = AlbumFeed(photos, recipe, 0, ALONE).batches(1)
    torch.manual_seed(0)
    model = album.build("lstm", 8, len(partition), hidden=4)
    targets, labels = Targets.of(photos, CPU), Labels("one-hot", partition)
    loss, _ = learn(model, step, photos, targets, labels, steps_back=100)
    found = [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]
    model.zero_grad()
    terms = []
    for start, stop in photos.pieces.tolist():
        logits = model(photos.batch(np.array([[start, stop]])))[0]
        known = [row for row in range(start, stop) if photos.scored[row]]
        rows = torch.tensor(known) - start
        classes = torch.from_numpy(photos.classes[known])
        terms.append(torch.nn.functional.cross_entropy(logits[rows], classes, reduction="sum"))
    total = torch.stack(terms).sum()
    (total / 6).backward()
    assert loss == pytest.approx(total.item(), rel=1e-5)
    for one, parameter in zip(found, model.parameters(), strict=True):
        torch.testing.assert_close(one, parameter.grad)


def test_truncated_gradients_go_back_so_many_steps_and_the_loss_is_the_same() -> None:
    photos = telling_albums(4, 0)
    [step] = AlbumFeed(photos, replace(RECIPE, least_share=1.0, batch_albums=4), 0, ALONE).batches(1)
    targets, labels = Targets.of(photos, CPU), Labels("one-hot", made_partition())
    seen = {}
    for steps_back in (1, 100):
        torch.manual_seed(0)
        model = album.build("lstm-rep", 8, 6, hidden=4)
        loss, _ = learn(model, step, photos, targets, labels, steps_back)
        assert isinstance(model, album.OneDirectional)
        seen[steps_back] = loss, model.lstm.weight_hh_l0.grad
    assert seen[1][0] == pytest.approx(seen[100][0], rel=1e-5)
    assert not torch.allclose(seen[1][1], seen[100][1])


def test_the_epoch_with_the_lowest_loss_is_kept_and_patience_ends_the_run(tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=30, patience=2, learning_rate=0.3)
    metrics = album_directory.read_metrics(run(tmp_path, "lstm", recipe))
    losses = [epoch["validation"]["loss"] for epoch in metrics["epochs"]]
    assert metrics["stopped_early"]
    assert len(losses) < 30
    assert metrics["best_epoch"] == 1 + losses.index(min(losses)) == len(losses) - 2
    assert metrics["validation"]["loss"] == pytest.approx(min(losses), rel=1e-6)


def test_without_validation_the_last_epoch_is_kept(tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=2)
    metrics = album_directory.read_metrics(run(tmp_path, "lstm", recipe, data=telling_data(8, 0)))
    assert (metrics["validation"], metrics["baseline"], metrics["best_epoch"]) == (None, None, 2)


# ------------------------------------------------------------------------------------------------ going on


class StopsAfter(Stop):
    """Somebody asks for an end after so many steps."""

    def __init__(self, step: int) -> None:
        self._wanted = step
        super().__init__()

    @property
    def step(self) -> int:
        return self._step

    @step.setter
    def step(self, value: int) -> None:
        self._step = value
        if value >= self._wanted:
            self.asked = True


@pytest.mark.parametrize("variant", ["lstm-rep", "transformer"])
@pytest.mark.parametrize("after", [3, 8])
def test_a_run_that_was_stopped_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, variant: str, after: int
) -> None:
    """After step 8 of 8 an epoch the examination is what was missing."""
    recipe = replace(RECIPE, epochs=3, photo_dropout=0.2)
    whole = run(tmp_path / "whole", variant, recipe)
    with pytest.raises(Stopped):
        run(tmp_path / "cut", variant, recipe, stop=StopsAfter(after))
    resumed = run(tmp_path / "cut", variant, recipe, going_on=True)
    assert version_of(resumed) == version_of(whole)
    assert read_steps(tmp_path / "cut") == read_steps(tmp_path / "whole")
    assert not (tmp_path / "cut" / "checkpoints").exists()


def version_of(model: Path) -> str:
    return album_directory.version_digest(model)


def test_a_checkpoint_goes_on_with_its_own_options_only(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(tmp_path, "lstm", stop=StopsAfter(2))
    with pytest.raises(UserError, match="variant: 'lstm' there, 'blstm' here"):
        run(tmp_path, "blstm", going_on=True)
    with pytest.raises(UserError, match="recipe hidden"):
        run(tmp_path, "lstm", replace(RECIPE, hidden=8), going_on=True)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    data = telling_data(8, 0)
    table = np.array(data.train.embedded.table)
    table[0] = np.inf
    broken = replace(data.train, embedded=replace(data.train.embedded, table=table))
    recipe = replace(RECIPE, standardise=False)
    with pytest.raises(UserError, match="the loss has become"):
        run(tmp_path, "lstm", recipe, data=Data(broken, None, telling_layer(), made_partition(), "0" * 64))


# ------------------------------------------------------------------------------------------------ on disk


@pytest.mark.parametrize("variant", album.VARIANTS)
def test_a_saved_model_answers_as_before(tmp_path: Path, variant: str) -> None:
    torch.manual_seed(0)
    model = album.build(variant, 8, 6, hidden=4, output="image-logits", cut=3, time_gaps=True).eval()
    values = {"image_model": "a" * 64, "recipe": {"name": "modern"}, "trained_on": {}, "temperature": 1.5}
    digest = album_checkpoint.save(tmp_path / "model", model, values, {"validation": None})
    loaded = album_checkpoint.load(tmp_path / "model")
    batch = telling_albums(3, 0).batch(np.array([[0, 2], [2, 5]]))
    with torch.no_grad():
        torch.testing.assert_close(loaded.model(batch), model(batch))
    assert (loaded.digest, loaded.temperature) == (digest, 1.5)
    assert album_directory.is_album_model(tmp_path / "model")
    assert f"Album model {variant}" in (tmp_path / "model" / "MODEL_CARD.md").read_text()


def test_damaged_and_foreign_directories_are_told(tmp_path: Path) -> None:
    model = run(tmp_path, "lstm", replace(RECIPE, epochs=1), data=telling_data(4, 2))
    with pytest.raises(ModelDirectoryError, match="belongs to the image model 000000000000, not to bbb"):
        album_directory.require_image_model(album_directory.read_config(model), "b" * 64)
    with pytest.raises(ModelDirectoryError):
        version_digest(model)  # it is no image model
    weights = (model / WEIGHTS).read_bytes()
    (model / WEIGHTS).write_bytes(weights[:-1] + b"x")
    with pytest.raises(ModelDirectoryError, match="damaged or foreign"):
        album_checkpoint.load(model)
    (model / WEIGHTS).write_bytes(weights)
    config = json.loads((model / CONFIG).read_text())
    for change, word in (
        ({"hidden": 3}, "do not fit"),
        ({"variant": "hmm"}, "no network"),
        ({"format_version": 9}, "format 9"),
        ({"kind": "image"}, "does not describe an album model"),
        ({"sha256": 1}, "sha256"),
    ):
        (model / CONFIG).write_text(json.dumps({**config, **change}))
        with pytest.raises(ModelDirectoryError, match=word):
            album_checkpoint.load(model)
    (model / CONFIG).write_text("{")
    with pytest.raises(ModelDirectoryError, match="damaged"):
        album_checkpoint.load(model)
    with pytest.raises(ModelDirectoryError, match="there is no album model"):
        album_checkpoint.load(tmp_path / "nowhere")
    assert not album_directory.is_album_model(model)


# ------------------------------------------------------------------------------------------------ the command


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an image model, two folders of albums and a cache of their embeddings."""
    folder = tmp_path_factory.mktemp("albums")
    made_model(folder / "image")
    album_folder(folder / "train", albums=5)
    album_folder(folder / "validation", albums=2, seed=1000)
    return folder


def options(folder: Path, out: Path, *more: str) -> list[str]:
    return [
        *("--variant", "lstm", "--image-model", str(folder / "image"), "--train", str(folder / "train")),
        *("--validation", str(folder / "validation"), "--cache", str(folder / "cache"), "--out", str(out)),
        *("--epochs", "2", "--set", "hidden=4", "--set", "batch_albums=2", *more),
    ]


def test_the_command_goes_from_pictures_to_a_model(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_album.main(options(pictures, tmp_path)) == 0
    said = capsys.readouterr().err
    assert "5 albums, 20 photos in 6 cells: 20 train, 8 of 2 albums validate" in said
    assert "single photos: right cell" in said
    events = read_events(tmp_path)
    assert [event["event"] for event in events if event["event"] != "progress"] == [
        *("start", "data", "epoch", "epoch", "done")
    ]
    shares = [event["share"] for event in events]
    assert shares == sorted(shares)
    assert events[-1]["digest"] == album_directory.version_digest(tmp_path / "model")
    config = album_directory.read_config(tmp_path / "model")
    assert config["image_model"] == version_digest(pictures / "image")
    assert config["trained_on"]["sources"] == ["made by a test"]
    assert train_album.main(options(pictures, tmp_path, "--resume")) == 0
    assert "is finished" in capsys.readouterr().err


def test_mistakes_end_with_one_line(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more, word in (
        (["--train", str(tmp_path / "none")], "albums.jsonl is missing"),
        (["--image-model", str(tmp_path / "none")], "there is no model directory"),
        (["--set", "hidden=0"], "hidden must be at least 1"),
        (["--recipe", "none"], "there is no album recipe"),
    ):
        assert train_album.main(options(pictures, tmp_path / "run", *more)) == 2
        said = capsys.readouterr().err
        assert word in said
        assert said.startswith("train_album: ")
        assert said.count("\n") == 1
    with pytest.raises(SystemExit):
        train_album.main(options(pictures, tmp_path / "run", "--variant", "gru"))


def test_albums_in_no_cell_and_photos_on_both_sides_are_told(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = ["--validation", str(pictures / "train")]
    assert train_album.main(options(pictures, tmp_path / "same", *same)) == 0
    assert "careful: 20 photos of the validation albums are training photos" in capsys.readouterr().err
    far = album_folder(tmp_path / "far", albums=1, seed=2000)
    lines = (far / "albums.jsonl").read_text()
    values = json.loads(lines)
    for photo in values["photos"]:
        photo["lat"], photo["lng"] = -80.0, 100.0
    (far / "albums.jsonl").write_text(json.dumps(values))
    assert train_album.main(options(pictures, tmp_path / "run", "--train", str(far))) == 2
    assert "no photo of the training albums can be read and lies in a cell" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------ processes


@pytest.mark.slow
def test_torchrun_with_two_processes_learns_what_one_learns(pictures: Path, tmp_path: Path) -> None:
    more = [part for value in ("dropout=0", "batch_albums=3") for part in ("--set", value)]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = subprocess.run(
        [*torchrun, "-m", "--", "planet_core.train_album", *options(pictures, tmp_path / "two", *more)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert train_album.main(options(pictures, tmp_path / "one", *more)) == 0
    losses = [[step["loss"] for step in read_steps(tmp_path / name)] for name in ("one", "two")]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    one, two = (album_directory.read_metrics(tmp_path / name / "model") for name in ("one", "two"))
    assert (one["processes"], two["processes"]) == (1, 2)
    assert two["validation"]["loss"] == pytest.approx(one["validation"]["loss"], rel=1e-4)


@pytest.mark.slow
def test_a_signal_ends_the_command_with_a_checkpoint_to_go_on_from(pictures: Path, tmp_path: Path) -> None:
    arguments = options(pictures, tmp_path, "--epochs", "5000", "--set", "patience=0")
    child = subprocess.Popen(
        [sys.executable, "-m", "planet_core.train_album", *arguments],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith("epoch"):
            break
    child.send_signal(signal.SIGTERM)
    said = child.communicate()[1]
    assert child.returncode == 130, said
    assert "train_album: stopped after step" in said
    last = read_events(tmp_path)[-1]
    assert (last["event"], last["checkpoint"]) == ("stopped", True)
    assert list((tmp_path / "checkpoints").glob("step-*"))
