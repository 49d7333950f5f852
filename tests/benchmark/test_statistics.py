from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.pairs import pairs_of
from benchmark.rounds import Row
from benchmark.statistics import Comparison, compare, groups, people_of
from planet_core.metrics import accuracy_at, median_km
from tests.benchmark.made import cells, pair, rounds_of, study


def compared(folder: Path, rows: list[dict[str, Any]]) -> list[Comparison]:
    return [compare(group) for group in groups(pairs_of(rounds_of(folder, rows)))]


def row(kind: str, *, number: int = 1, lat: float | None = 0.0, **changes: object) -> Row:
    values: dict[str, object] = {
        "round_id": f"round {number}",
        "panorama_id": str(number),
        "player_id": kind,
        "player_kind": kind,
        "condition": "fair",
        "map": "Test",
        "lat": lat,
        "lng": None if lat is None else 0.0,
        "true_lat": 0.0,
        "true_lng": 0.0,
        "outcome": "timeout" if lat is None else "answered",
        "answered_at": "2026-01-01T00:00:00+00:00",
        "exposure": 1 if kind == "person" else None,
        "seen_in_training": False if kind == "model" else None,
    }
    return Row(**(values | changes))  # type: ignore[arg-type]


def test_the_smaller_distance_wins_and_an_answer_beats_none(tmp_path: Path) -> None:
    rows = [*pair(1, 2, 1), *pair(2, 1, 2), *pair(1, 1, 3)]
    rows += [*pair(None, 80, 4), *pair(80, None, 5), *pair(None, None, 6)]
    (comparison,) = compared(tmp_path, rows)
    assert (comparison["wins"], comparison["ties"], comparison["losses"]) == (2, 2, 2)
    assert comparison["win_rate"]["value"] == 0.5
    assert comparison["sign_test_p"] == 1.0


def test_sides_count_every_round(tmp_path: Path) -> None:
    (comparison,) = compared(tmp_path, [*pair(0, 100, 1), *pair(None, 100, 2), *pair(1000, 100, 3)])
    person = comparison["sides"]["person"]
    assert person["median_km"]["value"] == pytest.approx(1000, abs=0.01)
    assert person["median_km_answered"]["value"] == pytest.approx(500, abs=0.01)
    assert person["within_km"] == {"1": 1 / 3, "25": 1 / 3, "200": 1 / 3, "750": 1 / 3, "2500": 2 / 3}
    assert person["mean_points"] == pytest.approx((5000 + 0 + 2557) / 3, abs=1)
    assert person["mean_points_answered"] == pytest.approx((5000 + 2557) / 2, abs=1)
    assert person["outcomes"] == {"answered": 2, "timeout": 1, "refused": 0, "error": 0}
    assert comparison["sides"]["model"]["within_km"]["200"] == 1.0


def test_the_numbers_are_those_of_the_metrics(tmp_path: Path) -> None:
    rounds = rounds_of(tmp_path, study(10, 5))
    (group,) = groups(pairs_of(rounds))
    comparison = compare(group)
    for name, km in (("person", group["pairs"].person_km), ("model", group["pairs"].model_km)):
        side = comparison["sides"][name]
        assert side["median_km"]["value"] == median_km(km)
        assert side["within_km"] == {str(scale): share for scale, share in accuracy_at(km).items()}
    assert (comparison["people"], comparison["panoramas"], comparison["rounds"]) == (10, 50, 50)


def test_differences_are_paired(tmp_path: Path) -> None:
    (comparison,) = compared(tmp_path, [*pair(100, 10, 1), *pair(200, 20, 2), *pair(None, 50, 3)])
    logs = comparison["differences"]["log10_km"]
    assert logs["value"] == pytest.approx(-1, abs=1e-6)
    assert logs["rounds"] == 2
    points = comparison["differences"]["points"]
    sides = comparison["sides"]
    assert points["value"] == pytest.approx(sides["model"]["mean_points"] - sides["person"]["mean_points"])
    assert points["rounds"] == 3


def test_without_answers_there_is_no_median(tmp_path: Path) -> None:
    (comparison,) = compared(tmp_path, pair(None, None))
    assert comparison["sides"]["person"]["median_km"]["value"] is None
    assert comparison["sides"]["person"]["mean_points_answered"] is None
    assert comparison["win_rate"] == {"value": None, "low": 0.0, "high": 1.0}
    assert comparison["differences"]["log10_km"]["value"] is None


def test_conditions_maps_models_and_drawn_pictures_are_never_pooled(tmp_path: Path) -> None:
    rows = [*pair(1, 2, 1), *pair(1, 2, 2, condition="free"), *pair(1, 2, 3, map="Other")]
    rows += [*pair(1, 2, 5, source="drawn"), *pair(1, 2, 6, source="mapillary")]
    rows += [cells("person", number=4), cells("model", number=4, player_id="another")]
    found = {
        (one["map"], one["condition"], one["source"], one["model"]): one["rounds"]
        for one in compared(tmp_path, rows)
    }
    assert found == {
        ("Test", "fair", "photo", "model"): 2,
        ("Test", "free", "photo", "model"): 1,
        ("Other", "fair", "photo", "model"): 1,
        ("Test", "fair", "drawn", "model"): 1,
        ("Test", "fair", "photo", "another"): 1,
    }


def test_each_person_has_a_comparison(tmp_path: Path) -> None:
    rounds = rounds_of(tmp_path, study(3, 4))
    (group,) = groups(pairs_of(rounds))
    people = [compare(one, everybody=False) for one in people_of(group)]
    assert [one["person"] for one in people] == ["subject 0", "subject 1", "subject 2"]
    assert {one["rounds"] for one in people} == {4}
    assert sum(one["wins"] for one in people) == compare(group)["wins"]
    assert np.mean([one["sides"]["model"]["mean_points"] for one in people]) == pytest.approx(
        compare(group)["sides"]["model"]["mean_points"]
    )
