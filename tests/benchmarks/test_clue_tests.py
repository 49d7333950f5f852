from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import clue_tests
from benchmarks.clue_tests import estimate, heat_on
from procedural_earth import view_shards
from procedural_earth.__main__ import main as procedural_earth
from tests.planet_core.made_model import made_model
from tests.procedural_earth.test_view_shards import noise


def test_heat_on_an_area_is_compared_with_the_area_moved() -> None:
    heat = np.zeros((40, 40), dtype=np.float32)
    heat[10:20, 4:10] = 0.5
    mask = heat > 0
    on, moved = heat_on(heat, mask, np.random.default_rng(0)) or (0.0, 1.0)
    assert on == pytest.approx(0.5)
    assert moved < 0.2
    rows = np.zeros_like(mask)
    rows[10:20] = True  # whole rows: moving them changes nothing
    assert np.diff(heat_on(heat, rows, np.random.default_rng(0)) or (0.0, 1.0)) == pytest.approx(0)
    assert heat_on(heat, np.zeros_like(mask), np.random.default_rng(0)) is None


def test_an_interval_holds_the_mean_and_follows_the_clusters() -> None:
    values = np.repeat(np.random.default_rng(1).normal(3, 1, 25), 4)
    single, whole = estimate(values), estimate(values, np.repeat(np.arange(25), 4))
    assert single.value == pytest.approx(values.mean())
    assert single.low < single.value < single.high
    assert whole.high - whole.low > 1.5 * (
        single.high - single.low
    )  # four views of a place are not four places


@pytest.fixture
def model(tmp_path: Path) -> Path:
    made_model(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def views(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(view_shards, "_pictures", noise)
    out = tmp_path / "views"
    assert (
        procedural_earth(["shards", "--count", "12", "--size", "32", "--workers", "1", "--out", str(out)])
        == 0
    )
    return f"shards:{out}"


def test_the_horizon_and_the_leak_are_reported(
    model: Path, views: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clue_tests.main(["horizon", str(model), views, "--out", str(tmp_path / "horizon.md")]) == 0
    text = (tmp_path / "horizon.md").read_text()
    assert "12 views of 3 places" in text
    assert "| all views of a place |" in text
    assert "Written by `python -m benchmarks.clue_tests horizon" in text
    assert clue_tests.main(["leak", str(model), views]) == 0
    assert "No leak was found" in capsys.readouterr().out


def test_what_cannot_be_done_is_said(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert clue_tests.main(["off", str(model), "--clues", "moon"]) == 2
    assert "there is no clue 'moon'" in capsys.readouterr().err
    assert clue_tests.main(["leak", str(tmp_path / "none"), str(tmp_path)]) == 2
    assert "there is no model directory" in capsys.readouterr().err


@pytest.mark.slow
def test_clues_are_switched_off_and_heat_is_measured(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--places", "2", "--size", "32", "--workers", "1"]
    assert clue_tests.main(["off", str(model), *few, "--clues", "sun,all"]) == 0
    assert "| sun | 2 of 2 |" in capsys.readouterr().out
    assert clue_tests.main(["heat", str(model), *few, "--positions", "5"]) == 0
    assert "| terrain | 2 |" in capsys.readouterr().out
