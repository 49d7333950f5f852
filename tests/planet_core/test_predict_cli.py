from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from planet_core import predict_cli, probability_map
from planet_core.predict import Predictor
from tests.planet_core.made import gradient_panorama, noise_picture
from tests.planet_core.made_model import made_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "random"
    made_model(directory, temperature=0.5)
    return directory


def answers(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, object]]:
    assert predict_cli.main([*map(str, arguments), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


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


def test_a_fusion_without_headings_is_refused(model: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        predict_cli.main([str(model), "a.png", "--fusion", "arithmetic"])


def test_ctrl_c_ends_it_with_one_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object, **_options: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    noise_picture(1).save(tmp_path / "a.png")
    monkeypatch.setattr(Predictor, "predict", interrupted)
    assert predict_cli.main([str(model), str(tmp_path / "a.png")]) == 130
    assert capsys.readouterr() == ("", "predict: stopped\n")
    map_png = tmp_path / "map.png"
    assert probability_map.main([str(model), str(tmp_path / "a.png"), "--out", str(map_png)]) == 130
    assert "probability_map: stopped" in capsys.readouterr().err
    assert not map_png.exists()


def test_json_has_a_line_for_each_picture(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in (1, 2):
        noise_picture(seed).save(tmp_path / f"{seed}.png")
    rows = answers(capsys, model, tmp_path / "1.png", tmp_path / "2.png", "-k", 2, "--rule", "max-score")
    assert [row["image"] for row in rows] == [str(tmp_path / "1.png"), str(tmp_path / "2.png")]
    predictions = Predictor.load(model).predict([noise_picture(1), noise_picture(2)], 2, "max-score")
    for row, prediction in zip(rows, predictions, strict=True):
        assert (row["lat"], row["lng"], row["rule"]) == (prediction.lat, prediction.lng, "max-score")
        assert row["condition"] == "view"
        assert [cell["token"] for cell in row["top_cells"]] == [c.token for c in prediction.top_cells]  # type: ignore[attr-defined]


def test_the_options_reach_the_predictor(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.png"
    gradient_panorama().save(path)
    predictor, picture = Predictor.load(model), gradient_panorama()

    def top(*options: object) -> tuple[object, float]:
        [row] = answers(capsys, model, path, *options)
        return row["condition"], row["top_cells"][0]["probability"]  # type: ignore[index]

    def expected(rows: np.ndarray) -> object:
        return pytest.approx(float(rows.max()), rel=1e-5)

    assert top() == ("view", expected(predictor.distributions([picture])))
    assert top("--calibrated") == top()
    assert top("--raw") == ("view", expected(predictor.distributions([picture], calibrated=False)))
    assert top("--raw")[1] < top()[1]
    assert top("--crops", 5) == ("five-crop", expected(predictor.distributions([picture], 5)))
    panorama = predictor.panorama_distributions([picture], 3)
    assert top("--panorama", 3) == ("panorama-3", expected(panorama))
    arithmetic = predictor.panorama_distributions([picture], 3, "arithmetic")
    assert top("--panorama", 3, "--fusion", "arithmetic") == ("panorama-3-arithmetic", expected(arithmetic))
    assert top("--fast")[1] == pytest.approx(top()[1], rel=0.1)


def test_what_cannot_be_done_is_one_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, wide = tmp_path / "a.png", tmp_path / "wide.png"
    noise_picture(1).save(path)
    gradient_panorama().save(wide)
    for file, *options in (
        [path, "--panorama", "4"],
        [wide, "--panorama", "0"],
        [path, "--device", "abacus"],
        [path, "-k", "0"],
    ):
        assert predict_cli.main([str(model), str(file), *map(str, options)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("predict: ") for line in lines)
    assert lines[0] == f"predict: {path} is no whole panorama: 64 x 48 is not 2:1"
    assert "at least one heading" in lines[1]
    with pytest.raises(SystemExit, match="2"):
        predict_cli.main([str(model), str(path), "--crops", "5", "--panorama", "4"])
