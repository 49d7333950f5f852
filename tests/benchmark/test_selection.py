from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from benchmark.__main__ import main
from benchmark.rounds import Rounds
from benchmark.selection import SelectionError, is_selected, select
from tests.benchmark.made import cells, pair, rounds_of, write


@pytest.fixture
def rounds(tmp_path: Path) -> Rounds:
    """Six rounds: maps, conditions, days, people and models differ. Models answered a day before."""
    rows = []
    for number, (map_, condition, person, model) in enumerate(
        [
            ("Alps", "fair", "ann", "PlaNet (x1)"),
            ("Alps", "free", "ben", "PlaNet (x1)"),
            ("Alps", "fair", "ben", "Other (x2)"),
            ("Sea", "fair", "ann", "PlaNet (x1)"),
            ("Sea", "fair", "cleo", "Other (x2)"),
        ]
    ):
        same = {"number": number, "map": map_, "condition": condition}
        rows.append(
            cells("person", **same, player_id=person, answered_at=f"2026-01-{number + 2:02}T12:00:00Z")
        )
        rows.append(cells("model", **same, player_id=model, answered_at=f"2026-01-{number + 1:02}T23:00:00Z"))
    rows.append(cells("model", number=5, map="Sea", player_id="Alone", answered_at="2026-01-04T00:00:00Z"))
    return rounds_of(tmp_path, rows)


def kept(rounds: Rounds, **options: object) -> set[str]:
    return {name.removeprefix("round ") for name in select(rounds, options).round_id.texts()}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "012345"),
        ({"map": "Alps"}, "012"),
        ({"map": "Alps", "condition": "fair"}, "02"),
        ({"player": ["ann"]}, "03"),
        ({"player": ["ann", "cleo"]}, "034"),
        ({"model": ["Other (x2)"]}, "24"),
        ({"model": ["Other"]}, "24"),
        ({"model": ["Alone"]}, "5"),
        ({"model": ["Other"], "player": ["ben"]}, "2"),
        ({"model": ["Other"], "player": ["ann"]}, ""),
        ({"since": date(2026, 1, 4)}, "2345"),
        ({"until": date(2026, 1, 3)}, "01"),
        ({"since": date(2026, 1, 3), "until": date(2026, 1, 3)}, "1"),
        ({"since": date(2026, 1, 4), "map": "Sea", "player": ["cleo"]}, "4"),
    ],
)
def test_rounds_are_kept_with_both_sides(rounds: Rounds, options: dict[str, object], expected: str) -> None:
    assert kept(rounds, **options) == set(expected)
    selected = select(rounds, options)
    pairs = [name for name in set(expected) if name != "5"]
    assert int((~selected.is_model).sum()) == len(pairs)
    assert len(selected) == 2 * len(pairs) + ("5" in expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"map": "Alp"}, r"--map Alp: no row has it; there are: Alps, Sea$"),
        ({"condition": "dark"}, r"--condition dark: no row has it; there are: fair, free$"),
        ({"player": ["ann", "dan"]}, r"--player dan: no row has it; there are: ann, ben, cleo$"),
        ({"model": ["ann"]}, r"--model ann: no row has it; there are: Alone, Other \(x2\), PlaNet \(x1\)$"),
    ],
)
def test_an_unknown_name_is_answered_with_those_there_are(
    rounds: Rounds, options: dict[str, object], message: str
) -> None:
    with pytest.raises(SelectionError, match=message):
        select(rounds, options)


def test_a_long_list_of_names_is_cut(tmp_path: Path) -> None:
    rows = [cells("person", number=n, player_id=f"p{n:02}") for n in range(25)]
    with pytest.raises(SelectionError, match=r"p18, p19 and 5 more$"):
        select(rounds_of(tmp_path, rows), {"player": ["x"]})
    with pytest.raises(SelectionError, match="--model x: the rows have none at all"):
        select(rounds_of(tmp_path, rows), {"model": ["x"]})


def test_what_is_left_out_leaves_no_name(rounds: Rounds) -> None:
    selected = select(rounds, {"map": "Sea"})
    assert (selected.map.names, selected.condition.names) == (("Sea",), ("fair",))
    assert "ben" not in selected.player_id.names


def test_without_rows_there_is_nothing_to_select(tmp_path: Path) -> None:
    assert len(select(rounds_of(tmp_path, []), {"map": "Alps"})) == 0


def test_the_note_says_what_was_selected_and_names_no_person(rounds: Rounds) -> None:
    options = {"map": "Alps", "player": ["ann", "ben"], "model": ["PlaNet"], "since": date(2026, 1, 1)}
    *_, note = select(rounds, options).notes
    assert note == "Selected: map Alps, since 2026-01-01, 2 people by name, model PlaNet; 4 of 11 answers."
    assert select(rounds, {"format": "json", "player": None}) is rounds


def test_answers_without_a_time_are_counted(tmp_path: Path) -> None:
    rounds = rounds_of(tmp_path, [*pair(1, 2, 1), *pair(1, 2, 2, answered_at="")])
    selected = select(rounds, {"since": date(2025, 1, 1)})
    assert set(selected.round_id.texts()) == {"round 1"}
    assert any("nobody knows the time, left out by the period: 2." in note for note in selected.notes)


def test_the_last_day_that_there_is_ends_no_period(rounds: Rounds) -> None:
    assert kept(rounds, until=date.max) == kept(rounds, since=date.min)


def test_what_is_asked_for_beside_the_map() -> None:
    assert not is_selected({"map": "Alps", "player": None, "format": "json"})
    assert is_selected({"map": None, "player": ["ann"]})


def test_the_command_selects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [*pair(1, 2, 1), *pair(1, 2, 2, condition="free"), *pair(1, 2, 3, map="Other")]
    file = str(write(tmp_path / "rows.csv", rows))
    assert main([file, "--format", "json", "--condition", "fair", "--map", "Test", "--player", "person"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["counts"]["pairs"] == 1
    assert "Selected: map Test, condition fair, 1 person by name; 2 of 6 answers." in report["notes"]
    assert main([file, "--model", "nobody"]) == 2
    assert capsys.readouterr().err == "benchmark: --model nobody: no row has it; there are: model\n"


@pytest.mark.parametrize("arguments", [["--since", "yesterday"], ["--mod", "model"], ["--models", "a", "b"]])
def test_the_command_takes_no_wrong_dates_and_no_abbreviations(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(write(tmp_path / "rows.csv", pair(1, 2)))
    with pytest.raises(SystemExit) as ended:
        main([file, *arguments])
    assert ended.value.code == 2
    assert "--since: 'yesterday' is no date" in (error := capsys.readouterr().err) or "unrecognized" in error
