from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from planet_core import answer, calibration, checkpoint, predict, s2, views
from planet_core.images import fit_square
from planet_core.model_directory import ModelDirectoryError
from planet_core.predict import Predictor
from tests.planet_core.made import gradient_panorama, noise_picture
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


def test_a_damaged_picture_that_pillow_opens_is_named(predictor: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "half.png"
    noise_picture(1, (300, 200)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with Image.open(path) as half, pytest.raises(ValueError, match="picture 1 is truncated or damaged"):
        predictor.predict([noise_picture(1), half])


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


# ------------------------------------------------------------------------------------------------
# Crops, headings, temperature, embeddings


def test_five_crops_are_the_mean_of_their_distributions(predictor: Predictor) -> None:
    picture = noise_picture(1, (200, 150))
    five = torch.from_numpy(np.stack([np.asarray(crop) for crop in views.crops(picture, 5, 128)]))
    expected = predictor.probabilities_of(five).mean(axis=0)
    [prediction] = predictor.predict([picture], crops=5)
    np.testing.assert_allclose(prediction.probabilities, expected, rtol=1e-4)
    assert prediction.condition == "five-crop"
    assert not np.allclose(prediction.probabilities, predictor.distributions([picture])[0], rtol=1e-4)
    assert predictor.predict([picture])[0].condition == "view"
    with pytest.raises(ValueError, match="1 or 5 crops of a picture, not 3"):
        predictor.distributions([], crops=3)


def test_fused_pictures_do_not_mix(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [noise_picture(seed, (60, 40)) for seed in range(3)]
    together = predictor.distributions(pictures, crops=5)
    monkeypatch.setattr(predict, "BATCH", 4)  # less than the views of one picture
    alone = np.concatenate([predictor.distributions([picture], crops=5) for picture in pictures])
    np.testing.assert_allclose(alone, together, atol=1e-6)


@pytest.mark.parametrize("fusion", ["geometric", "arithmetic"])
def test_a_panorama_is_seen_at_several_headings(predictor: Predictor, fusion: str) -> None:
    panorama = gradient_panorama()
    prediction = predictor.predict_panorama(panorama, 3, k=2, fusion=fusion)
    single = predictor.distributions(views.panorama_views(panorama, 3, 128))
    np.testing.assert_allclose(prediction.probabilities, views.fuse(single, 3, fusion)[0], rtol=1e-4)
    assert prediction.condition == views.panorama_condition(3, fusion)
    assert len(prediction.top_cells) == 2
    best = prediction.top_cells[0]
    assert (prediction.lat, prediction.lng) == (best.lat, best.lng)


def test_panoramas_that_are_none_are_refused(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match=r"picture 0: .*twice as wide as high, not 64 x 48"):
        predictor.predict_panorama(noise_picture(1))
    with pytest.raises(ValueError, match="at least one heading, not 0"):
        predictor.predict_panorama(gradient_panorama(), 0)
    with pytest.raises(ValueError, match="unknown fusion 'best'"):
        predictor.predict_panorama(gradient_panorama(), fusion="best")


def test_probabilities_are_at_the_models_temperature(tmp_path: Path, predictor: Predictor) -> None:
    made_model(tmp_path / "hot", temperature=0.5)
    hot = Predictor.load(tmp_path / "hot")
    pictures = [noise_picture(1), noise_picture(2)]
    raw = predictor.distributions(pictures)
    assert (predictor.temperature, hot.temperature) == (1.0, 0.5)
    np.testing.assert_allclose(hot.distributions(pictures, calibrated=False), raw, atol=1e-6)
    np.testing.assert_allclose(hot.distributions(pictures), calibration.apply(raw, 0.5), rtol=1e-4)
    [prediction] = hot.predict(pictures[:1], calibrated=False)
    np.testing.assert_allclose(prediction.probabilities, raw[0], atol=1e-6)
    assert hot.predict(pictures[:1])[0].probabilities.max() > raw[0].max()


def test_embeddings_lie_below_the_logits(predictor: Predictor, model: Path) -> None:
    pictures = [noise_picture(seed) for seed in range(3)]
    embeddings = predictor.embeddings(pictures)
    assert embeddings.shape == (3, predictor.config["embedding"])
    assert embeddings.dtype == np.float32
    layer = checkpoint.load(model).network.classifier
    with torch.inference_mode():
        expected = torch.softmax(layer(torch.from_numpy(embeddings)), dim=1)
    np.testing.assert_allclose(predictor.distributions(pictures), expected, atol=1e-6)
    assert predictor.embeddings([]).shape == (0, predictor.config["embedding"])


def test_pixels_can_be_had_changed_and_judged(predictor: Predictor) -> None:
    pictures = [noise_picture(seed) for seed in range(2)]
    pixels = predictor.tensor(pictures)
    assert (pixels.dtype, tuple(pixels.shape)) == (torch.uint8, (2, 128, 128, 3))
    assert np.array_equal(pixels[0], fit_square(pictures[0], 128))
    np.testing.assert_allclose(
        predictor.probabilities_of(pixels), predictor.distributions(pictures), atol=1e-7
    )
    changed = pixels.clone()
    changed[0, 20:100, 20:100] = 128
    moved = np.abs(predictor.probabilities_of(changed) - predictor.probabilities_of(pixels)).max(axis=1)
    assert moved[0] > 1e-4 > moved[1]
    assert predictor.tensor([]).shape == (0, 128, 128, 3)


@pytest.mark.parametrize("shape", [(1, 64, 64, 3), (1, 3, 128, 128), (128, 128, 3)])
def test_other_pixels_are_refused(predictor: Predictor, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"takes uint8 pixels \(n, 128, 128, 3\), not uint8 \("):
        predictor.probabilities_of(torch.zeros(shape, dtype=torch.uint8))
    with pytest.raises(ValueError, match=r"not float32 \(1, 128, 128, 3\)"):
        predictor.embeddings_of(torch.zeros((1, 128, 128, 3)))


def test_the_fast_path_gives_nearly_the_same(model: Path, predictor: Predictor) -> None:
    fast = Predictor.load(model, fast=True)
    pictures = [noise_picture(seed) for seed in range(3)]
    np.testing.assert_allclose(fast.distributions(pictures), predictor.distributions(pictures), rtol=0.1)
    assert fast.embeddings(pictures).dtype == np.float32
    assert predictor.precision == torch.float32


def test_devices_that_are_not_there_are_refused(model: Path) -> None:
    with pytest.raises(ValueError, match="there is no device 'abacus' here; there are cpu"):
        Predictor.load(model, "abacus")
