from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from benchmark import machines, machines_text
from benchmark.machines import Machine, MachinesError, Panoramas, build
from planet_core.geo import haversine_km
from planet_core.scoring import points

SCALE_KM = 3000.0


def panoramas(count: int, *, each: int = 1, seed: int = 0, drawn: Sequence[bool] | None = None) -> Panoramas:
    """Places in Europe, so many in a group."""
    rng = np.random.default_rng(seed)
    return Panoramas(
        names=[str(number) for number in range(count)],
        groups=[f"walk {number // each}" if each > 1 else "" for number in range(count)],
        lat=rng.uniform(38, 60, count),
        lng=rng.uniform(-8, 30, count),
        drawn=[False] * count if drawn is None else drawn,
    )


def machine(
    name: str, where: Panoramas, spread: float, seed: int, trained_on: Sequence[bool | None] | None = None
) -> Machine:
    rng = np.random.default_rng(seed)
    count = len(where)
    off = rng.normal(0, spread, (2, count))
    return Machine(name, where.lat + off[0], where.lng + off[1], trained_on or [False] * count)


def km(one: Machine, where: Panoramas) -> np.ndarray:
    return np.array(
        [haversine_km(*place) for place in zip(one.lat, one.lng, where.lat, where.lng, strict=True)],
        dtype=np.float64,
    )


@pytest.fixture(scope="module")
def made() -> tuple[Panoramas, Machine, Machine, dict[str, Any]]:
    """Twenty groups of six panoramas, two models."""
    where = panoramas(120, each=6)
    one, other = machine("near", where, 3.0, 1), machine("far", where, 4.5, 2)
    return where, one, other, build("Europe", SCALE_KM, where, [one, other])


def test_wins_rate_and_sign_test_are_those_of_a_plain_count(made: Any) -> None:
    where, one, other, report = made
    (found,) = report["comparisons"]
    wins = int((km(one, where) < km(other, where)).sum())
    assert (found["first"], found["second"]) == ("near", "far")
    assert (found["wins"], found["ties"], found["losses"]) == (wins, 0, 120 - wins)
    low, high = proportion_confint(wins, 120, method="wilson")
    assert [found["win_rate"][name] for name in ("value", "low", "high")] == pytest.approx(
        [wins / 120, low, high]
    )
    assert found["sign_test_p"] == pytest.approx(stats.binomtest(wins, 120, 0.5).pvalue)


@pytest.mark.parametrize("what", ["points", "log10_km"])
def test_paired_differences_are_those_of_a_regression_with_clustered_errors(made: Any, what: str) -> None:
    """statsmodels: a constant alone, errors clustered by group, Student's t with groups - 1 degrees."""
    where, one, other, report = made
    near, far = km(one, where), km(other, where)
    values = {
        "points": [points(a, SCALE_KM) - points(b, SCALE_KM) for a, b in zip(near, far, strict=True)],
        "log10_km": np.log10(near) - np.log10(far),
    }[what]
    group = np.arange(120) // 6
    fit = sm.OLS(np.asarray(values, dtype=float), np.ones(120)).fit(
        cov_type="cluster", cov_kwds={"groups": group}, use_t=True
    )
    found = report["comparisons"][0]["differences"][what]
    assert found["value"] == pytest.approx(fit.params[0])
    assert [found["low"], found["high"]] == pytest.approx(list(fit.conf_int()[0]))
    assert found["method"] == "Student's t, clustered by group of panoramas"


def test_each_model_has_its_median_shares_and_points(made: Any) -> None:
    where, one, other, report = made
    for machine_, found in zip((one, other), report["models"], strict=True):
        far = km(machine_, where)
        assert (found["model"], found["panoramas"], found["groups"]) == (machine_.name, 120, 20)
        assert found["side"]["median_km"]["value"] == pytest.approx(np.median(far))
        assert found["side"]["within_km"]["200"] == pytest.approx((far <= 200).mean())
        assert found["side"]["mean_points"] == pytest.approx(
            np.mean([points(value, SCALE_KM) for value in far])
        )
        assert 0 < found["accuracy"]["country"]["value"] < found["accuracy"]["continent"]["value"] <= 1
    first, second = (report["comparisons"][0]["sides"][name] for name in ("first", "second"))
    assert [first["median_km"], second["median_km"]] == [one["side"]["median_km"] for one in report["models"]]


def test_leaks_stand_beside_comparisons_and_beside_what_is_apart() -> None:
    where = panoramas(4)
    told = {"near_duplicate": [True, False, None, True], "same_sequence": [True, False, False, False]}
    one = replace(machine("a", where, 3, 1, [True, False, False, False]), leaks=told)
    report = build("Europe", SCALE_KM, where, [one, machine("b", where, 3, 2)])
    (counted,), (apart,) = report["comparisons"], report["apart"]
    assert counted["leakage"]["first"]["near_duplicate"] == {"known": 2, "set": 1}
    assert apart["leakage"]["first"]["same_sequence"] == {"known": 1, "set": 1}
    assert apart["leakage"]["second"]["near_duplicate"] == {"known": 0, "set": 0}
    text = machines_text.as_table(report, apart=True)
    assert "May have leaked to the first: near duplicate 1, same sequence 1." in text
    assert "leaked to the second" not in text


def test_panoramas_without_a_group_are_clusters_of_their_own() -> None:
    where = panoramas(60)
    report = build("Europe", SCALE_KM, where, [machine("a", where, 3, 1), machine("b", where, 3, 2)])
    (found,) = report["comparisons"]
    assert (found["panoramas"], found["groups"]) == (60, 60)
    assert found["differences"]["points"]["method"] == "wild cluster bootstrap, clustered by group"
    assert report["notes"] == []


def test_three_models_are_compared_two_by_two() -> None:
    where = panoramas(12)
    report = build("Europe", SCALE_KM, where, [machine(name, where, 3, ord(name)) for name in "abc"])
    pairs = [(one["first"], one["second"]) for one in report["comparisons"]]
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]


def test_turned_round_wins_are_losses(made: Any) -> None:
    where, one, other, report = made
    (turned,) = build("Europe", SCALE_KM, where, [other, one])["comparisons"]
    (found,) = report["comparisons"]
    assert (turned["wins"], turned["losses"]) == (found["losses"], found["wins"])
    assert turned["differences"]["points"]["value"] == pytest.approx(-found["differences"]["points"]["value"])
    assert turned["sides"]["first"] == found["sides"]["second"]


def test_what_any_model_trained_on_is_apart_for_all() -> None:
    where = panoramas(30)
    trained = [number < 4 for number in range(30)]
    unknown = [None if number in (3, 4, 5) else False for number in range(30)]
    report = build(
        "Europe",
        SCALE_KM,
        where,
        [machine("a", where, 3, 1, trained), machine("b", where, 3, 2, unknown), machine("c", where, 3, 3)],
    )
    assert {one["panoramas"] for one in report["comparisons"]} == {24}
    assert (report["panoramas"], report["panoramas_that_count"]) == (30, 24)
    apart = {(one["apart"], one["panoramas"]) for one in report["apart"]}
    assert apart == {(machines.APART[1], 4), (machines.APART[2], 2)}
    assert {one["panoramas"] for one in report["models"]} == {24}


def test_drawn_pictures_are_not_pooled_with_photographs() -> None:
    where = panoramas(20, drawn=[number < 8 for number in range(20)])
    report = build("Europe", SCALE_KM, where, [machine("a", where, 3, 1), machine("b", where, 3, 2)])
    assert [(one["source"], one["panoramas"]) for one in report["comparisons"]] == [
        ("photo", 12),
        ("drawn", 8),
    ]


def test_equal_models_tie_everywhere() -> None:
    where = panoramas(10)
    report = build("Europe", SCALE_KM, where, [machine("a", where, 3, 1), machine("b", where, 3, 1)])
    (found,) = report["comparisons"]
    assert found["ties"] == 10
    assert found["win_rate"]["value"] is None
    assert machines_text.as_table(report)


def test_nothing_to_compare_is_said() -> None:
    where = panoramas(0)
    report = build("Europe", SCALE_KM, where, [machine("a", where, 3, 1), machine("b", where, 3, 2)])
    assert "nothing can be said" in machines_text.as_table(report)
    where = panoramas(3)
    trained = [True] * 3
    report = build(
        "Europe", SCALE_KM, where, [machine("a", where, 3, 1, trained), machine("b", where, 3, 2, trained)]
    )
    text = machines_text.as_table(report)
    assert "No panorama counts" in text
    assert "3 panoramas do not count" in text


@pytest.mark.parametrize("names", [[], ["a"], ["a", "a"]])
def test_fewer_than_two_models_are_refused(names: list[str]) -> None:
    where = panoramas(3)
    with pytest.raises(MachinesError, match="two or more different models"):
        build("Europe", SCALE_KM, where, [machine(name, where, 3, 1) for name in names])


def test_the_table_has_a_line_for_each_model(made: Any) -> None:
    text = machines_text.as_table(made[3])
    lines = text.splitlines()
    assert sum(line.startswith("near ") or line.startswith("far ") for line in lines) >= 2
    assert "near against far: 120 panoramas in 20 groups." in text
    assert "First less second:" in text
    assert max(map(len, lines)) < 200


def test_json_csv_and_page_say_the_same(made: Any, tmp_path: Path) -> None:
    where, one, other, report = made
    (found,) = report["comparisons"]
    assert json.loads(machines_text.as_json(report)) == report
    (row,) = csv.DictReader(io.StringIO(machines_text.as_csv(report)))
    assert int(row["wins"]) == found["wins"]
    assert float(row["win_rate.low"]) == found["win_rate"]["low"]
    page = machines_text.page(report)
    assert f"The first won {found['wins']}" in page
    assert "http" not in page.replace("https://www.openstreetmap.org", "")
    machines_text.write(report, machines.rounds_of("Europe", SCALE_KM, where, [one, other]), tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("report.html", "report.json", "comparisons.csv", "rows.csv")
    }
    with (tmp_path / "out" / "rows.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 240
    assert {row["player_id"] for row in rows} == {"near", "far"}
