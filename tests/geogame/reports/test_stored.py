from __future__ import annotations

import csv
import gc
import gzip
import io
import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from benchmark.read import read_rounds
from geogame.accounts.models import Player
from geogame.accounts.services import choose_reports
from geogame.games.models import Guess
from geogame.games.services import start_game
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import withdraw
from geogame.registry.models import ModelVersion
from geogame.reports import stored
from geogame.reports.models import Refresh, ReportRows, StoredReport
from geogame.reports.queries import told_to_everybody
from geogame.reports.refresh import the_refresh
from geogame.reports.stored import ReportFailed, refresh_all
from geogame.round_sets.services import close, create
from tests.geogame.reports.played import play_rounds

MakeMap = Callable[..., Map]


def rows_of(report: StoredReport, kind: str) -> list[dict[str, str]]:
    file = report.files.get(kind=kind)
    found = list(csv.DictReader(io.StringIO(gzip.decompress(file.csv).decode())))
    lines = gzip.decompress(file.jsonl).decode().splitlines()
    assert len(found) == len(lines) == file.rows
    assert [set(json.loads(line)) for line in lines] == [set(row) for row in found]
    return found


def all_there_is(report: StoredReport) -> str:
    files = [gzip.decompress(file.csv).decode() for file in report.files.exclude(kind=ReportRows.Kind.ALL)]
    return "\n".join([json.dumps(report.public), json.dumps(report.summary), *files])


def test_what_was_played_is_counted(map_played: Map) -> None:
    assert refresh_all() == 1
    report = StoredReport.objects.get()
    assert (report.map, report.condition, report.source, report.rounds) == (map_played, "fair", "photo", 24)
    (model,) = report.public["models"]
    assert (model["rounds"], model["people"], model["panoramas"]) == (24, 4, 8)
    assert model["wins"] + model["ties"] + model["losses"] == 24
    assert model["sides"]["person"]["within_km"]["2500"] > 0
    assert the_refresh().state == Refresh.State.IDLE
    assert the_refresh().made_at


def test_made_again_it_is_the_same_report(map_played: Map) -> None:
    refresh_all()
    first = StoredReport.objects.get()
    refresh_all()
    second = StoredReport.objects.get()
    assert first.pk == second.pk
    for report in (first, second):
        for model in report.public["models"]:
            model.pop("each_person")  # numbered anew
    assert first.public == second.public


def test_conditions_maps_and_drawn_pictures_are_apart(
    map_played: Map, make_map: MakeMap, model_version: ModelVersion, people: list[Player]
) -> None:
    play_rounds(make_map(6, name="Drawn", drawn=True), model_version, people, each=5)
    play_rounds(make_map(6, name="Free"), model_version, people, each=5, condition="free")
    assert refresh_all() == 3
    found = set(StoredReport.objects.values_list("map__name", "condition", "source", "rounds"))
    assert found == {
        ("Test", "fair", "photo", 24),
        ("Drawn", "fair", "drawn", 20),
        ("Free", "free", "photo", 20),
    }


def test_models_are_named_by_their_weights(map_played: Map, model_version: ModelVersion) -> None:
    refresh_all()
    report = StoredReport.objects.get()
    assert [model["model"] for model in report.public["models"]] == [str(model_version)]
    assert model_version.player.token not in all_there_is(report)


def test_who_wants_no_part_in_reports_is_left_out(map_played: Map, people: list[Player]) -> None:
    choose_reports(player=people[0], in_reports=False)
    refresh_all()
    report = StoredReport.objects.get()
    assert report.rounds == 18
    assert report.public["models"][0]["people"] == 3
    assert people[0].token not in json.dumps(report.full)


def test_nobody_is_told_how_many_left(
    make_map: MakeMap, model_version: ModelVersion, make_player: Callable[..., Player]
) -> None:
    """Who reads that somebody left, and which numbers changed, knows whose they were."""
    others = [make_player(f"Guest {number}") for number in range(8)]
    play_rounds(make_map(12), model_version, others, each=10)
    refresh_all()
    assert StoredReport.objects.get().public["models"][0]["places"]["parts"]
    choose_reports(player=others[0], in_reports=False)
    refresh_all()
    report = StoredReport.objects.get()
    places = report.public["models"][0]["places"]
    assert (places["parts"], places["trivial"]) == ({}, [])
    assert "left_out" not in json.dumps(report.public)
    refresh_all()
    assert StoredReport.objects.get().public["models"][0]["places"] == places


def test_when_nobody_is_left_the_report_goes(map_played: Map, people: list[Player]) -> None:
    refresh_all()
    for person in people:
        choose_reports(player=person, in_reports=False)
    refresh_all()
    assert not StoredReport.objects.exists()


def test_no_token_of_anybody_is_told(map_played: Map, people: list[Player]) -> None:
    refresh_all()
    text = all_there_is(StoredReport.objects.get())
    for person in people:
        assert person.token not in text
        assert person.profile_token not in text
        assert person.name not in text
    assert '"person 4"' in text


def test_people_are_numbered_anew_each_time(map_played: Map, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an order that follows from the moment and the secret key."""
    rounds = stored.Rounds.from_rows(stored.rows_of(map_played))
    pairs = stored.pairs_of(rounds)
    orders = {tuple(sorted(stored._pseudonyms(pairs, str(salt)).items())) for salt in range(20)}
    assert len(orders) > 5


# --- Panoramas that everybody may be told of -------------------------------------------------------------
def retired(map_: Map) -> Panorama:
    panorama = map_.panoramas.order_by("pk")[0]
    withdraw(panorama)
    return panorama


def test_places_are_told_of_withdrawn_panoramas_alone(map_played: Map, tmp_path: Path) -> None:
    refresh_all()
    assert rows_of(StoredReport.objects.get(), ReportRows.Kind.TOLD) == []
    panorama = retired(map_played)
    refresh_all()
    report = StoredReport.objects.get()
    rows = rows_of(report, ReportRows.Kind.TOLD)
    guesses = Guess.objects.filter(round__panorama=panorama)
    assert len(rows) == guesses.count() > 0
    assert {(float(row["true_lat"]), float(row["true_lng"])) for row in rows} == {
        (panorama.lat, panorama.lng)
    }
    assert {row["panorama_id"] for row in rows} == {"panorama 1"}
    assert {row["player_kind"] for row in rows} == {"person", "model"}
    assert {len(row["answered_at"]) for row in rows} == {len("2026-11-23")}
    path = tmp_path / "told.csv"
    path.write_bytes(gzip.decompress(report.files.get(kind="told").csv))
    assert len(read_rounds(path)) == len(rows), "the benchmark reads them"


def test_a_panorama_that_lies_open_is_not_told(
    map_played: Map, make_player: Callable[..., Player], model_version: ModelVersion
) -> None:
    game = start_game(player=make_player("Late"), map_=map_played, version=None)
    panorama = game.rounds.get().panorama
    withdraw(panorama)
    assert told_to_everybody() == set()
    game.rounds.update(void_reason="withdrawn")
    assert told_to_everybody() == {panorama.pk}


def test_a_panorama_whose_walk_goes_on_is_not_told(make_map: MakeMap) -> None:
    map_ = make_map(4, groups=["walk", "walk", "", "alone"])
    walked, other, *single = map_.panoramas.order_by("pk")
    for panorama in (walked, *single):
        withdraw(panorama)
    assert told_to_everybody() == {panorama.pk for panorama in single}
    withdraw(other)
    assert told_to_everybody() == {walked.pk, other.pk, *(panorama.pk for panorama in single)}


def test_what_an_open_set_asks_for_is_told_once_it_is_closed(make_map: MakeMap) -> None:
    map_ = make_map(3)
    withdrawn = map_.panoramas.first()
    assert withdrawn
    round_set = create(name="Small", map_=map_, seed=1)
    withdraw(withdrawn)
    assert told_to_everybody() == set()
    close(round_set)
    assert told_to_everybody() == {withdrawn.pk}


# --- Many rounds ---------------------------------------------------------------------------------------
def test_the_rounds_are_let_go_before_the_rows_are_stored(
    map_played: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a million there may be no room for both, and the database is not locked while rows are written."""
    store, read = stored._File.store, stored.with_model_names
    alive: list[weakref.ref[Any]] = []
    seen: list[tuple[bool, bool]] = []

    def with_model_names(rounds: Any) -> Any:
        found = read(rounds)
        alive.append(weakref.ref(found[0]))
        return found

    def watched(self: Any, report: StoredReport) -> None:
        gc.collect()
        seen.append((alive[-1]() is None, self.csv.is_file() and self.jsonl.is_file()))
        store(self, report)

    monkeypatch.setattr(stored, "with_model_names", with_model_names)
    monkeypatch.setattr(stored._File, "store", watched)
    refresh_all()
    assert seen == [(True, True)] * 3


def test_the_process_that_makes_reports_keeps_no_queries(map_played: Map, settings: Any) -> None:
    settings.DEBUG = True
    call_command("refresh_reports")
    assert not any("INSERT" in query["sql"] for query in connection.queries)


# --- What goes wrong ------------------------------------------------------------------------------------
def test_a_map_that_fails_keeps_its_report_and_the_others_are_made(
    map_played: Map,
    make_map: MakeMap,
    model_version: ModelVersion,
    people: list[Player],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refresh_all()
    play_rounds(make_map(6, name="Other"), model_version, people, each=5)
    build = stored.build

    def broken(rounds: Any, **more: Any) -> Any:
        if "Test" in rounds.map.names:
            raise ValueError("broken")
        return build(rounds, **more)

    monkeypatch.setattr(stored, "build", broken)
    with pytest.raises(ReportFailed, match="Test: ValueError: broken"):
        refresh_all()
    assert set(StoredReport.objects.values_list("map__name", flat=True)) == {"Test", "Other"}
    assert (the_refresh().state, the_refresh().failures) == (Refresh.State.FAILED, 1)


def test_one_that_is_stopped_says_so(map_played: Map, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(rounds: Any, **more: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(stored, "build", stopped)
    with pytest.raises(SystemExit) as exit_:
        call_command("refresh_reports")
    assert exit_.value.code == 130
    assert the_refresh().state == Refresh.State.FAILED


def test_the_command_counts_what_it_made(map_played: Map, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("refresh_reports")
    assert "1 report made." in capsys.readouterr().out


def test_two_commands_do_not_make_them_at_once(map_played: Map) -> None:
    from geogame.lib.background import only_one
    from geogame.reports.management.commands.refresh_reports import MAKER

    with only_one(MAKER), pytest.raises(CommandError, match="Another process"):
        call_command("refresh_reports")
