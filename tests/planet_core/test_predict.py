from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from planet_core import answer, predict, predict_cli, s2
from planet_core.model_directory import ModelDirectoryError
from planet_core.predict import Predictor
from tests.planet_core.made import noise_picture
from tests.planet_core.made_model import made_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "random"
    made_model(directory)
    return directory


@pytest.fixture(scope="module")
def predictor(model: Path) -> Predictor:
    return Predictor.load(model)


def test_a_prediction_is_a_distribution_and_a_point(predictor: Predictor) -> None:
    [prediction] = predictor.predict([noise_picture(1)])
    cells = len(predictor.partition)
    assert prediction.probabilities.shape == (cells,)
    assert prediction.probabilities.dtype == np.float32
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert prediction.rule == "top-cell"
    assert len(prediction.top_cells) == 5
    best = prediction.top_cells[0]
    assert (prediction.lat, prediction.lng) == (best.lat, best.lng)
    assert type(prediction.lat) is float


def test_top_cells_are_ranked_and_named(predictor: Predictor) -> None:
    [prediction] = predictor.predict([noise_picture(2)], k=100)
    assert len(prediction.top_cells) == len(predictor.partition)
    assert [c.probability for c in prediction.top_cells] == sorted(
        prediction.probabilities.tolist(), reverse=True
    )
    for cell in prediction.top_cells:
        ids = s2.from_tokens([cell.token])
        assert ids[0] == predictor.partition.cell_ids[cell.index]
        assert (cell.lat, cell.lng) == tuple(float(value[0]) for value in s2.centers(ids))
        assert cell.probability == prediction.probabilities[cell.index]


@pytest.mark.parametrize("rule", ["max-score", "min-distance"])
def test_the_other_rules_choose_among_centroids(predictor: Predictor, rule: str) -> None:
    [prediction] = predictor.predict([noise_picture(3)], rule=rule, scale_km=3000)
    centroids = predictor.partition.centroids()
    expected = answer.best_point(prediction.probabilities, *centroids, rule, 3000)
    assert (prediction.lat, prediction.lng) == expected
    assert prediction.rule == rule


def test_arrays_and_pictures_give_the_same_answer(predictor: Predictor) -> None:
    picture = noise_picture(4, (200, 150))
    one, other = predictor.predict([picture, np.asarray(picture)])
    assert np.array_equal(one.probabilities, other.probabilities)


def test_batches_do_not_show(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures: list[Image.Image | np.ndarray] = [noise_picture(seed, (40 + seed, 60)) for seed in range(5)]
    whole = predictor.distributions(pictures)
    monkeypatch.setattr(predict, "BATCH", 2)
    np.testing.assert_allclose(predictor.distributions(pictures), whole, atol=1e-6)
    assert whole.std(axis=0).max() > 1e-6  # different pictures, different answers


def test_no_pictures_give_no_predictions(predictor: Predictor) -> None:
    assert predictor.predict([]) == []
    assert predictor.distributions([]).shape == (0, len(predictor.partition))


@pytest.mark.parametrize(
    ("pictures", "error", "message"),
    [
        ([noise_picture(1), np.zeros((8, 8, 3))], TypeError, "picture 1: .*uint8"),
        ([np.zeros((8, 8), np.uint8)], ValueError, r"picture 0: .*\(height, width, 3\)"),
        ([np.zeros((0, 8, 3), np.uint8)], ValueError, "picture 0: .*empty"),
        (["a.jpg"], TypeError, "picture 0: .*str"),
        (noise_picture(1), TypeError, "a list or tuple"),
        (np.zeros((8, 8, 3), np.uint8), TypeError, "a list or tuple"),
        ("a.jpg", TypeError, "a list or tuple"),
    ],
)
def test_bad_input_is_refused_clearly(
    predictor: Predictor, pictures: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        predictor.predict(pictures)  # type: ignore[arg-type]


def test_bad_options_are_refused(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match="k must be"):
        predictor.predict([noise_picture(1)], k=0)
    with pytest.raises(ValueError, match="the rules are"):
        predictor.predict([], rule="best")
    with pytest.raises(ValueError, match="scale_km"):
        predictor.predict([noise_picture(1)], rule="max-score", scale_km=-1)


def test_the_predictor_knows_its_model(predictor: Predictor, model: Path) -> None:
    assert predictor.config["network"] == "tiny"
    assert len(predictor.digest) == 64
    with pytest.raises(ModelDirectoryError, match="there is no model"):
        Predictor.load(model / "none")


def test_the_command_prints_a_table(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise_picture(1).save(tmp_path / "a.png")
    assert predict_cli.main([str(model), str(tmp_path / "a.png"), "-k", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("(top-cell)")
    assert len(lines) == 3
    assert all("%" in line and "cell " in line for line in lines[1:])


def test_the_command_names_what_it_cannot_read(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.png").write_text("no picture")
    assert predict_cli.main([str(model), str(tmp_path / "a.png")]) == 2
    assert predict_cli.main([str(tmp_path / "none"), str(tmp_path / "a.png")]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert "is not a picture" in errors[0]
    assert "there is no model directory" in errors[1]
