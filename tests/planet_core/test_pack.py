from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from planet_core import checkpoint, inception, model_directory, pack, recipe
from planet_core.model_card import CARD, card
from planet_core.model_directory import TrainingIndex
from planet_core.predict import Predictor
from planet_core.stopping import UserError
from tests.planet_core.made import noise_picture
from tests.planet_core.made_model import INDEX, METRICS, made_model, made_partition

pytestmark = pytest.mark.slow

RULES = {
    "min-distance": {
        "accuracy_at_km": {"1": 0.0, "25": 0.1, "200": 0.2, "750": 0.3, "2500": 0.5},
        "median_km": 1234.0,
    }
}


def test_a_packed_model_is_half_as_large_and_answers_alike(tmp_path: Path) -> None:
    digest = made_model(tmp_path / "model", temperature=1.5)
    packed = pack.pack(tmp_path / "model", tmp_path / "packed", half=True, groups_alone=True)
    before, after = ((tmp_path / name / "model.safetensors").stat().st_size for name in ("model", "packed"))
    assert after < 0.52 * before
    assert packed.bytes == sum(path.stat().st_size for path in (tmp_path / "packed").iterdir())
    model_directory.verify(tmp_path / "packed")
    config = model_directory.read_config(tmp_path / "packed")
    assert (config["packed_from"], config["temperature"], config["weights"]) == (digest, 1.5, "float16")
    assert packed.digest == model_directory.version_digest(tmp_path / "packed") != digest
    predictors = [Predictor.load(tmp_path / name) for name in ("model", "packed")]
    assert {parameter.dtype for parameter in predictors[1].model.network.parameters()} == {torch.float32}
    rows = [predictor.distributions([noise_picture(1), noise_picture(2)]) for predictor in predictors]
    np.testing.assert_allclose(rows[0], rows[1], atol=2e-3)
    assert 0 < packed.difference < 1e-2


def test_packing_without_options_changes_no_answer(tmp_path: Path) -> None:
    made_model(tmp_path / "model")
    packed = pack.pack(tmp_path / "model", tmp_path / "packed")
    assert (packed.difference, packed.same_top) == (0.0, 1.0)
    assert TrainingIndex.load(tmp_path / "packed").training_digests == INDEX.training_digests


def test_groups_stand_for_digests(tmp_path: Path) -> None:
    made_model(tmp_path / "model")
    pack.pack(tmp_path / "model", tmp_path / "packed", groups_alone=True)
    index = TrainingIndex.load(tmp_path / "packed")
    assert (index.training_digests, index.validation_digests) == ((), ())
    assert index.trained_on("d1", "walk")
    assert not index.trained_on("d1", "ride")
    assert index.trained_at(48.85, 2.35).all()


def test_digests_are_needed_where_there_are_no_groups(tmp_path: Path) -> None:
    partition = made_partition()
    network = inception.build("tiny", len(partition))
    index = replace(INDEX, training_groups=())
    values = recipe.load("tiny").as_dict()
    checkpoint.save(tmp_path / "model", network, "tiny", partition, values, METRICS, index)
    with pytest.raises(UserError, match="no --groups-alone"):
        pack.pack(tmp_path / "model", tmp_path / "packed", groups_alone=True)
    assert not (tmp_path / "packed").exists()


def test_weights_beyond_half_precision_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_model(tmp_path / "model")
    weights = load_file(tmp_path / "model" / "model.safetensors")
    weights["classifier.weight"][0, 0] = 1e6
    save_file(weights, tmp_path / "model" / "model.safetensors")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    config["sha256"]["model.safetensors"] = model_directory.sha256_of(
        tmp_path / "model" / "model.safetensors"
    )
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    assert pack.main([str(tmp_path / "model"), "--out", str(tmp_path / "packed"), "--half"]) == 2
    assert "pack: the weights classifier.weight are too large" in capsys.readouterr().err
    assert not (tmp_path / "packed").exists()


def test_the_command_line_says_what_it_did_or_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_model(tmp_path / "model")
    (tmp_path / "intro.md").write_text("A drawn world.\n")
    out = ["--out", str(tmp_path / "packed")]
    assert pack.main([str(tmp_path / "model"), *out, "--half", "--intro", str(tmp_path / "intro.md")]) == 0
    assert "the top cell is the same for" in capsys.readouterr().out
    assert "\nA drawn world.\n" in (tmp_path / "packed" / CARD).read_text()
    assert pack.main([str(tmp_path / "model"), "--out", str(tmp_path / "model")]) == 2
    assert "is the model itself" in capsys.readouterr().err
    assert pack.main([str(tmp_path / "none"), *out]) == 2
    assert "there is no model directory" in capsys.readouterr().err
    assert pack.main([str(tmp_path / "model"), *out, "--report", str(tmp_path / "none.json")]) == 2
    assert "none.json: No such file" in capsys.readouterr().err


def test_a_card_has_the_numbers_of_the_report_or_of_training(tmp_path: Path) -> None:
    made_model(tmp_path / "model")
    config = model_directory.read_config(tmp_path / "model")
    assert "nothing was measured" in card(config, {}, "0" * 64)
    trained = card(config, {"validation_by_rule": RULES, "photos_training": 12345}, "0" * 64)
    assert "| min-distance | 0.0% | 10.0% | 20.0% | 30.0% | 50.0% | 1,234 |" in trained
    assert "12,345 pictures" in trained
    way = {
        "within_km": {
            name: {"value": share} for name, share in RULES["min-distance"]["accuracy_at_km"].items()
        },
        "median_km": {"value": 987.6},
        "mean_points": {"value": 2345.6},
    }
    report = {"unseen": {"views": 2000, "ways": {"min-distance": way}}, "seen": None}
    text = card(config, {}, "0" * 64, report)
    assert "2,000 views that the model did not train on" in text
    assert "| min-distance | 0.0% | 10.0% | 20.0% | 30.0% | 50.0% | 988 | 2,346 |" in text
