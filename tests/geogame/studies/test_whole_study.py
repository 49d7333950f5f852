"""A study from nothing to the figure: links, subjects who play through the pages, rows, the report."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from benchmark.rounds import Rounds
from geogame.accounts.models import Player
from geogame.games.models import Game, Round
from geogame.reports.rows import rows_of, rows_of_study
from geogame.studies.models import Study
from geogame.studies.queries import progress_of
from tests.conftest import ROOT
from tests.geogame.studies.conftest import study_command
from tests.geogame.studies.subjects import agree, play

MakeStudy = Callable[..., tuple[Study, list[str]]]


def report(*arguments: str) -> str:
    output = io.StringIO()
    call_command("benchmark", *arguments, stdout=output)
    return output.getvalue()


def played_to_the_end(links: list[str], rounds: int) -> None:
    for number, link in enumerate(links):
        client = Client()
        play(client, agree(client, link), rounds=rounds, lat=41.0 + number, lng=-8.0)
        assert 'data-testid="study-thanks"' in client.get(link).content.decode()


@pytest.mark.slow
def test_the_papers_study_from_links_to_the_report(make_study: MakeStudy, tmp_path: Path) -> None:
    study, links = make_study(subjects=10, rounds=5, panoramas=52)
    played_to_the_end(links, 5)
    shown = Round.objects.filter(game__plan__subject__study=study).values_list("panorama", flat=True)
    assert len(shown) == len(set(shown)) == 50
    table = report("--study", study.name, "--protocol", "planet-study")
    for of_the_paper in ("28", "1131.7", "2320.75"):
        assert of_the_paper in table.replace(",", "")
    content = json.loads(report("--study", study.name, "--protocol", "planet-study", "--format", "json"))
    [one] = content["protocol"]["studies"]
    assert one["deviations"] == [], "ten people, five panoramas each, nobody the same"
    assert content["protocol"]["paper"]["wins"] == 28
    pooled = content["comparisons"][0]
    assert (pooled["rounds"], pooled["people"], pooled["panoramas"]) == (50, 10, 50)
    assert pooled["condition"] == "fair"
    assert "10 of 10 subjects have finished" in table
    file = tmp_path / "rows.csv"
    assert "100 rows" in study_command("export", study.name, str(file))
    again = read_by_the_core(file)
    for comparison in (*content["comparisons"], *again["comparisons"]):
        for name in ("trivial", "trivial_fitted"):
            comparison.pop(name, None)  # fitted on the model's cells, which a file of rows does not have
    assert again["comparisons"] == content["comparisons"], "the file reproduces every figure"
    assert again["protocol"]["studies"][0]["deviations"] == []


def read_by_the_core(file: Path) -> Any:
    run = subprocess.run(
        [sys.executable, "-m", "benchmark", str(file), "--protocol", "planet-study", "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def test_exported_rows_name_nobody_and_record_consent(make_study: MakeStudy, tmp_path: Path) -> None:
    study, links = make_study()
    played_to_the_end(links, 2)
    file = tmp_path / "rows.csv"
    study_command("export", study.name, str(file))
    text = file.read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    people = [row for row in rows if row["player_kind"] == "person"]
    assert (len(rows), len(people)) == (8, 4)
    assert {row["consent"] for row in people} == {"1"}
    assert {row["player_id"] for row in people} == set(study.subjects.values_list("pseudonym", flat=True))
    for subject in study.subjects.select_related("player"):
        assert subject.player
        for private in (subject.token, subject.player.token, subject.player.profile_token):
            assert private not in text
    assert {row["exposure"] for row in people} == {"1"}


def test_no_other_report_has_the_rounds_of_a_study(make_study: MakeStudy) -> None:
    study, links = make_study()
    played_to_the_end(links, 2)
    assert list(rows_of()) == []
    assert "No rounds to compare yet" in report()
    assert len(Rounds.from_rows(rows_of_study(study))) == 8
    other, _ = make_study("Another")
    assert list(rows_of_study(other)) == []


def test_who_says_no_afterwards_is_left_out_and_counted(make_study: MakeStudy) -> None:
    study, links = make_study()
    client = Client()
    play(client, agree(client, links[0]), rounds=2)
    played_to_the_end(links[1:], 2)
    client.post("/account/data/reports/", {"in_reports": "no"})
    assert len(list(rows_of_study(study))) == 4
    assert "1 subject took it back" in report("--study", study.name)


def test_a_no_from_before_does_not_undo_the_yes_to_the_study(make_study: MakeStudy) -> None:
    study, links = make_study()
    first = Client()
    game = agree(first, links[0])
    player = game.seats.get(player__kind="person").player
    Player.objects.filter(pk=player.pk).update(in_reports=False, in_reports_chosen_at=player.created_at)
    play(first, game, rounds=2)
    assert len(list(rows_of_study(study))) == 4


def test_status_tells_who_opened_and_who_finished(make_study: MakeStudy) -> None:
    study, links = make_study(subjects=4)
    Client().get(links[0])
    client = Client()
    play(client, agree(client, links[1]), rounds=1)
    played_to_the_end(links[2:3], 2)
    printed = study_command("status", study.name, "--address", "https://arena.example.org/")
    lines = [line.split() for line in printed.splitlines() if "arena.example.org" in line]
    assert [" ".join(line[1:-3]).rstrip() for line in lines[:3]] == [
        "opened 0/2",
        "playing 1/2",
        "finished 2/2",
    ]
    assert "not opened" in printed
    assert f"https://arena.example.org{links[3]}" in printed
    assert "1 of 4 subjects has finished, 2 have agreed" in printed
    assert "They are told places and answers after the last round." in printed
    assert "It still runs" in printed


def test_after_its_end_no_link_works_and_the_games_are_over(make_study: MakeStudy) -> None:
    study, links = make_study(subjects=3)
    finished, leaving = Client(), Client()
    play(finished, agree(finished, links[0]), rounds=2)
    game = agree(leaving, links[1])
    play(leaving, game, rounds=1)
    assert "1 game ended" in study_command("close", study.name)
    for client, link in ((finished, links[0]), (leaving, links[1]), (Client(), links[2])):
        response = client.get(link)
        assert response.status_code == 409
        assert "This study is closed" in response.content.decode()
        assert client.post(f"{link}begin/", {"agree": "yes"}).status_code == 409
    game.refresh_from_db()
    assert game.state == Game.State.FINISHED
    assert game.rounds.count() == 1, "what was never shown is no round"
    assert "closed already" in study_command("close", study.name)
    assert [one.words for one in progress_of(study)] == ["finished", "broken off", "not opened"]
    assert "/study/" not in study_command("status", study.name)
    assert len(list(rows_of_study(study))) == 6, "what was answered stays"


def test_a_round_that_somebody_left_is_counted(make_study: MakeStudy) -> None:
    study, links = make_study()
    client = Client()
    game = agree(client, links[0])
    play(client, game, rounds=1)
    client.post(
        f"/api/games/{game.token}/next/",
        json.dumps({"round": game.rounds.get(number=1).token}),
        content_type="application/json",
    )
    assert "without an answer: 1." in report("--study", study.name)
    study_command("close", study.name)
    assert "without an answer: 1." in report("--study", study.name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "Atlantis"], "There is no study “Atlantis”. Studies: “Pilot”"),
        (["close", "Atlantis"], "no study"),
        (["export", "Atlantis", "rows.csv"], "no study"),
        (["export", "Pilot", "/proc/nothing/rows.csv"], "cannot write"),
        (["export", "Pilot", "rows.json"], "must end in .csv"),
    ],
)
def test_what_cannot_be_is_said(make_study: MakeStudy, arguments: list[str], message: str) -> None:
    make_study()
    with pytest.raises(CommandError, match=message):
        study_command(*arguments)


def test_a_report_is_of_a_map_or_of_a_study(make_study: MakeStudy) -> None:
    study, _ = make_study()
    with pytest.raises(CommandError, match="a study has one map"):
        report("--study", study.name, "--map", study.map.name)
    with pytest.raises(CommandError, match="no part in a study"):
        report("--study", study.name, "--players")
    with pytest.raises(CommandError, match="no study “Atlantis”"):
        report("--study", "Atlantis")
    assert "0 of 2 subjects have finished" in report("--study", study.name)
