from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import clue_tests
from benchmarks.clue_answers import estimate, exchange, points
from benchmarks.clue_tests import heat_on
from benchmarks.clue_training import Answered, exchanges, report_leak
from planet_core import scoring
from planet_core.predict import Predictor
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


@pytest.mark.slow
def test_the_horizon_and_the_leak_are_reported(
    model: Path, views: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clue_tests.main(["horizon", str(model), views, "--out", str(tmp_path / "horizon.md")]) == 0
    text = (tmp_path / "horizon.md").read_text()
    assert "12 views of 3 places" in text
    assert "| all views of a place |" in text
    assert "Written by `python -m benchmarks.clue_tests horizon" in text
    assert clue_tests.main(["leak", str(model), views]) == 0
    text = capsys.readouterr().out
    assert "12 held-out views of 3 places" in text
    assert "No leak was found" in text  # three places can be dealt out in six ways only


def test_pictures_that_tell_their_places_are_found_out() -> None:
    rng = np.random.default_rng(2)
    cells = rng.integers(8, size=200)
    blind = rng.random((200, 8))
    seeing = blind + 0.3 * np.eye(8)[cells]
    favourite = np.tile(np.eye(8)[3], (200, 1))  # always the same answer: right as often as its cell is
    assert exchange(seeing[:, cells].T, 999).chance == 0.001
    assert exchange(blind[:, cells].T, 999).chance > 0.05
    constant = exchange(favourite[:, cells].T, 999)
    assert (constant.value, constant.chance) == (pytest.approx((cells == 3).mean()), 1)
    assert constant.low == pytest.approx(constant.high)


def test_dealing_out_at_random_is_as_often_good_as_its_chance_says() -> None:
    rng = np.random.default_rng(3)
    chances = [exchange(rng.random((30, 30)), 99, seed).chance for seed in range(200)]
    assert 0.02 < np.mean(np.array(chances) <= 0.1) < 0.18


@pytest.mark.slow
def test_a_model_that_sees_a_leak_is_told_from_one_that_does_not(
    monkeypatch: pytest.MonkeyPatch, model: Path
) -> None:
    predictor = Predictor.load(model)
    lat, lng = predictor.partition.centroids()
    cells = np.repeat(np.random.default_rng(4).integers(len(lat), size=60), 2)
    photos = [SimpleNamespace(lat=lat[cell], lng=lng[cell]) for cell in cells.tolist()]
    place = np.repeat(np.arange(60), 2)
    even = np.full((120, len(lat)), 1 / len(lat), dtype=np.float32)
    told = even + np.eye(len(lat), dtype=np.float32)[cells] * np.float32(0.2)
    for rows, leak in ((even, False), (told / told.sum(axis=1, keepdims=True), True)):
        found = Answered(predictor, rows, photos, place)
        results = exchanges(found, predictor.partition.lookup(lat[cells], lng[cells]))
        assert all((result.chance <= 0.001) == leak for result in results.values())
        monkeypatch.setattr("benchmarks.clue_training.answered", lambda model, source, found=found: found)
        text = "\n".join(report_leak(Namespace(model="", source="")))
        assert ("**The pictures leak the place.**" in text) == leak


def test_points_are_those_of_the_game() -> None:
    km = np.array([[3.0, 800.0], [2500.0, 19000.0]])
    assert [round(one) for one in points(km).ravel().tolist()] == [scoring.points(one) for one in km.ravel()]


@pytest.mark.slow
def test_a_model_without_a_clue_is_compared_with_one_that_has_it(
    model: Path, views: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "dark"
    arguments = ["shards", "--count", "12", "--size", "32", "--workers", "1", "--without", "sun"]
    assert procedural_earth([*arguments, "--out", str(out)]) == 0
    assert clue_tests.main(["trained", str(model), views, str(model), f"shards:{out}"]) == 0
    text = capsys.readouterr().out
    assert "12 held-out views of 3 places" in text
    assert "| never had it, less misses it | +0 (+0 to +0) | +0.000 (+0.000 to +0.000) |" in text
    other = tmp_path / "other"
    assert procedural_earth([*arguments, "--seed", "1", "--out", str(other)]) == 0
    assert clue_tests.main(["trained", str(model), views, str(model), f"shards:{other}"]) == 2
    assert "are not of the same views" in capsys.readouterr().err


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
