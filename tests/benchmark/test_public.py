from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import public
from benchmark.pairs import Pairs, pairs_of
from benchmark.report import Report, build, pooled
from benchmark.rounds import Rounds
from planet_core.trivial import TrainingPhotos
from tests.benchmark.made import rounds_of, study

LISBON = {"true_lat": 38.72, "true_lng": -9.14}


def made(folder: Path, people: int = 12, each: int = 6, **changes: object) -> tuple[Rounds, Report]:
    rounds = rounds_of(folder, study(people, each, **changes))
    return rounds, build(rounds)


def told(report: Report) -> dict[str, Any]:
    (comparison,) = pooled(report)
    people = [one for one in report["comparisons"] if one["person"] != "all"]
    return public.published(comparison, people, lambda name: f"person {name[-1]}")


def texts(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return [*map(str, tree), *(text for value in tree.values() for text in texts(value))]
    if isinstance(tree, list):
        return [text for value in tree for text in texts(value)]
    return [str(tree)]


@given(st.floats(min_value=-1e9, max_value=1e9, allow_subnormal=False))
def test_three_digits_stay_of_a_number(value: float) -> None:
    found = public.significant(value)
    assert found is not None
    assert abs(found - value) <= 0.005 * abs(value) + 1e-300
    assert public.significant(found) == found
    assert len(f"{abs(found):.12e}".partition("e")[0].rstrip("0").replace(".", "")) <= 3


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_is_none(value: float) -> None:
    assert public.rounded({"a": [value]}) == {"a": [None]}


def test_nothing_is_told_of_one_panorama_or_person(tmp_path: Path) -> None:
    rounds, report = made(tmp_path)
    found = texts(told(report))
    names = {*rounds.panorama_id.names, *rounds.round_id.names, *rounds.player_id.names} - {"PlaNet"}
    assert not names & set(found)
    assert "by_place" not in found
    assert "hard_for_people_easy_for_model" not in found
    assert "curve" in found


def test_people_with_few_rounds_have_no_line(tmp_path: Path) -> None:
    assert len(told(made(tmp_path, 3, public.LEAST_PANORAMAS)[1])["each_person"]) == 3
    assert told(made(tmp_path, 3, public.LEAST_PANORAMAS - 1)[1])["each_person"] == []


def test_of_many_people_those_with_most_rounds_have_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "MOST_PEOPLE", 2)
    rows = study(3, 6)
    lines = told(build(rounds_of(tmp_path, rows[:-2])))["each_person"]
    assert [line["rounds"] for line in lines] == [6, 6]


def test_few_panoramas_have_no_distances(tmp_path: Path) -> None:
    many = told(made(tmp_path, 1, public.LEAST_PANORAMAS)[1])
    few = told(made(tmp_path, 1, public.LEAST_PANORAMAS - 1)[1])
    assert (many["too_few"], few["too_few"]) == (False, True)
    assert "sides" in many
    assert set(few) == {*public.TALLY, "win_rate", "too_few"}


def test_the_same_panoramas_again_are_not_more_panoramas(tmp_path: Path) -> None:
    """Many rounds on one panorama still are about that one."""
    (comparison,) = pooled(build(rounds_of(tmp_path, study(30, 2, panorama_id="one", **LISBON))))
    assert comparison["panoramas"] == 1
    assert all(part["panoramas"] == 1 for parts in comparison["by_place"].values() for part in parts)
    assert public.published(comparison, [], str)["too_few"]
    assert not any(public.large_parts(comparison["by_place"]).values())


@pytest.mark.parametrize("panoramas", [public.LEAST_IN_PART - 1, public.LEAST_IN_PART])
def test_a_part_needs_enough_panoramas(tmp_path: Path, panoramas: int) -> None:
    here = study(panoramas, 1, **LISBON)
    there = study(20, 1, seed=3, true_lat=-33.9, true_lng=151.1)
    for number, row in enumerate(there):
        row |= {"round_id": f"other {number // 2}", "panorama_id": f"other {number // 2}"}
    (comparison,) = pooled(build(rounds_of(tmp_path, [*here, *there])))
    countries = {part["value"] for part in public.large_parts(comparison["by_place"])["country"]}
    assert countries == {"Australia"} | ({"Portugal"} if panoramas >= public.LEAST_IN_PART else set())


def compared(folder: Path, rounds: int) -> dict[str, Any]:
    training = TrainingPhotos(np.array([38.7, 38.8]), np.array([-9.1, -9.2]))
    return pooled(build(rounds_of(folder, study(rounds, 1, **LISBON)), training=training))[0]


def test_parts_by_place_and_trivial_players_come_in_batches(tmp_path: Path) -> None:
    batch = public.BATCH_ROUNDS
    before = public.places_told(None, compared(tmp_path, batch - 1), somebody_left=False)
    assert before["parts"] == {}
    assert before["trivial"] == []
    first = public.places_told(before, compared(tmp_path, batch), somebody_left=False)
    assert first["parts"]["country"][0]["rounds"] == batch
    assert {one["rounds"] for one in first["trivial"]} == {batch}
    assert public.places_told(first, compared(tmp_path, 2 * batch - 1), somebody_left=False) == first
    second = public.places_told(first, compared(tmp_path, 2 * batch), somebody_left=False)
    assert second["parts"]["country"][0]["rounds"] == 2 * batch


def test_trivial_players_tell_no_distance_and_need_panoramas(tmp_path: Path) -> None:
    """It is known where they answer: a distance would draw a circle around that."""
    comparison = compared(tmp_path, 60)
    told = public.places_told(None, comparison, somebody_left=False)["trivial"]
    assert len(told) == len(comparison["trivial"]) == 4
    keys = {"player", "rounds", "wins", "ties", "losses", "win_rate", "mean_points"}
    assert [set(one) for one in told] == [keys] * 4
    few = {**comparison, "panoramas": public.LEAST_IN_PART - 1}
    assert public.places_told(None, few, somebody_left=False)["trivial"] == []


def test_old_parts_go_when_somebody_wants_no_part_in_reports(tmp_path: Path) -> None:
    comparison = compared(tmp_path, 60)
    first = public.places_told(None, comparison, somebody_left=False)
    after = public.places_told(first, comparison, somebody_left=True)
    assert first["parts"]
    assert first["trivial"]
    assert (after["parts"], after["trivial"]) == ({}, [])
    again = public.places_told(after, comparison, somebody_left=False)
    assert (again["parts"], again["trivial"]) == ({}, []), "not before the next batch"
    assert set(again) == {"rounds", "parts", "trivial"}, "and not how many left"


def test_rows_have_numbers_and_no_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "CHUNK", 7)
    rounds, _ = made(tmp_path)
    pairs = pairs_of(rounds)
    rows = [dict(zip(public.ROW_COLUMNS, row, strict=True)) for row in public.rows(pairs)]
    assert len(rows) == len(pairs)
    order = sorted(range(len(pairs)), key=lambda row: pairs.person_km[row])
    winners = {1: "model", 0: "tie", -1: "person"}
    assert [row["person_km"] for row in rows] == [
        public.significant(float(pairs.person_km[n])) for n in order
    ]
    assert [row["winner"] for row in rows] == [winners[int(pairs.outcomes[number])] for number in order]
    assert all(row["model_points"] % public.POINTS_STEP == 0 for row in rows)
    names = {*rounds.panorama_id.names, *rounds.round_id.names}
    assert not names & {str(value) for row in rows for value in row.values()}


def test_rows_do_not_say_in_which_order_they_came(tmp_path: Path) -> None:
    rounds, _ = made(tmp_path)
    pairs = pairs_of(rounds)
    turned = Pairs(rounds, pairs.person[::-1], pairs.model[::-1])
    assert list(public.rows(turned)) == list(public.rows(pairs))


def test_what_is_told_is_json(tmp_path: Path) -> None:
    _, report = made(tmp_path, outcome="timeout", lat="", lng="")
    assert json.loads(json.dumps(told(report), allow_nan=False))["wins"] == 0
