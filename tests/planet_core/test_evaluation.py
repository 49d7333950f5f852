from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planet_core import calibration, evaluation, evaluation_report, geo, metrics, retrieval_cost, scoring
from planet_core.model_directory import TrainingIndex
from planet_core.predictions import Predictions, PredictionsError, exposures
from planet_core.s2 import cell_ids
from planet_core.sources.photo import Photo
from tests.planet_core.made_predictions import WAYS, made_predictions

PAIRS = (("max-score against top-cell", WAYS[1], WAYS[0]), ("not there", "five crops", WAYS[0]))


@pytest.fixture(scope="module")
def report() -> evaluation.Report:
    return evaluation.evaluate(made_predictions(), PAIRS)


def test_the_table_is_that_of_the_metrics(report: evaluation.Report) -> None:
    predictions = made_predictions()
    unseen = predictions.at(np.flatnonzero(predictions.exposure <= 1))
    part = report["unseen"]
    assert part["views"] == len(unseen) == 54
    assert part["in_dropped_cells"] == 1
    for column, way in enumerate(WAYS):
        km = geo.haversine_km(0, unseen.answers_lng[:, column], unseen.lat, unseen.lng)
        found = part["ways"][way]
        shares = {float(scale): share["value"] for scale, share in found["within_km"].items()}
        assert shares == metrics.accuracy_at(km)
        assert found["median_km"]["value"] == metrics.median_km(km)
        assert found["mean_points"]["value"] == pytest.approx(metrics.mean_points(km))
        for estimate in (*found["within_km"].values(), found["median_km"], found["mean_points"]):
            assert estimate["low"] <= estimate["value"] <= estimate["high"]


def test_what_the_model_trained_on_is_counted_apart(report: evaluation.Report) -> None:
    assert report["exposure"]["trained on"] == 6
    assert report["seen"]["views"] == 6
    assert report["unseen"]["views"] + report["seen"]["views"] == report["views"] == 60
    everything_seen = replace(made_predictions(), exposure=np.full(60, 4))
    alone = evaluation.evaluate(everything_seen, PAIRS)
    assert alone["unseen"] is None
    assert "No photo is new to the model" in evaluation_report.markdown(alone)


def test_the_best_of_more_cells_is_never_farther(report: evaluation.Report) -> None:
    curve = report["unseen"]["top_k"]
    shares = np.array([curve["shares"][str(k)] for k in range(1, 6)])
    assert np.all(np.diff(shares, axis=0) >= 0)
    assert np.all(np.diff(shares, axis=1) >= 0)
    assert shares[0, -1] == 1
    at = [curve["km"].index(km) for km in metrics.SCALES_KM]
    top = report["unseen"]["ways"][WAYS[0]]["within_km"]
    assert shares[0, at].tolist() == [top[str(km)]["value"] for km in metrics.SCALES_KM]


def test_differences_are_paired_and_signed(report: evaluation.Report) -> None:
    [pair] = report["unseen"]["pairs"]  # the other one's way is not there
    ways = report["unseen"]["ways"]
    expected = ways[WAYS[1]]["mean_points"]["value"] - ways[WAYS[0]]["mean_points"]["value"]
    assert pair["points"]["value"] == pytest.approx(expected)
    assert pair["points"]["high"] < 0  # the fifth cell is worse than the first
    assert pair["log10_km"]["low"] > 0
    assert pair["changed"] == 1
    assert "worse / worse" in evaluation_report.markdown(report)


def test_categories_have_their_medians(report: evaluation.Report) -> None:
    predictions = made_predictions()
    rows = np.flatnonzero((predictions.exposure <= 1) & (predictions.categories == "city"))
    km = geo.haversine_km(0, predictions.answers_lng[rows, 0], 0, predictions.lng[rows])
    found = report["unseen"]["categories"]
    assert set(found) == {"city", "nature"}
    assert found["city"]["views"] == len(rows)
    assert found["city"]["median_km"][WAYS[0]] == metrics.median_km(km)
    nameless = replace(predictions, categories=np.full(60, ""))
    assert evaluation.evaluate(nameless, PAIRS)["unseen"]["categories"] == {}


def test_continents_have_their_numbers() -> None:
    rows = np.flatnonzero(made_predictions().exposure <= 1)
    made = made_predictions().at(rows)
    europe = np.arange(len(made)) < 20
    predictions = replace(
        made, lat=np.where(europe, 48.85, -33.5), lng=np.where(europe, 2.35, 146.0), facts=made.facts
    )
    report = evaluation.evaluate(predictions, PAIRS)
    found = report["unseen"]["regions"]
    assert list(found) == ["Oceania", "Europe"], "most views first"
    assert found["Europe"]["views"] == 20
    km = geo.haversine_km(0, predictions.answers_lng[:20, 0], 48.85, 2.35)
    assert found["Europe"]["median_km"]["value"] == metrics.median_km(km)
    assert found["Europe"]["within_km"]["2500"]["value"] == np.mean(km <= 2500)
    assert found["Europe"]["median_km"]["low"] <= metrics.median_km(km)
    text = evaluation_report.markdown(report)
    assert "By continent of the truth, top-cell, cell centre:" in text
    assert "| Oceania" in text


def test_a_temperature_of_the_other_folds_mends_a_network_that_is_too_sure() -> None:
    predictions = made_predictions(600)
    chosen = evaluation.fold_temperatures(predictions)
    assert chosen is not None
    assert calibration.TEMPERATURES[chosen] == pytest.approx(2, rel=0.25)  # distributions of T = 1/2
    found = evaluation.evaluate(predictions, PAIRS)["unseen"]["calibration"]
    before = found["as the softmax gives it"]
    after = found["at a temperature fitted on the other folds"]
    assert after["ece"]["value"] < before["ece"]["value"] / 2
    assert after["ece_difference"]["high"] < 0
    exact = calibration.expected_calibration_error(
        predictions.at(np.flatnonzero(predictions.exposure <= 1)).top_probabilities[:, 0],
        predictions.at(np.flatnonzero(predictions.exposure <= 1)).correct,
    )
    assert before["ece"]["value"] == exact


def test_no_photo_is_calibrated_by_itself() -> None:
    predictions = made_predictions(200)
    before = evaluation.fold_temperatures(predictions)
    assert before is not None
    flipped = predictions.log_true.copy()
    flipped[7] = -60.0
    after = evaluation.fold_temperatures(replace(predictions, log_true=flipped))
    assert after is not None
    assert after[7] == before[7]
    assert not np.array_equal(after, before)


def test_the_models_own_temperature_has_a_row() -> None:
    found = evaluation.evaluate(made_predictions(temperature=2.0), PAIRS)["unseen"]["calibration"]
    assert list(found) == [
        "as the softmax gives it",
        "at the model's temperature",
        "at a temperature fitted on the other folds",
    ]
    assert (
        found["at the model's temperature"]["mean_confidence"]
        < (found["as the softmax gives it"]["mean_confidence"])
    )


def test_one_photo_is_evaluated_without_intervals_that_mean_nothing() -> None:
    found = evaluation.evaluate(made_predictions().at(np.array([1])), PAIRS)
    text = evaluation_report.markdown(found)
    assert found["unseen"]["ways"][WAYS[0]]["median_km"]["low"] is None
    assert "1 view in 1 group" in text
    [pair] = found["unseen"]["pairs"]  # one cluster tells nothing of a spread, so nothing is better
    assert (pair["points"]["low"], pair["log10_km"]["high"]) == (None, None)
    assert "open / open" in text
    json.dumps(found, allow_nan=False)
    with pytest.raises(ValueError, match="no predictions"):
        evaluation.evaluate(made_predictions().at(np.array([], dtype=np.int64)), PAIRS)


def test_geodesic_distances_are_those_of_geopy_and_points_stay() -> None:
    from geopy.distance import geodesic

    some = made_predictions().at(np.arange(20))
    ours = evaluation.distances_km(some.answers_lat, some.answers_lng, some.lat, some.lng, "geodesic")
    assert ours[3, 1] == pytest.approx(geodesic((0, some.lng[3]), (0, some.answers_lng[3, 1])).km)
    sphere = evaluation.evaluate(some, PAIRS)["unseen"]["ways"][WAYS[0]]
    ellipsoid = evaluation.evaluate(some, PAIRS, "geodesic")["unseen"]["ways"][WAYS[0]]
    assert ellipsoid["median_km"]["value"] != sphere["median_km"]["value"]
    assert ellipsoid["mean_points"]["value"] == sphere["mean_points"]["value"]
    with pytest.raises(ValueError, match="great-circle, geodesic"):
        evaluation.evaluate(some, PAIRS, "straight")


def test_predictions_are_read_as_they_were_written(tmp_path: Path) -> None:
    predictions = made_predictions()
    predictions.save(tmp_path / "p.npz")
    loaded = Predictions.load(tmp_path / "p.npz")
    assert loaded.ways == WAYS
    assert loaded.facts == predictions.facts
    assert loaded.names.tolist() == predictions.names.tolist()
    np.testing.assert_array_equal(loaded.answers_lng, predictions.answers_lng)
    np.testing.assert_allclose(loaded.log_sums, predictions.log_sums, rtol=1e-6)
    first, again = (evaluation.evaluate(each, PAIRS)["unseen"]["ways"] for each in (predictions, loaded))
    assert first == again


def test_damaged_predictions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    with pytest.raises(PredictionsError, match="cannot read the file of predictions"):
        Predictions.load(path)
    path.write_text("no predictions")
    with pytest.raises(PredictionsError, match="is not a file of predictions"):
        Predictions.load(path)
    made_predictions().save(path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(PredictionsError):
        Predictions.load(path)
    replace(made_predictions(), lat=np.zeros(3)).save(path)
    with pytest.raises(PredictionsError, match="lengths differ"):
        Predictions.load(path)


def test_exposure_is_the_nearest_one() -> None:
    index = TrainingIndex(("d1",), ("walk",), ("d3",), ("ride",), 13, cell_ids([48.85], [2.35], 13))
    photos = [
        Photo(Path("a"), 0, 0, digest="d1", group="walk"),
        Photo(Path("b"), 0, 0, digest="x", group="walk"),
        Photo(Path("c"), 48.85, 2.35, digest="x"),
        Photo(Path("d"), 0, 0, digest="d3"),
        Photo(Path("e"), 0, 0, digest="x", group="ride"),
        Photo(Path("f"), 0, 0, digest="x"),
    ]
    assert exposures(photos, index).tolist() == [4, 3, 2, 1, 1, 0]
    assert exposures([], index).shape == (0,)


def test_the_papers_numbers_stand_apart(report: evaluation.Report) -> None:
    text = evaluation_report.markdown(report, "some command")
    ours, paper = text.split("## The paper's own numbers")
    assert "71.3" in paper.split("## Size and time")[0]
    assert "not measured here" in paper
    assert "Written by `some command`" in ours
    assert "What each step beyond the paper is worth" in ours


def test_search_grows_with_the_photos() -> None:
    rows = retrieval_cost.measure(16)
    assert [row["bytes"] for row in rows] == [64_000, 640_000, 6_400_000]
    assert rows[2]["cpu_ms_per_query"] > rows[0]["cpu_ms_per_query"]
    limited = retrieval_cost.measure(16, most_bytes=1_000_000)
    assert limited[2]["cpu_ms_per_query"] is None
    with pytest.raises(ValueError, match="at least one number"):
        retrieval_cost.measure(0)


def test_points_are_the_games(report: evaluation.Report) -> None:
    predictions = made_predictions()
    km = geo.haversine_km(0, predictions.answers_lng[1, 0], 0, predictions.lng[1])
    one = evaluation.evaluate(predictions.at(np.array([1])), PAIRS)
    assert one["unseen"]["ways"][WAYS[0]]["mean_points"]["value"] == scoring.points(km)
