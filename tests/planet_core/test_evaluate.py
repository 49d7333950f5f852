from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from planet_core import evaluate, evaluate_predict, evaluate_views, recipe
from planet_core.geo import haversine_km
from planet_core.inception import build
from planet_core.model_directory import TrainingIndex, sha256_of
from planet_core.predict import Predictor
from planet_core.predictions import Predictions
from tests.planet_core.made import coloured_towns, noise_picture
from tests.planet_core.made_model import made_model, made_partition
from tests.planet_core.made_predictions import made_predictions

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "random"
    made_model(directory)
    return directory


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """36 photos with a category; one in a dropped cell, one unreadable, one row without a place."""
    folder = tmp_path_factory.mktemp("towns")
    path = coloured_towns(folder)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    for number, row in enumerate(rows):
        row["scene"] = "city" if number % 2 else "nature"
    rows[5]["lat"], rows[5]["lng"] = "-80", "10"
    (folder / rows[7]["path"]).write_bytes(b"no picture")
    rows[7]["digest"] = ""
    rows.append({**rows[0], "digest": "", "lat": "north"})
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = evaluate.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_report_with_all_its_files(
    model: Path, towns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, text, _ = run(capsys, model, towns, "--train", towns, "--limit", 20, "--crops", 5, "--out", out)
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "fig4.csv",
        "fig4.png",
        "predictions.npz",
        "reliability.png",
        "report.json",
        "report.md",
    ]
    for heading in ("top-cell, cell centre", "five crops", "oracle", "trivial: nearest colours", "nature"):
        assert heading in text
    assert "1 unreadable" in text
    assert "is not a picture" in text
    assert json.loads((out / "report.json").read_text())["unseen"]["in_dropped_cells"] > 0
    for name in ("fig4.png", "reliability.png"):
        with Image.open(out / name) as picture:
            assert picture.width > 500
    rows = list(csv.reader((out / "fig4.csv").read_text().splitlines()))
    assert rows[0] == ["km", "top_1", "top_2", "top_3", "top_4", "top_5"]
    assert float(rows[-1][1]) == pytest.approx(1)
    report = json.loads((out / "report.json").read_text())
    assert report["views"] == 19
    assert report["seen"]["views"] == 2  # at the place that the made model trained on
    assert str(tmp_path) not in (out / "report.md").read_text()


def test_stored_predictions_give_the_same_numbers(
    model: Path, towns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.npz"
    code, text, _ = run(capsys, model, towns, "--json", "--save-predictions", kept)
    assert code == 0
    report = json.loads(text)
    assert report["facts"]["rows_unusable"] == 1
    assert "name them with --train SOURCE" in report["facts"]["players"]
    assert "trivial: nearest colours" not in report["unseen"]["ways"]
    code, text, _ = run(capsys, "--stored", kept, "--json", "--out", tmp_path / "out")
    assert code == 0
    again = json.loads(text)
    assert again["unseen"]["ways"] == report["unseen"]["ways"]
    assert not (tmp_path / "out" / "predictions.npz").exists()


def test_answers_are_the_predictors_and_the_oracle_is_the_best_centre(model: Path, towns: Path) -> None:
    predictor = Predictor.load(model)
    listed = evaluate_predict.read_source(str(towns), None, lambda _: None)
    answerer = evaluate_predict.Answerer(predictor)
    index = TrainingIndex.load(model)
    predictions = evaluate_predict.predict_all(answerer, listed, {}, index, lambda _: None)
    assert len(predictions) == 35
    dropped = np.flatnonzero(predictions.cells < 0)
    assert predictions.lat[dropped].min() == -80
    partition = made_partition()
    inside = predictions.cells >= 0
    oracle = predictions.ways.index(evaluate_predict.ORACLE)
    assert predictions.answers_lat[inside, oracle].tolist() == (
        partition.centers()[0][predictions.cells[inside]].tolist()
    )
    for row in dropped:
        away = haversine_km(predictions.lat[row], predictions.lng[row], *partition.centers())
        assert predictions.answers_lat[row, oracle] == partition.centers()[0][away.argmin()]
    for row in (0, 20):
        photo = next(p for p in listed.photos if str(p.path).endswith(predictions.names[row].split("/")[1]))
        with Image.open(photo.path) as picture:
            for way, rule in ((0, "top-cell"), (1, "max-score"), (2, "min-distance")):
                [expected] = predictor.predict([picture.convert("RGB")], rule=rule, calibrated=False)
                assert predictions.answers_lat[row, way] == expected.lat
                assert predictions.answers_lng[row, way] == expected.lng
    assert predictions.clusters[0] == predictions.clusters[1]  # photos of one walk
    assert predictions.clusters[0] != predictions.clusters[2]


def test_what_the_model_trained_on_is_flagged_and_fits_the_players(
    towns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    from planet_core import checkpoint

    photos = evaluate_predict.read_source(str(towns), None, lambda _: None).photos
    index = TrainingIndex(
        tuple(p.digest for p in photos[:10]), ("walk-1-0",), (), (), 13, np.array([], dtype=np.uint64)
    )
    torch.manual_seed(0)
    partition = made_partition()
    values = recipe.load("tiny").as_dict()
    directory = tmp_path / "model"
    checkpoint.save(directory, build("tiny", len(partition)), "tiny", partition, values, {}, index)
    code, text, _ = run(capsys, directory, towns, "--train", towns, "--json")
    assert code == 0
    report = json.loads(text)
    assert report["exposure"]["trained on"] == 9  # one of the ten is unreadable
    assert report["exposure"]["of a group that it trained on"] == 2
    assert report["seen"]["views"] == 11
    assert report["unseen"]["views"] == 24
    assert "9 views of the photos that the model trained on" in report["facts"]["players"]


def test_players_are_fitted_by_group_where_a_packed_model_knows_no_more(towns: Path) -> None:
    index = TrainingIndex((), ("walk-1-0",), (), (), 13, np.array([], dtype=np.uint64))
    photos = evaluate_predict.read_source(str(towns), None, lambda _: None).photos
    of_it = [photo for photo in photos if photo.group == "walk-1-0"]
    fitted, said = evaluate_predict.training_photos(str(towns), index, [], 64, lambda _: None)
    assert 0 < len(of_it) < len(photos)
    assert fitted.lat.tolist() == [photo.lat for photo in of_it]
    assert said.endswith("of the photos of groups that the model trained on.")


def test_a_panorama_is_four_views_of_one_group(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise_picture(1, (256, 128)).save(tmp_path / "p.png")
    (tmp_path / "p.csv").write_text("path,lat,lng,projection\np.png,48.85,2.35,equirectangular\n")
    code, text, _ = run(capsys, model, tmp_path / "p.csv", "--json")
    part = json.loads(text)["seen"]  # at a place that the made model trained on
    assert (code, part["views"], part["clusters"]) == (0, 4, 1)


@pytest.fixture(scope="module")
def panoramas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model at temperature 1.7; three panoramas, a fourth as three faces, and six faces that are none."""
    folder = tmp_path_factory.mktemp("panoramas")
    made_model(folder / "model", temperature=1.7)
    rows = ["path,lat,lng,projection,group,heading"]
    for number in range(3):
        noise_picture(number, (256, 128)).save(folder / f"p{number}.png")
        rows.append(f"p{number}.png,{10 + number},20,equirectangular,,")
    for number in range(9):
        noise_picture(9 + number, (64, 64)).save(folder / f"f{number}.png")
    rows += [f"f{number}.png,40,-74,,walk-a,{120 * number}" for number in range(3)]
    rows += [f"f{number}.png,41,-74,,walk-a,{120 * number}" for number in (3, 4)]  # one is missing
    rows += [f"f{number}.png,42,-74,,walk-b,90" for number in (5, 6, 7)]  # all in one direction
    rows += ["f8.png,43,-74,,,"]
    (folder / "list.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_whole_panoramas_are_a_condition_of_their_own(
    panoramas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.npz"
    model, photos = panoramas / "model", panoramas / "list.csv"
    code, text, _ = run(capsys, model, photos, "--panorama", 3, "--save-predictions", kept)
    assert code == 0
    assert "4 panoramas of 12 views in 4 groups" in text
    assert "max-score, calibrated: the fused headings against each alone" in text
    code, text, _ = run(capsys, "--stored", kept, "--json")
    part = json.loads(text)["unseen"]
    assert not any("panorama" in way for way in part["ways"])
    assert part["panoramas"]["panoramas"] == 4
    # an answer to a whole panorama counts once: Wilson's interval of 4, not of 12
    shares = part["panoramas"]["ways"]["top-cell, cell centre, panorama-3"]["within_km"].values()
    assert all(share["high"] - share["low"] > 0.48 for share in shares)

    predictions = Predictions.load(kept)
    single = np.flatnonzero(predictions.panoramas < 0)
    assert len(single) == 6
    pair = [predictions.ways.index(way) for way in ("max-score", "max-score, panorama-3")]
    assert np.array_equal(*(predictions.answers_lat[single, column] for column in pair))


@pytest.mark.parametrize("calibrated", [False, True])
def test_whole_panoramas_are_answered_as_the_predictor_does(panoramas: Path, calibrated: bool) -> None:
    predictor = Predictor.load(panoramas / "model")
    listed = evaluate_predict.read_source(str(panoramas / "list.csv"), None, lambda _: None)
    answerer = evaluate_predict.Answerer(predictor, panorama=3)
    index = TrainingIndex.load(panoramas / "model")
    predictions = evaluate_predict.predict_all(answerer, listed, {}, index, lambda _: None)
    way = "min-distance, calibrated, panorama-3" if calibrated else "min-distance, panorama-3"
    column = predictions.ways.index(way)
    for name in ("p0.png", "p2.png"):
        rows = np.flatnonzero([str(given).endswith(name) for given in predictions.names])
        assert len(rows) == 3
        with Image.open(panoramas / name) as picture:
            expected = predictor.predict_panorama(
                picture.convert("RGB"), 3, rule="min-distance", calibrated=calibrated
            )
        assert set(predictions.answers_lat[rows, column]) == {expected.lat}
        assert set(predictions.answers_lng[rows, column]) == {expected.lng}


def test_no_panorama_among_flat_photos_is_said(panoramas: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (panoramas / "flat.csv").write_text("path,lat,lng\nf8.png,43,-74\n")
    code, text, error = run(capsys, panoramas / "model", panoramas / "flat.csv", "--panorama", 4)
    assert (code, text) == (2, "")
    assert "--panorama 4 found no panorama" in error


def test_views_of_a_panorama_stay_in_one_batch() -> None:
    panoramas = np.array([0, -1, 2, 2, 2, -1])
    blank = np.zeros((1, 1, 3), dtype=np.uint8)
    found = evaluate_views.batches(
        [evaluate_views.View(n, blank, blank) for n in (0, 0, 0, 1, 2, 3, 4, 5)], panoramas, 2
    )
    assert [[view.photo for view in batch] for batch in found] == [[0, 0, 0], [1, 2, 3, 4], [5]]
    whole = np.array([0, 0, 2, 2, 2, -1, -1, -1])
    assert evaluate_views.complete(whole, 3).tolist() == [-1, -1, 2, 2, 2, -1, -1, -1]


def test_one_photo_is_enough(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise_picture(2).save(tmp_path / "a.png")
    (tmp_path / "a.csv").write_text("path,lat,lng\na.png,51.5,-0.12\n")
    code, text, _ = run(capsys, model, tmp_path / "a.csv", "--distance", "geodesic", "--out", tmp_path / "o")
    assert code == 0
    assert "1 view in 1 group" in text
    assert "Distances: geodesic" in text


def test_what_cannot_be_evaluated_is_named(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("path,lat,lng\n")
    bad = tmp_path / "bad.csv"
    bad.write_text("path,lat,lng\nbad.jpg,1,2\n")
    (tmp_path / "bad.jpg").write_text("no picture")
    made_predictions().at(np.array([], dtype=np.int64)).save(tmp_path / "none.npz")
    for arguments, message in (
        ((model, empty), "is empty: there is no usable photo"),
        ((model, bad), "none of the 1 photos can be read"),
        ((model, tmp_path / "no-such"), "it does not exist"),
        ((tmp_path / "no-model", empty), "there is no model directory"),
        (("--stored", empty), "is not a file of predictions"),
        (("--stored", tmp_path / "none.npz"), "holds no predictions"),
        ((model, bad, "--train", empty), "is empty"),
    ):
        code, text, error = run(capsys, *arguments)
        assert (code, text) == (2, "")
        assert error.startswith("evaluate: ")
        assert message in error


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["model"],
        ["model", "source", "--stored", "p.npz"],
        ["--stored", "p.npz", "--crops", "5"],
        ["model", "source", "--limit", "0"],
        ["model", "source", "--panorama", "1"],
        ["--stored", "p.npz", "--panorama", "4"],
        ["model", "source", "--scale", "-1"],
    ],
)
def test_a_command_line_without_sense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        evaluate.parse_arguments(arguments)


def test_the_quoted_command_has_no_long_paths() -> None:
    given = ["/a/b/model", "csv:/x/y/z.csv", "--out", "/tmp/o", "--json"]
    assert evaluate._command(given) == "python -m planet_core.evaluate b/model y/z.csv --json"


def test_ctrl_c_leaves_nothing_half_done(
    model: Path,
    towns: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch = evaluate_predict.Answerer.batch

    def interrupted(*arguments: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return batch(*arguments)

    monkeypatch.setattr(evaluate_predict.Answerer, "batch", interrupted)
    before = signal.getsignal(signal.SIGINT)
    code, text, error = run(capsys, model, towns, "--out", tmp_path / "out")
    assert (code, text) == (130, "")
    assert "evaluate: stopped" in error
    assert not (tmp_path / "out").exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_where_nothing_can_be_written_is_said_before_the_work(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for option, path in (("--out", file), ("--save-predictions", file / "p.npz"), ("--out", file / "deeper")):
        code, text, error = run(capsys, model, tmp_path / "no-such.csv", option, path)
        assert (code, text) == (2, "")
        assert f"{file} is not a folder" in error  # and not that there is no such source
    assert file.read_text() == ""


def test_predictions_are_kept_when_it_is_stopped_after_them(
    model: Path,
    towns: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    monkeypatch.setattr(evaluate.evaluation, "evaluate", interrupted)
    code, _, _ = run(capsys, model, towns, "--limit", 3, "--out", tmp_path / "out")
    assert code == 130
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["predictions.npz"]
    assert len(Predictions.load(tmp_path / "out" / "predictions.npz")) == 3


def test_a_true_cell_rounded_to_nothing_does_not_decide_the_temperature(
    model: Path, towns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Float32 has no e^-200: without a floor the loss is infinite at every temperature alike."""
    predictor = Predictor.load(model)
    listed = evaluate_predict.read_source(str(towns), None, lambda _: None)
    plain = Predictor.distributions

    def sure(self: Predictor, images: Any, crops: int = 1, calibrated: bool = True) -> Any:
        rows = plain(self, images, crops, calibrated)
        rows[:] = 0
        rows[:, 0] = 1
        return rows

    monkeypatch.setattr(Predictor, "distributions", sure)
    answerer, index = evaluate_predict.Answerer(predictor), TrainingIndex.load(model)
    found = evaluate_predict.predict_all(answerer, listed, {}, index, lambda _: None)
    assert np.isfinite(found.log_true[found.cells >= 0]).all()
    assert np.isfinite(found.log_sums).all()
    # so sure, and wrong of all cells but one: the flattest that there is
    assert max(found.facts["cross_fitted_temperatures"]) == pytest.approx(10)


def test_photos_of_one_place_are_one_cluster(model: Path, tmp_path: Path) -> None:
    rows = ["path,lat,lng,group"]
    for number, (lat, group) in enumerate([(1, ""), (1, ""), (2, ""), (1, "walk"), (3, "walk")]):
        noise_picture(number).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{lat},0,{group}")
    (tmp_path / "list.csv").write_text("\n".join(rows) + "\n")
    listed = evaluate_predict.read_source(str(tmp_path / "list.csv"), None, lambda _: None)
    answerer, index = evaluate_predict.Answerer(Predictor.load(model)), TrainingIndex.load(model)
    found = evaluate_predict.predict_all(answerer, listed, {}, index, lambda _: None).clusters
    assert found[0] == found[1]
    assert found[3] == found[4]
    assert len(np.unique(found)) == 3


def test_digests_are_of_the_files(towns: Path) -> None:
    photos = evaluate_predict.read_source(str(towns), 3, lambda _: None).photos
    assert len(photos) == 3
    assert photos[0].digest == sha256_of(photos[0].path)


def test_the_numbers_need_no_torch() -> None:
    modules = (
        "evaluation evaluation_report predictions trivial intervals retrieval_cost paper_numbers figures"
    )
    imports = "; ".join(f"import planet_core.{module}" for module in modules.split())
    code = f"import sys; {imports}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert Predictions.__module__ == "planet_core.predictions"
