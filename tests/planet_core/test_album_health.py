from __future__ import annotations

import json
from pathlib import Path

import pytest

from planet_core import album_health, health
from planet_core.album_predict import AlbumPredictor
from planet_core.health import HealthError
from planet_core.model_directory import WEIGHTS
from tests.planet_core.made_album_model import made_album_model
from tests.planet_core.made_model import made_model
from tests.planet_core.test_health import with_weights


@pytest.fixture(scope="module")
def image_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image") / "model"
    made_model(folder)
    return folder


@pytest.mark.parametrize("variant", ["lstm-off2", "avg"])
def test_an_album_model_that_answers_is_healthy(
    tmp_path: Path, image_model: Path, capsys: pytest.CaptureFixture[str], variant: str
) -> None:
    digest = made_album_model(tmp_path / "album", image_model, variant)
    words = [str(tmp_path / "album"), "--image-model", str(image_model), "--most-seconds", "60", "--json"]
    assert health.main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["digest"] == digest
    assert found["probes"] == sum(len(album) for album in album_health.albums())
    assert 0 < found["answer_ms"] <= found["slowest_ms"]
    assert found["load_s"] > 0


def test_an_album_model_needs_its_own_image_model(
    tmp_path: Path, image_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_album_model(tmp_path / "album", image_model)
    assert health.main([str(tmp_path / "album")]) == 2
    assert "name its image model with --image-model" in capsys.readouterr().err
    made_model(tmp_path / "other", seed=1)
    assert health.main([str(tmp_path / "album"), "--image-model", str(tmp_path / "other")]) == 2
    assert "belongs to the image model" in capsys.readouterr().err


def test_weights_that_are_no_numbers_are_found(tmp_path: Path, image_model: Path) -> None:
    made_album_model(tmp_path / "album", image_model)
    with_weights(tmp_path / "album", "output.layer.bias", float("nan"))
    predictor = AlbumPredictor(tmp_path / "album", image_model)
    with pytest.raises(HealthError, match="probability of cell 0 is nan"):
        album_health.examine(predictor, 60, count=1)


def test_an_album_model_that_is_too_slow_is_refused(tmp_path: Path, image_model: Path) -> None:
    made_album_model(tmp_path / "album", image_model)
    with pytest.raises(HealthError, match="s for a photo, and a round waits 1e-09 s"):
        album_health.examine(AlbumPredictor(tmp_path / "album", image_model), 1e-9, count=1)


def test_a_damaged_album_model_is_named(
    tmp_path: Path, image_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_album_model(tmp_path / "album", image_model)
    (tmp_path / "album" / WEIGHTS).write_bytes(b"damaged")
    assert health.main([str(tmp_path / "album"), "--image-model", str(image_model)]) == 2
    assert "is damaged or foreign" in capsys.readouterr().err
