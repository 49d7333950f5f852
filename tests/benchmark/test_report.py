from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmark.__main__ import main
from benchmark.difficulty import rank_correlation, ranks
from benchmark.page import page
from benchmark.read import read_rounds
from benchmark.report import Report, as_json, build
from benchmark.rows_csv import pseudonyms, write_rows
from benchmark.study import PlanetStudy
from benchmark.table import as_table
from planet_core.calibration import brier_score
from planet_core.trivial import TrainingPhotos
from tests.benchmark.made import cells, pair, rounds_of, study, write

PARIS, BERLIN, MID_ATLANTIC = (48.8566, 2.3522), (52.52, 13.405), (35.0, -40.0)


def at(place: tuple[float, float], prefix: str = "") -> dict[str, float]:
    return {f"{prefix}lat": place[0], f"{prefix}lng": place[1]}


def report_of(folder: Path, rows: list[dict[str, Any]], **options: Any) -> Report:
    report = build(rounds_of(folder, rows), **options)
    json.loads(as_json(report))  # no infinity, no NaN
    return report


def pooled(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = report["comparisons"][0]
    assert found["person"] == "all"
    return found


def test_a_report_has_everybody_then_each_person(tmp_path: Path) -> None:
    report = report_of(tmp_path, study(3, 4))
    assert [one["person"] for one in report["comparisons"]] == ["all", "subject 0", "subject 1", "subject 2"]
    assert report["counts"]["pairs_that_count"] == 12
    assert report["interval_coverage"]["studies"] >= 1
    assert "Kosovo" in report["border_data"]["policy"]


def test_countries_and_continents_are_those_of_the_polygons(tmp_path: Path) -> None:
    rows = [
        cells("person", number=1, **at(PARIS, "true_"), **at(PARIS)),
        cells("model", number=1, **at(PARIS, "true_"), **at(BERLIN)),
        cells("person", number=2, **at(BERLIN, "true_"), lat="", lng="", outcome="timeout"),
        cells("model", number=2, **at(BERLIN, "true_"), **at(MID_ATLANTIC)),
        cells("person", number=3, **at(MID_ATLANTIC, "true_"), **at(MID_ATLANTIC)),
        cells("model", number=3, **at(MID_ATLANTIC, "true_"), **at(PARIS)),
    ]
    found = pooled(report_of(tmp_path, rows))
    accuracy = found["accuracy"]
    assert (accuracy["rounds"], accuracy["at_sea"]) == (2, 1)
    assert accuracy["person"]["country"]["value"] == accuracy["person"]["continent"]["value"] == 0.5
    assert accuracy["model"]["country"]["value"] == 0.0
    assert accuracy["model"]["continent"]["value"] == 0.5
    countries = {part["value"]: part for part in found["by_place"]["country"]}
    assert {name: part["rounds"] for name, part in countries.items()} == {
        "France": 1,
        "Germany": 1,
        "open sea": 1,
    }
    assert countries["France"]["losses"] == 1
    assert countries["Germany"]["person"]["median_km"] is None


def test_parts_add_up_and_have_their_medians(tmp_path: Path) -> None:
    rows = study(6, 5)
    for number, one in enumerate(rows):
        one |= {"captured_year": 2015 + number // 2 % 3, "source": f"source {number // 2 % 2}"}
        if one["player_kind"] == "person":
            one |= {"games_played": number // 10, "guest": number % 4 // 2, "time_s": 7.0 * number}
            one |= {"device": "phone" if number % 3 else ""}
    rounds = rounds_of(tmp_path, rows)
    found = pooled(build(rounds))
    for parts in (*found["by_place"].values(), *found["by_player"].values()):
        assert sum(part["rounds"] for part in parts) == found["rounds"]
        assert sum(part["wins"] for part in parts) == found["wins"]
        assert sum(part["ties"] for part in parts) == found["ties"]
    year = next(part for part in found["by_place"]["captured_year"] if part["value"] == "2016")
    rows_of_year = np.flatnonzero((rounds.captured_year == 2016) & ~rounds.is_model)
    assert year["rounds"] == len(rows_of_year)
    assert year["person"]["median_km"] == pytest.approx(float(np.median(rounds.distance_km[rows_of_year])))
    assert year["person"]["mean_points"] == pytest.approx(float(rounds.points[rows_of_year].mean()))
    assert [part["value"] for part in found["by_player"]["games_played"]] == ["0", "1 to 9"]


def test_rates_of_parts_know_that_people_share_panoramas(tmp_path: Path) -> None:
    """Forty people on the same eight panoramas, each of which one side wins with all of them: eight facts."""
    rows = [
        one | {"round_id": f"{person} {panorama}", "panorama_id": f"p{panorama}", "near_duplicate": ""}
        for person in range(40)
        for panorama in range(8)
        for one in pair(*((200, 50) if panorama % 2 else (50, 200)), captured_year=2016)
    ]
    for number, one in enumerate(rows):
        if one["player_kind"] == "person":
            one["player_id"] = f"person {number // 16}"
        elif one["panorama_id"] == "p7":
            one["near_duplicate"] = 1
    training = TrainingPhotos(np.full(20, 0.9), np.full(20, 20.0))  # 100 km off, everywhere
    found = pooled(report_of(tmp_path, rows, training=training))
    clustered = found["win_rate_clustered"]
    assert clustered["low"] < 0.25 < found["win_rate"]["low"], "Wilson's knows 320 rounds"
    [year] = found["by_place"]["captured_year"]
    [guest] = found["by_player"]["guest"]
    assert year["win_rate"] == guest["win_rate"] == clustered
    assert found["leakage"]["without"]["win_rate"]["low"] < 0.25
    for player in found["trivial"]:
        assert player["win_rate"]["value"] == 0.5
        assert player["win_rate"] == clustered


def test_calibration_counts_a_panorama_once(tmp_path: Path) -> None:
    paris, berlin = at(PARIS, "true_"), at(BERLIN, "true_")
    said = {"country_probabilities": '{"FR": 0.6, "DE": 0.4}', "confidence": 0.8}
    rows = []
    for number, (truth, panorama) in enumerate([(paris, "p"), (paris, "p"), (berlin, "b")]):
        same = {"panorama_id": panorama, **truth, **at(PARIS)}
        rows += [cells("person", number=number, player_id=f"person {number}", **same)]
        rows += [cells("model", number=number, **same, **said)]
    found = pooled(report_of(tmp_path, rows))["calibration"]
    countries, confidence = found["country_probabilities"], found["confidence"]
    assert countries["answers"] == confidence["answers"] == 2
    expected = brier_score(np.array([[0.6, 0.4], [0.6, 0.4]]), np.array([0, 1]))
    assert countries["brier"]["value"] == pytest.approx(expected)
    assert countries["ece"] == pytest.approx(0.1)
    assert (countries["right"], confidence["right"]) == (0.5, 0.5)
    assert confidence["ece"] == pytest.approx(0.3)


def test_calibration_takes_the_first_answer_that_says_something(tmp_path: Path) -> None:
    same = {"panorama_id": "p", **at(PARIS, "true_"), **at(PARIS)}
    said = ({}, {"confidence": 0.25}, {"country_probabilities": '{"FR": 0.5}', "confidence": 0.75})
    rows = []
    for number, more in enumerate(said):
        rows += [cells("person", number=number, player_id=f"person {number}", **same)]
        rows += [cells("model", number=number, **same, **more)]
    found = pooled(report_of(tmp_path, rows))["calibration"]
    assert (found["country_probabilities"]["answers"], found["confidence"]["answers"]) == (1, 1)
    assert found["country_probabilities"]["mean_confidence"] == 0.5
    assert found["confidence"]["mean_confidence"] == 0.25


def test_a_country_that_is_not_listed_had_probability_nothing(tmp_path: Path) -> None:
    rows = pair(1, 1, 1, **at(PARIS, "true_"), **at(PARIS), country_probabilities='{"US": 1}')
    found = pooled(report_of(tmp_path, rows))["calibration"]["country_probabilities"]
    assert found["brier"]["value"] == 2.0


def test_the_rank_correlation_is_scipys() -> None:
    rng = np.random.default_rng(3)
    one = rng.integers(0, 6, 40).astype(float)
    other = one + rng.normal(0, 2, 40).round()
    assert ranks(one) == pytest.approx(stats.rankdata(one))
    found = rank_correlation(one, other)
    assert found["value"] == pytest.approx(stats.spearmanr(one, other).statistic)
    assert (found["low"] or 0) < (found["value"] or 0) < (found["high"] or 0)
    assert rank_correlation(one[:3], other[:3])["value"] is None
    assert rank_correlation(one, np.ones(40))["value"] is None


def test_what_is_hard_for_one_side_only_is_listed(tmp_path: Path) -> None:
    rows = [*pair(1, 2, 1), *pair(10, 20, 2), *pair(5000, 3, 3), *pair(2, 8000, 4), *pair(100, 300, 5)]
    found = pooled(report_of(tmp_path, rows))["difficulty"]
    assert found["hard_for_people_easy_for_model"][0]["panorama"] == "panorama 3"
    assert found["easy_for_people_hard_for_model"][0]["panorama"] == "panorama 4"


def test_flagged_rounds_are_counted_and_left_out_beside(tmp_path: Path) -> None:
    rows = [*pair(100, 1, 1, near_duplicate=1), *pair(100, 1, 2, near_duplicate=0), *pair(1, 100, 3)]
    found = pooled(report_of(tmp_path, rows))["leakage"]
    assert found["near_duplicate"] == {"known": 2, "set": 1}
    assert found["same_author"] == {"known": 0, "set": 0}
    assert found["without"]["rounds"] == 2
    assert found["without"]["win_rate"]["value"] == 0.5


def test_pairs_apart_say_what_may_have_leaked(tmp_path: Path) -> None:
    rows = [
        *pair(100, 1, 1, near_duplicate=1, seen_in_training=1),
        *pair(100, 1, 2, same_sequence=1, near_duplicate=0, seen_in_training=1),
        *pair(1, 100, 3),
    ]
    report = report_of(tmp_path, rows)
    [apart] = report["apart"]
    assert apart["leakage"] == {
        "near_duplicate": {"known": 2, "set": 1},
        "same_sequence": {"known": 1, "set": 1},
        "same_author": {"known": 0, "set": 0},
    }
    assert "<td>near duplicate 1, same sequence 1</td>" in page(report)


def test_trivial_players_answer_the_same_rounds(tmp_path: Path) -> None:
    photos = TrainingPhotos(np.full(20, 0.0), np.full(20, 20.0))
    found = pooled(report_of(tmp_path, [*pair(10, 2, 1), *pair(None, 2, 2)], training=photos))["trivial"]
    assert [one["wins"] for one in found] == [2] * len(found)
    assert {"most frequent cell", "random training photo"} <= {one["player"] for one in found}
    assert all(one["side"]["median_km"]["value"] < 0.1 for one in found)


def test_the_papers_study_is_held_against_its_design(tmp_path: Path) -> None:
    kept = report_of(tmp_path, study(10, 5), protocol=PlanetStudy())["protocol"]
    assert kept["studies"][0]["deviations"] == []
    assert len(kept["studies"][0]["examples"]) == 6
    assert kept["paper"]["win_rate"]["low"] == pytest.approx(0.423, abs=5e-4)
    rows = [*study(3, 4), *pair(1, 2, 99, condition="free")]
    other = report_of(tmp_path, rows, protocol=PlanetStudy())
    assert other["protocol"]["rounds_of_other_conditions"] == 1
    assert len(other["protocol"]["studies"][0]["deviations"]) == 2
    assert "not measured here" in as_table(other)


def test_ours_stands_beside_the_papers(tmp_path: Path) -> None:
    rows = [*pair(800, 100, 1), *pair(700, 200, 2), *pair(300, 1000, 3), *pair(None, None, 4)]
    report = report_of(tmp_path, rows, protocol=PlanetStudy())
    [found] = report["protocol"]["studies"]
    assert (found["rounds"], found["wins"], found["losses"]) == (4, 2, 1)
    assert found["median_km"] == {
        "model": pytest.approx(600, rel=1e-3),
        "person": pytest.approx(750, rel=1e-3),
    }
    assert found["within_750_km"] == {"model": 2, "person": 2}
    lines = [line.split() for line in as_table(report).splitlines()]
    assert ["model's", "wins", "of", "decided", "rounds", "2", "of", "3", "28", "of", "50"] in lines
    assert ["rounds", "within", "750", "km,", "people", "2", "of", "4", "11", "of", "50"] in lines
    [model, people] = [line for line in lines if line[:2] == ["median", "km,"]]
    assert (model[-1], people[-1]) == ("1,131.7", "2,320.75")


def test_a_median_without_an_answer_is_no_number(tmp_path: Path) -> None:
    report = report_of(tmp_path, [*pair(None, 1, 1), *pair(None, 1, 2)], protocol=PlanetStudy())
    assert report["protocol"]["studies"][0]["median_km"]["person"] is None
    assert "no answer" in as_table(report)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        # nothing, one side, nothing that counts, one player, all ties, only time-outs, only refusals, two
        # versions of the score, impossible coordinates, a small design
        ([], "There are no rounds"),
        ([cells("person")], "No round has both a person and a model"),
        (pair(1, 2, exposure=2), "No round counts"),
        (pair(1, 2), "One person:"),
        ([*pair(3, 3, 1), *pair(None, None, 2)], "All rounds are ties"),
        ([*pair(None, 3, 1), *pair(None, 4, 2)], "People answered in no round (2 time-outs)"),
        ([*pair(None, None, 1), *pair(None, None, 2)], "The model answered in no round (2 time-outs)"),
        (
            [row | {"outcome": "refused" if not row["lat"] else "answered"} for row in pair(5, None)],
            "The model answered in no round (1 refusal)",
        ),
        ([*pair(1, 2, 1, scoring_version=1), *pair(1, 2, 2, scoring_version=2)], "versions 1 and 2"),
        ([*pair(1, 2, 1), *pair(1, 2, 2, true_lat=-91)], "2 rows with impossible coordinates"),
        (study(10, 5), "A small design (10 people, 50 panoramas)"),
    ],
)
def test_odd_rounds_give_a_report_that_says_so(
    tmp_path: Path, rows: list[dict[str, Any]], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "rows.csv", rows)
    for form in ("table", "json", "csv"):
        assert main([str(file), "--format", form]) == 0
        text = capsys.readouterr().out
        assert form == "csv" or message in text


@pytest.mark.slow
def test_the_command_writes_pseudonyms_that_give_the_same_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write(tmp_path / "rows.csv", study(5, 4)), tmp_path / "out"
    assert main([str(file), "--format", "json", "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    texts = [path.read_text() for path in out.rglob("*.*") if path.suffix != ".png"]
    assert texts
    assert not any("subject" in text for text in texts)
    assert main([str(out / "rows.csv"), "--format", "json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["comparisons"][0] == printed["comparisons"][0]
    assert json.loads((out / "report.json").read_text())["comparisons"] == again["comparisons"]


@pytest.mark.parametrize("arguments", [["nothing.csv"], ["{rows}", "--train", "nothing.csv"]])
def test_the_command_says_what_is_wrong(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "rows.csv", pair(1, 2))
    assert main([argument.format(rows=file) for argument in arguments]) == 2
    assert capsys.readouterr().err.startswith("benchmark: ")


def test_28_of_50_is_the_papers_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row for n in range(50) for row in pair(2, 1 if n < 28 else 3, n, player_id="")]
    for number, row in enumerate(rows):
        row["player_id"] = "PlaNet" if number % 2 else f"subject {number // 10}"
        del row["exposure"], row["seen_in_training"]  # "where known"
    assert main([str(write(tmp_path / "rows.csv", rows)), "--format", "json"]) == 0
    comparisons = json.loads(capsys.readouterr().out)["comparisons"]
    assert [one["person"] for one in comparisons] == ["all", *(f"subject {n}" for n in range(10))]
    found = comparisons[0]
    assert (found["wins"], found["losses"], found["win_rate"]["value"]) == (28, 22, 0.56)
    assert found["win_rate"]["low"] == pytest.approx(0.4231, abs=5e-5)
    assert found["win_rate"]["high"] == pytest.approx(0.6884, abs=5e-5)
    assert found["sign_test_p"] == pytest.approx(stats.binomtest(28, 50).pvalue)


def test_flags_may_be_written_as_numbers(tmp_path: Path) -> None:
    rows = [cells("person", exposure="1.0"), cells("model", seen_in_training="0.0", km=3)]
    assert pooled(report_of(tmp_path, rows))["rounds"] == 1


def test_a_perfect_correlation_of_few_has_no_interval() -> None:
    assert rank_correlation(np.arange(6.0), np.arange(6.0) ** 3) == {"value": 1.0, "low": None, "high": None}


def test_nobody_is_taken_for_a_model_that_is_called_like_a_person(tmp_path: Path) -> None:
    rows = [
        one
        | {
            "round_id": f"{person} {number}",
            "player_id": "person 1" if one["player_kind"] == "model" else person,
        }
        for person in ("ann", "ben")
        for number in range(2)
        for one in pair(100, 1, number)
    ]
    rounds = rounds_of(tmp_path, rows)
    assert pseudonyms(rounds) == {"ann": "person 2", "ben": "person 3"}
    write_rows(rounds, tmp_path / "again.csv", pseudonyms(rounds))
    again = build(read_rounds(tmp_path / "again.csv"))
    assert [one["person"] for one in again["comparisons"]] == ["all", "person 2", "person 3"]
