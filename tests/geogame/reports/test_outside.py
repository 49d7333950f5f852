from __future__ import annotations

import pytest
from django.test import Client

from benchmark.rounds import Rounds
from geogame.panoramas.models import Map
from geogame.panoramas.services import withdraw
from geogame.registry.models import ModelVersion
from geogame.reports.models import ReportRows, StoredReport
from geogame.reports.outside import MARK, with_outside_players
from geogame.reports.refresh import what_is_there
from geogame.reports.rows import rows_of
from geogame.reports.stored import refresh_all
from geogame.round_sets.services import close, create
from tests.geogame.reports.test_stored import all_there_is
from tests.geogame.reports.test_stored import rows_of as told_rows
from tests.geogame.round_sets.taking_part import answer_all, player_renamed

NAME = "person 1"
SHOWN = f"{NAME}{MARK}"


@pytest.fixture
def map_with_set(map_played: Map) -> Map:
    """An outside player, who calls itself as reports call people, has answered all that people met."""
    round_set = create(name="Trial", map_=map_played, seed=1)
    robot = player_renamed(NAME)
    answer_all(robot, round_set, lat=45.0, lng=5.0)
    close(round_set)
    return map_played


def test_an_outside_player_stands_beside_our_model_and_is_no_person(
    map_with_set: Map, model_version: ModelVersion, client: Client
) -> None:
    refresh_all()
    report = StoredReport.objects.get()
    models = {model["model"]: model for model in report.public["models"]}
    assert set(models) == {str(model_version), SHOWN}
    assert models[SHOWN]["rounds"] == models[str(model_version)]["rounds"] == 24
    assert models[SHOWN]["people"] == 4, "it is none of them"
    page = client.get("/benchmark/test/fair/photo/").content.decode()
    assert f"Outside player {NAME}</h2>" in page
    assert f"Model {NAME}" not in page
    assert 'data-testid="outside"' in page


def test_only_closed_sets_are_told_and_closing_one_is_news(map_played: Map) -> None:
    round_set = create(name="Trial", map_=map_played, seed=1)
    answer_all(player_renamed(NAME), round_set)
    refresh_all()
    assert NAME + " (" not in all_there_is(StoredReport.objects.get())
    before = what_is_there()
    close(round_set)
    assert what_is_there() != before
    refresh_all()
    assert SHOWN in all_there_is(StoredReport.objects.get())


def test_rows_of_outside_players_come_behind_those_that_were_played(map_with_set: Map) -> None:
    played = list(rows_of(map_with_set))
    rows = list(with_outside_players(played))
    assert rows[: len(played)] == played
    assert {row.player_id for row in rows[len(played) :]} == {SHOWN}
    assert {row.round_id for row in rows[len(played) :]} == {row.round_id for row in played}
    assert len(Rounds.from_rows(rows)) == len(played) * 3 // 2


def test_a_name_with_the_token_of_our_model_stays_its_own(
    map_played: Map, model_version: ModelVersion
) -> None:
    name = f"PlaNet ({model_version.player.token})"[:60]
    round_set = create(name="Trial", map_=map_played, seed=1)
    answer_all(player_renamed(name), round_set)
    close(round_set)
    refresh_all()
    models = [model["model"] for model in StoredReport.objects.get().public["models"]]
    assert sorted(models) == sorted([str(model_version), f"{name}{MARK}"])


def test_single_answers_of_outside_players_are_not_told(map_with_set: Map) -> None:
    panorama = map_with_set.panoramas.order_by("pk")[0]
    withdraw(panorama)
    refresh_all()
    rows = told_rows(StoredReport.objects.get(), ReportRows.Kind.TOLD)
    assert rows
    assert not [row for row in rows if MARK in row["player_id"]]
