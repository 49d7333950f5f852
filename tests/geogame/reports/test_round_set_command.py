from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from geogame.accounts.models import Player
from geogame.games.models import Plan, PlannedRound
from geogame.panoramas.models import Map
from geogame.round_sets.models import OutsidePlayer, RoundSet
from geogame.round_sets.services import token_digest
from tests.geogame.round_sets.taking_part import answer_all, play, player_named


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def test_a_set_from_its_making_to_the_table(
    make_map: Callable[..., Map], alice: Player, tmp_path: Path
) -> None:
    map_ = make_map(4, licence="CC0")
    made = run("round_set", "create", "Trial", "--map", "Test", "--count", "3", "--seed", "5")
    assert "“Trial@1” is open: 3 rounds of “Test” (--seed 5)." in made
    token = run("round_set", "token", "Robot").strip()
    player, round_set = OutsidePlayer.objects.get(), RoundSet.objects.get()
    assert player.token_digest == token_digest(token)
    answer_all(player, round_set)
    play(alice, map_)
    assert "No rounds to compare yet" in run("benchmark", "--players"), "sealed"
    listed = run("round_set", "list")
    assert "Trial@1: open, 3 rounds of “Test”, 1 outside player" in listed
    assert "outside player Robot, since" in listed
    assert "is closed" in run("round_set", "close", "Trial")
    assert "was closed already" in run("round_set", "close", "Trial@1")
    report = json.loads(run("benchmark", "--players", "Robot", "--format", "json"))
    assert next((one["model"], one["person"], one["rounds"]) for one in report["comparisons"]) == (
        "Robot",
        "all",
        3,
    )
    assert "Robot answered 3 of 3 rounds of the set Trial@1." in report["notes"]
    assert any("taken at their word" in note for note in report["notes"])
    assert json.loads(run("benchmark", "--format", "json"))["comparisons"] == []
    file, rows = tmp_path / "set.zip", tmp_path / "rows.csv"
    assert "3 rounds, 3 pictures, 9 rows" in run("round_set", "export", "Trial", str(file))
    assert "9 rows" in run("round_set", "rows", "Trial", str(rows))
    before = rows.read_bytes()
    RoundSet.objects.all().delete()
    assert "“Trial@1” is here, closed: 0 pictures added, 3 here already." in run(
        "round_set", "import", str(file)
    )
    imported = json.loads(run("benchmark", "--players", "--format", "json"))
    assert "The set Trial@1 came from another server, with Robot." in imported["notes"]
    run("round_set", "rows", "Trial", str(rows))
    assert rows.read_bytes() == before
    assert "ends here" in run("round_set", "revoke", "Robot")
    assert "ended already" in run("round_set", "revoke", "Robot")


def test_an_open_set_goes_out_without_its_truth(make_map: Callable[..., Map], tmp_path: Path) -> None:
    make_map(2, licence="CC0")
    run("round_set", "create", "Trial", "--map", "Test")
    assert "tells no place" in run("round_set", "export", "Trial", str(tmp_path / "set.zip"))
    assert "2 pictures" in run("round_set", "export", "Trial", str(tmp_path / "set.zip"), "--with-truth")


def test_a_closed_set_goes_out_with_places_that_are_asked_for_only_when_told_so(
    make_map: Callable[..., Map], tmp_path: Path
) -> None:
    make_map(3, licence="CC0")
    run("round_set", "create", "Trial", "--map", "Test")
    run("round_set", "close", "Trial")
    run("round_set", "create", "Newer", "--map", "Test", "--count", "2")
    for action, file in (("export", tmp_path / "set.zip"), ("rows", tmp_path / "rows.csv")):
        with pytest.raises(CommandError, match="places of 2 rounds are still asked for") as caught:
            run("round_set", action, "Trial", str(file))
        assert caught.value.returncode == 2
        assert not file.exists()
        run("round_set", action, "Trial", str(file), "--with-truth")
        assert file.exists()
        file.unlink()
    run("round_set", "close", "Newer")
    assert "3 pictures" in run("round_set", "export", "Trial", str(tmp_path / "set.zip"))


def test_the_table_with_outside_players_writes_no_places_that_are_asked_for(
    make_map: Callable[..., Map], alice: Player, tmp_path: Path
) -> None:
    map_ = make_map(3)
    run("round_set", "create", "Trial", "--map", "Test")
    answer_all(player_named("Robot"), RoundSet.objects.get())
    player_named("Idle")
    play(alice, map_)
    run("round_set", "close", "Trial")
    run("round_set", "create", "Newer", "--map", "Test", "--count", "2")
    folder = tmp_path / "report"
    with pytest.raises(
        CommandError, match="“Trial@1” is closed, but the places of 2 rounds are still asked for"
    ):
        run("benchmark", "--players", "--out", str(folder))
    assert not folder.exists()
    with pytest.raises(CommandError, match="the places of 2 rounds are still asked for"):
        run("benchmark", "--players", "--format", "html")
    assert "Robot" in run("benchmark", "--players"), "a table names no place"
    run("benchmark", "--players", "Idle", "--out", str(tmp_path / "idle"))
    run("benchmark", "--players", "--out", str(folder), "--with-truth")
    assert (folder / "rows.csv").is_file()
    run("round_set", "close", "Newer")
    run("benchmark", "--players", "--out", str(tmp_path / "afterwards"))


def test_a_closed_set_with_a_picture_of_a_study_stays_here(
    make_map: Callable[..., Map], tmp_path: Path
) -> None:
    panorama = make_map(2, licence="CC0").panoramas.earliest("pk")
    run("round_set", "create", "Trial", "--map", "Test")
    PlannedRound.objects.create(plan=Plan.objects.create(), number=1, panorama=panorama)
    run("round_set", "close", "Trial")
    with pytest.raises(CommandError, match="places of 1 round are still asked for"):
        run("round_set", "export", "Trial", str(tmp_path / "set.zip"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create", "Trial", "--map", "Atlantis"), "Maps: “Test”"),
        (("create", "Trial", "--map", "Test", "--count", "0"), "--count must be 1 or more"),
        (("create", "Trial", "--map", "Test", "--count", "9"), "has 2 panoramas for a new set"),
        (("close", "Trial"), "Round sets: none yet"),
        (("revoke", "Robot"), "Outside players: none yet"),
        (("import", "/nowhere/set.zip"), "cannot read /nowhere/set.zip"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    make_map: Callable[..., Map], arguments: tuple[str, ...], message: str
) -> None:
    make_map(2)
    with pytest.raises(CommandError, match=message) as caught:
        run("round_set", *arguments)
    assert caught.value.returncode == 2


def test_a_file_that_cannot_be_written_is_named(make_map: Callable[..., Map], tmp_path: Path) -> None:
    make_map(2)
    run("round_set", "create", "Trial", "--map", "Test")
    with pytest.raises(CommandError, match="its name must end in"):
        run("round_set", "export", "Trial", str(tmp_path / "set.tar"))
    with pytest.raises(CommandError, match="its answers are sealed"):
        run("round_set", "rows", "Trial", str(tmp_path / "rows.csv"))


def test_an_unknown_outside_player_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="no outside player “Robot”"):
        run("benchmark", "--players", "Robot")


def test_ctrl_c_leaves_nothing(make_map: Callable[..., Map], monkeypatch: pytest.MonkeyPatch) -> None:
    make_map(2)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("geogame.round_sets.services.fair_picture", interrupted)
    with pytest.raises(CommandError, match=r"Stopped\. Nothing was changed"):
        run("round_set", "create", "Trial", "--map", "Test")
    assert not RoundSet.objects.exists()
