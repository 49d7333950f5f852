from __future__ import annotations

import json
import math

import pytest

from benchmark.report import as_json, as_table
from benchmark.rounds import Pairing, Row, pairings
from benchmark.statistics import compare, tallies


def row(kind: str, *, number: int = 1, lat: float | None = 0.0, exposure: int = 1, **changes: object) -> Row:
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
        "exposure": exposure if kind == "person" else None,
        "seen_in_training": False if kind == "model" else None,
    }
    return Row(**(values | changes))  # type: ignore[arg-type]


def pair(person_lat: float | None, model_lat: float | None, number: int = 1, **changes: object) -> Pairing:
    return Pairing(
        row("person", number=number, lat=person_lat, **changes),
        row("model", number=number, lat=model_lat, **changes),
    )


def test_the_smaller_distance_wins_and_an_answer_beats_none() -> None:
    pairs = [
        pair(1, 2, 1),
        pair(2, 1, 2),
        pair(1, 1, 3),
        pair(None, 80, 4),
        pair(80, None, 5),
        pair(None, None, 6),
    ]
    comparison = compare(pairs)[0]
    assert (comparison["wins"], comparison["ties"], comparison["losses"]) == (2, 2, 2)
    assert comparison["win_rate"]["value"] == 0.5


def test_sides_count_every_round() -> None:
    sides = compare([pair(0.0, 1.0, 1), pair(None, 1.0, 2), pair(10.0, 1.0, 3)])[0]["sides"]
    assert sides["person"]["median_km"] == pytest.approx(1111.95, abs=0.01)
    assert sides["person"]["within_km"] == {
        "1": 1 / 3,
        "25": 1 / 3,
        "200": 1 / 3,
        "750": 1 / 3,
        "2500": 2 / 3,
    }
    assert sides["model"]["within_km"]["200"] == 1.0
    assert sides["person"]["mean_points"] == pytest.approx((5000 + 0 + 2373) / 3, abs=1)


def test_without_answers_there_is_no_median() -> None:
    comparison = compare([pair(None, None)])[0]
    assert comparison["sides"]["person"]["median_km"] is None
    assert comparison["win_rate"] == {"value": None, "low": 0.0, "high": 1.0}
    assert "no answer" in as_table([comparison])


def test_conditions_maps_and_models_are_never_pooled() -> None:
    pairs = [
        pair(1, 2, 1),
        pair(1, 2, 2, condition="free"),
        pair(1, 2, 3, map="Other"),
        Pairing(row("person", number=4), row("model", number=4, player_id="another")),
    ]
    assert len(compare(pairs)) == 4


def test_pairs_are_made_inside_a_round() -> None:
    rows = [row("model", number=2), row("person", number=1), row("person", number=2), row("model", number=3)]
    assert [(p.person.round_id, p.model.round_id) for p in pairings(rows)] == [("round 2", "round 2")]


@pytest.mark.parametrize(
    ("exposure", "trained", "counts"),
    [(1, False, True), (2, False, False), (1, True, False), (None, False, False)],
)
def test_only_first_exposures_of_untrained_pictures_count(
    exposure: int | None, trained: bool, counts: bool
) -> None:
    person = row("person", **{"exposure": exposure})  # type: ignore[arg-type]
    assert Pairing(person, row("model", seen_in_training=trained)).counts is counts


def test_a_person_who_knew_the_walk_does_not_count() -> None:
    pairing = Pairing(row("person", group_exposure=2), row("model"))
    assert pairing.apart == "the person had seen another of its group before"


def test_a_tally_is_of_one_condition_and_the_largest_comes_first() -> None:
    rows = [row("person", number=n, condition="free") for n in (1, 2)] + [row("person", number=3)]
    rows += [row("model", number=n, condition="free") for n in (1, 2)] + [row("model", number=3)]
    assert [(each["condition"], each["rounds"]) for each in tallies(rows)] == [("free", 2), ("fair", 1)]


def test_a_tally_counts_only_what_counts() -> None:
    rows = [
        row("person", number=1, lat=3),
        row("model", number=1),
        row("person", number=2, exposure=2),
        row("model", number=2),
    ]
    (found,) = tallies(rows)
    rate = found.pop("person_rate")  # type: ignore[misc]
    assert found == {
        "condition": "fair",
        "source": "photo",
        "rounds": 1,
        "model_wins": 1,
        "person_wins": 0,
        "ties": 0,
    }
    assert rate == {"value": 0.0, "low": 0.0, "high": pytest.approx(0.7935, abs=1e-4)}


def test_no_rounds_are_no_tallies() -> None:
    assert tallies([]) == []


def test_json_is_plain_json() -> None:
    content = json.loads(as_json(compare([pair(None, 1)]), []))
    assert content["comparisons"][0]["sides"]["person"]["median_km"] is None
    assert content["apart"] == []
    assert math.isclose(content["comparisons"][0]["win_rate"]["low"], 0.2065, abs_tol=1e-3)


def test_the_table_names_the_condition() -> None:
    assert "the very pixels" in as_table(compare([pair(1, 2)]))


def test_drawn_pictures_are_never_pooled_with_photographs() -> None:
    pairs = [pair(1, 2), pair(2, 1, 2, source="drawn"), pair(2, 1, 3, source="drawn")]
    by_source = {comparison["source"]: comparison["rounds"] for comparison in compare(pairs)}
    assert by_source == {"photo": 1, "drawn": 2}
    table = as_table(compare(pairs))
    assert table.count("drawn from facts, not photographed") == 1
    rows = [row for both in pairs for row in (both.person, both.model)]
    assert [(each["source"], each["rounds"]) for each in tallies(rows)] == [("drawn", 2), ("photo", 1)]
