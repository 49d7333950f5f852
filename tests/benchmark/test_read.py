from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.pairs import APART, apart, pairs_of
from benchmark.read import RowsError, read_rounds
from benchmark.rounds import COUNTS, FLAGS, NUMBERS, TEXTS, Rounds, Row
from benchmark.rows_csv import pseudonyms, write_rows
from planet_core.geo import haversine_km
from planet_core.scoring import points
from tests.benchmark.made import cells, pair, rounds_of, study, write


def test_columns_hold_what_the_file_holds(tmp_path: Path) -> None:
    changes = {
        "scale_km": 800,
        "confidence": 0.25,
        "country_probabilities": '{"CD": 0.5, "FR": 0.25}',
        "source": "mapillary",
        "captured_year": 2019,
        "device": "phone",
        "time_s": 12.5,
        "guest": 1,
    }
    rounds = rounds_of(tmp_path, [cells("person"), cells("model", km=100.0, **changes)])
    model = rounds[np.array([1])]
    assert rounds.is_model.tolist() == [False, True]
    assert model.distance_km[0] == pytest.approx(100, abs=0.01)
    assert model.points[0] == points(float(model.distance_km[0]), 800)
    assert model.country_probabilities.row(0) == {"CD": 0.5, "FR": 0.25}
    assert rounds.country_probabilities.row(0) == {}
    assert (model.confidence[0], model.captured_year[0], model.guest[0], model.time_s[0]) == (
        0.25,
        2019,
        1,
        12.5,
    )
    assert model.device.texts() == ["phone"]
    assert np.isnan(rounds.confidence[0])
    assert rounds.captured_year[0] == -1


def test_json_lines_say_the_same(tmp_path: Path) -> None:
    rows = [cells("person"), cells("model", km=None, country_probabilities="")]
    file = tmp_path / "rows.jsonl"
    typed: list[dict[str, Any]] = [
        {**row, "lat": row["lat"] if row["lat"] != "" else None, "country_probabilities": {"CD": 0.5}}
        for row in rows
    ]
    file.write_text("\n".join(json.dumps(row) for row in typed) + "\n")
    first, second = read_rounds(file), rounds_of(tmp_path, rows)
    assert first.distance_km.tolist() == second.distance_km.tolist()
    assert first.country_probabilities.row(1) == {"CD": 0.5}


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    rows = study(3, 4)
    rows.append(cells("person", number=99, km=None, player_id="subject 1", time_s=0.1))
    rows.append(cells("model", number=99, country_probabilities='{"CD": 0.125}', player_id="PlaNet"))
    rounds = rounds_of(tmp_path, rows)
    names = pseudonyms(rounds)
    write_rows(rounds, tmp_path / "out.csv", names)
    again = read_rounds(tmp_path / "out.csv")
    assert "subject" not in (tmp_path / "out.csv").read_text()
    assert set(names.values()) == {"person 1", "person 2", "person 3"}
    assert np.array_equal(again.distance_km, rounds.distance_km)
    assert np.array_equal(again.answered_at, rounds.answered_at)
    assert np.array_equal(again.player_id.codes, rounds.player_id.codes)
    assert np.array_equal(again.time_s, rounds.time_s, equal_nan=True)
    assert again.country_probabilities.row(len(rounds) - 1) == {"CD": 0.125}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lat": "north"}, r"line 3: lat 'north': a number is expected"),
        ({"outcome": "asleep"}, r"line 3: outcome 'asleep': expected answered, timeout, refused, error"),
        ({"player_kind": "cat"}, r"line 3: player_kind 'cat': expected person, model"),
        ({"answered_at": "today"}, r"line 3: answered_at 'today': expected a moment"),
        ({"answered_at": "0001-01-01T00:00+05:00"}, r"line 3: answered_at '0001.*: expected a moment"),
        ({"answered_at": "9999-12-31T23:00-05:00"}, r"line 3: answered_at '9999.*: expected a moment"),
        ({"captured_year": "1e30"}, r"line 3: captured_year '1e30': a whole number"),
        ({"country_probabilities": "[" * 100_000}, r"line 3: country_probabilities .* expected JSON such as"),
        ({"country_probabilities": f'{{"FR": 0.5, "DE": 1{"0" * 400}}}'}, r"add up to 1 at most"),
        ({"confidence": 1.5}, r"line 3: confidence '1.5': expected 0 to 1"),
        ({"scale_km": -3}, r"line 3: scale_km '-3': expected a finite number"),
        ({"scale_km": 0}, r"line 3: scale_km must be more than 0"),
        ({"exposure": 1.5}, r"line 3: exposure '1.5': a whole number"),
        ({"seen_in_training": "maybe"}, r"line 3: seen_in_training 'maybe': expected 0, 1"),
        ({"country_probabilities": "[1]"}, r"line 3: country_probabilities .* expected JSON such as"),
        ({"country_probabilities": '{"FR": 0.8, "DE": 0.4}'}, r"add up to 1 at most"),
        ({"lat": "", "lng": ""}, r"line 3: answered, but lat and lng are empty"),
        ({"outcome": "refused"}, r"line 3: not answered, but there are lat and lng"),
        ({"round_id": ""}, r"line 3: round_id '': is empty"),
        ({"player_id": "person"}, r"line 3: the player has an answer in this round already, in line 2"),
        ({"panorama_id": "another"}, r"line 3: round round 1 has two panoramas, see line 2"),
        ({"true_lat": 3}, r"line 3: panorama panorama 1 has two places, see line 2"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(RowsError, match=message):
        rounds_of(tmp_path, [cells("person"), cells("model", **change)])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column round_id"),
        (b"round_id,lat\n", "has no column panorama_id"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(RowsError, match=message):
        read_rounds(tmp_path / "rows.csv")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[" * 100_000, "line 2: too deeply nested"),
        ('{"a": ' * 100_000, "line 2: too deeply nested"),
        ("[]", "line 2: one object is expected"),
        ("{", "line 2: no JSON"),
    ],
)
def test_a_line_of_other_json_is_named(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(f"{json.dumps(cells('person', km=1.0))}\n{line}\n")
    with pytest.raises(RowsError, match=message):
        read_rounds(file)


def test_a_short_line_and_a_missing_file_are_named(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.csv", [cells("person")])
    file.write_text(file.read_text() + "one,two\n")
    with pytest.raises(RowsError, match="line 3: 2 values where the header has 14 columns"):
        read_rounds(file)
    with pytest.raises(RowsError, match="cannot read"):
        read_rounds(tmp_path / "nothing.csv")


def test_impossible_coordinates_and_people_who_disagree_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = pair(1, 2, 1) + pair(1, 2, 2, lat=95) + pair(1, 2, 3, true_lng=181, consent="")
    rows += [cells("person", number=4, consent=0), cells("model", number=4)]
    rounds = rounds_of(tmp_path, rows)
    assert len(rounds) == 3
    assert any("Left out: 4 rows with impossible coordinates" in note for note in rounds.notes)
    assert any("the first in line 4" in note for note in rounds.notes)
    assert any("Left out: 1 row of people who did not agree" in note for note in rounds.notes)


def test_consent_is_written_as_it_was_given(tmp_path: Path) -> None:
    said = [cells("person", consent=1), cells("person", player_id="ann", consent=""), cells("model")]
    rounds = rounds_of(tmp_path, said)
    write_rows(rounds, tmp_path / "out.csv", {})
    assert read_rounds(tmp_path / "out.csv").consent.tolist() == [1, -1, -1]
    write_rows(rounds_of(tmp_path, pair(1, 2)), tmp_path / "out.csv", {})
    with (tmp_path / "out.csv").open() as file:
        assert [row["consent"] for row in csv.DictReader(file)] == ["", ""]


def test_nobody_is_called_as_everybody_is(tmp_path: Path) -> None:
    with pytest.raises(RowsError, match=r"line 2: no person can be called 'all'.*use another player_id"):
        rounds_of(tmp_path, [cells("person", player_id="all"), cells("model")])
    assert len(rounds_of(tmp_path, [cells("person"), cells("model", player_id="all")])) == 2


def test_what_a_file_never_says_counts_and_is_noted(tmp_path: Path) -> None:
    rows = [{k: v for k, v in row.items() if k not in ("exposure", "seen_in_training")} for row in pair(1, 2)]
    rounds = rounds_of(tmp_path, rows)
    assert apart(pairs_of(rounds)).tolist() == [0]
    assert sum("No column" in note for note in rounds.notes) == 2


@pytest.mark.parametrize(
    ("person", "model", "reason"),
    [
        ({}, {}, ""),
        ({"exposure": 2}, {}, "the person had seen it before"),
        ({"exposure": ""}, {}, "nobody knows whether the person had seen it before"),
        ({}, {"seen_in_training": 1}, "the model trained on it"),
        ({}, {"seen_in_training": ""}, "nobody knows whether the model trained on it"),
        ({"group_exposure": 2}, {}, "the person had seen another of its group before"),
    ],
)
def test_each_reason_is_kept_apart(
    tmp_path: Path, person: dict[str, object], model: dict[str, object], reason: str
) -> None:
    rounds = rounds_of(tmp_path, [cells("person", **person), cells("model", **model)])
    assert [APART[number] for number in apart(pairs_of(rounds))] == [reason]


def test_pairs_are_made_inside_a_round(tmp_path: Path) -> None:
    rows = [cells("model", number=2), cells("person", number=1), cells("person", number=2)]
    rows += [cells("model", number=3), cells("model", number=2, player_id="b")]
    rows += [cells("person", number=2, player_id="ann")]
    pairs = pairs_of(rounds_of(tmp_path, rows))
    found = {(int(a), int(b)) for a, b in zip(pairs.person, pairs.model, strict=True)}
    assert found == {(2, 0), (2, 4), (5, 0), (5, 4)}


ROW = Row(
    round_id="r",
    panorama_id="p",
    player_id="ann",
    player_kind="person",
    condition="fair",
    map="Test",
    lat=None,
    lng=None,
    true_lat=1.0,
    true_lng=2.0,
    outcome="timeout",
    answered_at="2026-01-01T02:00:00+02:00",
)


def test_rows_of_the_game_are_the_same_columns() -> None:
    row = ROW
    rounds = Rounds.from_rows([row])
    assert rounds.distance_km.tolist() == [np.inf]
    assert rounds.points.tolist() == [0]
    assert rounds.exposure.tolist() == [-1]
    assert rounds.answered_at[0] == np.datetime64("2026-01-01T00:00:00")
    assert len(Rounds.from_rows([])) == 0


def test_rows_of_the_game_have_what_a_file_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.rounds.CHUNK", 2)
    whole = {
        **{"source": "site", "captured_year": 2014, "scoring_version": 1, "guest": False, "games_played": 3},
        **{"device": "phone", "time_s": 2.5, "confidence": 0.25, "near_duplicate": True},
        **{"same_sequence": False, "same_author": True, "exposure": 1, "group_exposure": 2},
        "country_probabilities": {"FR": 0.5, "DE": 0.25},
    }
    rows = [
        replace(ROW, round_id="a", **whole),  # type: ignore[arg-type]
        replace(ROW, round_id="b"),
        replace(ROW, round_id="c", map="Other", **whole),  # type: ignore[arg-type]
    ]
    rounds = Rounds.from_rows(iter(rows))
    write_rows(rounds, tmp_path / "rows.csv", {})
    again = read_rounds(tmp_path / "rows.csv")
    assert rounds.map.texts() == ["Test", "Test", "Other"]
    assert rounds.source.texts() == ["site", "photo", "site"]
    assert rounds.games_played.tolist() == [3, -1, 3]
    assert rounds.guest.tolist() == [0, -1, 0]
    assert rounds.country_probabilities.row(1) == {}
    for name in TEXTS:
        assert getattr(rounds, name).texts() == getattr(again, name).texts(), name
    for number in range(3):
        assert rounds.country_probabilities.row(number) == again.country_probabilities.row(number)
    for name in (*FLAGS, *COUNTS, *NUMBERS, "answered_at", "outcome", "is_model"):
        assert np.array_equal(getattr(rounds, name), getattr(again, name), equal_nan=name in NUMBERS), name


def test_joined_rounds_keep_their_notes_once() -> None:
    one = Rounds.from_rows([ROW])
    both = Rounds.joined([replace(one, notes=("a", "b")), replace(one, notes=("b",))])
    assert (len(both), both.notes) == (2, ("a", "b"))
    assert both.player_id.texts() == ["ann", "ann"]


def test_distances_are_great_circles(tmp_path: Path) -> None:
    rounds = rounds_of(tmp_path, study(2, 3))
    one = haversine_km(
        float(rounds.lat[3]), float(rounds.lng[3]), float(rounds.true_lat[3]), float(rounds.true_lng[3])
    )
    assert rounds.distance_km[3] == one


def test_lines_are_counted_past_line_breaks_in_cells_and_empty_lines(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.csv", [cells("person", device="a\nb"), cells("model")])
    file.write_text(file.read_text() + "\n" + "one,two\n")
    with pytest.raises(RowsError, match="line 6: 2 values"):
        read_rounds(file)
    file.write_text("\n".join(file.read_text().splitlines()[:-1]) + "\n")
    assert len(read_rounds(file)) == 2


def test_columns_of_which_nothing_is_known_are_not_written(tmp_path: Path) -> None:
    rounds = rounds_of(tmp_path, pair(1, 2))
    write_rows(rounds, tmp_path / "out.csv", {})
    header = (tmp_path / "out.csv").read_text().splitlines()[0].split(",")
    assert {"exposure", "seen_in_training", "consent", "scale_km"} <= set(header)
    assert not {"device", "captured_year", "country_probabilities", "confidence"} & set(header)


def test_some_rows_are_written_with_the_columns_that_they_know(tmp_path: Path) -> None:
    rows = [*pair(1, 2, 1, captured_year=2016), *pair(3, 4, 2, captured_year="")]
    rounds = rounds_of(tmp_path, rows)
    write_rows(rounds, tmp_path / "some.csv", {}, np.array([3, 2]))
    with (tmp_path / "some.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["player_id"] for row in found] == ["model", "person"]
    assert "captured_year" not in found[0]
    write_rows(rounds, tmp_path / "all.csv", {})
    assert "captured_year" in (tmp_path / "all.csv").read_text().partition("\n")[0]


def test_rows_that_come_one_by_one_are_those_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark.rounds.CHUNK", 3)
    one = Row(
        round_id="r",
        panorama_id="p",
        player_id="ann",
        player_kind="person",
        condition="fair",
        map="Test",
        lat=1.0,
        lng=2.0,
        true_lat=1.5,
        true_lng=2.5,
        outcome="answered",
        answered_at="2026-01-01T00:00:00+00:00",
        exposure=1,
        games_played=70_000,
        captured_year=2016,
    )
    rows = [replace(one, round_id=f"r{number}", panorama_id=f"p{number % 4}") for number in range(8)]
    rounds = Rounds.from_rows(iter(rows))
    write_rows(rounds, tmp_path / "rows.csv", {})
    again = read_rounds(tmp_path / "rows.csv")
    assert rounds.round_id.texts() == again.round_id.texts() == [row.round_id for row in rows]
    for name in ("exposure", "games_played", "captured_year", "outcome", "seen_in_training"):
        assert getattr(rounds, name).tolist() == getattr(again, name).tolist()
