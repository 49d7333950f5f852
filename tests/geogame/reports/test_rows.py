from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmark.report import build
from benchmark.rounds import Rounds, Row
from geogame.accounts.models import Player
from geogame.accounts.services import choose_reports, player_of_model
from geogame.games.challenges import accept, send
from geogame.games.lifecycle import go_without_model, seal_answer
from geogame.games.models import Game, Round
from geogame.games.seals import CellProbability, ModelAnswer
from geogame.games.services import next_round, place_guess, start_game
from geogame.opponent.words import COULD_NOT_ANSWER
from geogame.panoramas.models import Map, Panorama
from geogame.predictions.models import Prediction
from geogame.registry import queries as registry
from geogame.registry.models import ModelVersion
from geogame.reports.queries import rounds_alone
from geogame.reports.rows import name_of, rows_of, source_of, year_of
from planet_core.geography import countries_at, country_at
from planet_core.model_directory import PARTITION
from planet_core.partition import Partition
from tests.geogame.games.playing import play

MakeMap = Callable[..., Map]
MakePlayer = Callable[..., Player]


def cells_of(version: ModelVersion) -> Partition:
    return Partition.load(version.path / PARTITION)


def predicted(version: ModelVersion, panorama: Panorama, best: int = 0) -> Prediction:
    """A stored prediction that puts 0.7 into one cell and the rest into the others."""
    partition = cells_of(version)
    values = np.full(len(partition), 0.3 / (len(partition) - 1), dtype="<f4")
    values[best] = 0.7
    lat, lng = partition.centers()
    content = values.tobytes()
    return Prediction.objects.create(
        model_version=version,
        panorama=panorama,
        view="fair",
        rule="top-cell",
        lat=lat[best],
        lng=lng[best],
        top_cells=[],
        distribution=content,
        digest=hashlib.sha256(content).hexdigest(),
    )


def play_with_predictions(player: Player, map_: Map, version: ModelVersion, *, best: int = 0) -> Game:
    """A game to its end, in which the version answers what it predicts."""
    game = start_game(player=player, map_=map_)
    while True:
        round_: Round = game.rounds.filter(wanted=True).latest("number")
        prediction = Prediction.objects.filter(panorama=round_.panorama).first()
        prediction = prediction or predicted(version, round_.panorama, best)
        answer = ModelAnswer(
            lat=prediction.lat,
            lng=prediction.lng,
            rule=prediction.rule,
            top_cells=[CellProbability(prediction.lat, prediction.lng, 0.7)],
            prediction_digest=prediction.digest,
            seen_in_training=False,
        )
        seal_answer(round_id=round_.pk, model=player_of_model(version), answer=answer)
        place_guess(game=game, player=player, round_token=round_.token, lat=45.0, lng=5.0)
        next_round(game=game, player=player, after=round_.token)
        game.refresh_from_db()
        if game.state == Game.State.FINISHED:
            return game


def sides(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """People's and models'."""
    return tuple([row for row in rows if row.player_kind == kind] for kind in ("person", "model"))  # type: ignore[return-value]


def test_a_persons_row_says_who_played_by_stratum(make_player: MakePlayer, make_map: MakeMap) -> None:
    guest, account = make_player("Guest"), make_player("ann", account=True)
    map_ = make_map(12)
    games = [play(start_game(player=guest, map_=map_), guest) for _ in range(2)]
    play(start_game(player=account, map_=map_), account)
    of_game = {
        token: {row.games_played for row in rows_of() if row.round_id in set(rounds)}
        for token, rounds in ((g.token, g.rounds.values_list("token", flat=True)) for g in games)
    }
    assert list(of_game.values()) == [{0}, {1}]
    rows = list(rows_of())
    assert {row.guest for row in rows if row.player_id == guest.token} == {True}
    assert {(row.guest, row.games_played) for row in rows if row.player_id == account.token} == {(False, 0)}
    assert {row.scoring_version for row in rows} == {1}
    assert all(row.time_s is not None and row.time_s >= 0 for row in rows)


def test_who_registers_later_was_a_guest_then(
    make_player: MakePlayer, make_map: MakeMap, django_user_model: type
) -> None:
    guest = make_player("Guest")
    map_ = make_map(12)
    play(start_game(player=guest, map_=map_), guest)
    guest.user = django_user_model.objects.create_user("later")  # type: ignore[attr-defined]
    guest.save()
    play(start_game(player=guest, map_=map_), guest)
    assert [(row.guest, row.games_played) for row in rows_of()] == [(True, 0)] * 5 + [(False, 1)] * 5


def test_games_before_are_those_that_began_before(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(12)
    first, second = (play(start_game(player=alice, map_=map_), alice) for _ in range(2))
    Game.objects.filter(pk=first.pk).update(created_at=timezone.now() + timedelta(days=1))
    tokens = set(second.rounds.values_list("token", flat=True))
    assert {row.games_played for row in rows_of() if row.round_id in tokens} == {0}


def test_a_models_row_has_what_it_gave_to_countries(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    partition = cells_of(model_version)
    lat, lng = partition.centers()
    on_land = int(np.flatnonzero(countries_at(lat, lng) != "")[0])
    play_with_predictions(alice, make_map(5), model_version, best=on_land)
    people, models = sides(list(rows_of()))
    assert {row.country_probabilities is None and row.confidence is None for row in people} == {True}
    expected = registry.cell_countries(model_version).probabilities(
        np.frombuffer(Prediction.objects.first().distribution, "<f4")  # type: ignore[union-attr]
    )
    for row in models:
        assert row.country_probabilities == pytest.approx(expected, abs=1e-6)
        assert row.lat is not None
        assert row.lng is not None
        assert row.confidence == pytest.approx(expected[country_at(row.lat, row.lng)], abs=1e-6)
        assert 0 < (row.confidence or 0) < 1


def test_an_answer_at_sea_has_no_confidence(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    lat, lng = cells_of(model_version).centers()
    at_sea = int(np.flatnonzero(countries_at(lat, lng) == "")[0])
    play_with_predictions(alice, make_map(5), model_version, best=at_sea)
    _, models = sides(list(rows_of()))
    assert {row.confidence for row in models} == {0.0}


def test_a_prediction_that_is_gone_or_damaged_leaves_its_columns_open(
    alice: Player, make_map: MakeMap, model_version: ModelVersion, caplog: pytest.LogCaptureFixture
) -> None:
    play_with_predictions(alice, make_map(5), model_version)
    first, *others = Prediction.objects.all()
    Prediction.objects.filter(pk=first.pk).update(distribution=b"\0" * 5)
    for one in others:
        one.delete()
    _, models = sides(list(rows_of()))
    assert {(row.confidence, row.country_probabilities) for row in models} == {(None, None)}
    assert "damaged" in caplog.text


def test_a_version_without_files_leaves_its_columns_open(
    alice: Player, make_map: MakeMap, model_version: ModelVersion, tmp_path: Path, settings: object
) -> None:
    play_with_predictions(alice, make_map(5), model_version)
    settings.MODEL_ROOT = tmp_path  # type: ignore[attr-defined]
    _, models = sides(list(rows_of()))
    assert len(models) == 5
    assert {(row.confidence, row.near_duplicate, row.same_sequence) for row in models} == {(None, None, None)}


@pytest.mark.parametrize(
    ("taken_at", "year"),
    [
        ("2019-05-02T10:00", 2019),
        ("2019:05:02 10:00:00", 2019),
        ("20190502", 2019),
        ("1998", 1998),
        ("", None),
        ("02.05.2019", None),
        ("1565222222222", None),
        ("2012345678901", None),
        ("20195", None),
    ],
)
def test_the_year_of_a_picture(taken_at: str, year: int | None) -> None:
    assert year_of(taken_at) == year


@pytest.mark.parametrize(
    ("source", "drawn", "name"),
    [
        ("https://www.example.org/picture/1", False, "example.org"),
        ("Town archive", False, "Town archive"),
        ("", False, "photo"),
        ("drawn", False, "photo"),
        ("http://[", False, "http://["),
        ("anything", True, "drawn"),
    ],
)
def test_who_a_picture_is_from(source: str, drawn: bool, name: str) -> None:
    assert source_of(Panorama(source=source, drawn=drawn)) == name


def test_rows_carry_the_picture(alice: Player, make_map: MakeMap) -> None:
    play(start_game(player=alice, map_=make_map(5, source="https://example.org/1", taken_at="2014")), alice)
    assert {(row.source, row.captured_year) for row in rows_of()} == {("example.org", 2014)}
    Panorama.objects.update(drawn=True)
    assert {(row.source, row.captured_year) for row in rows_of()} == {("drawn", None)}


def test_who_said_no_is_in_no_row_and_others_have_a_pseudonym(
    make_player: MakePlayer, make_map: MakeMap
) -> None:
    silent, open_ = make_player("silent", account=True), make_player("named", account=True)
    map_ = make_map(5)
    for player in (silent, open_):
        play(start_game(player=player, map_=map_), player)
    Player.objects.filter(pk=silent.pk).update(in_reports=False)
    rows = list(rows_of())
    assert {row.player_id for row in rows} == {open_.token}
    assert "named" not in repr(rows)


def test_consent_is_known_of_those_who_chose_alone(make_player: MakePlayer, make_map: MakeMap) -> None:
    chose, silent = make_player("chose", account=True), make_player("silent", account=True)
    map_ = make_map(5)
    for player in (chose, silent):
        play(start_game(player=player, map_=map_), player)
    choose_reports(player=chose, in_reports=True)
    assert {row.player_id: row.consent for row in rows_of()} == {chose.token: True, silent.token: None}


def play_without_answers(player: Player, map_: Map, *reasons: str, **more: Any) -> Game:
    """A game against the model in play, whose rounds open without it, each for its reason; "" is late."""
    game = start_game(player=player, map_=map_, **more)
    for number, reason in enumerate(reasons, 1):
        round_ = game.rounds.get(number=number)
        go_without_model(round_, reason=reason)
        place_guess(game=game, player=player, round_token=round_.token, lat=45.0, lng=5.0)
        next_round(game=game, player=player, after=round_.token)
    return game


def test_what_a_model_did_not_answer_is_a_row_with_its_status(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    play_without_answers(alice, make_map(6), COULD_NOT_ANSWER, "", "")
    people, models = sides(list(rows_of()))
    assert [row.outcome for row in people] == ["answered"] * 3
    assert [row.outcome for row in models] == ["error", "timeout", "timeout"]
    assert [row.round_id for row in models] == [row.round_id for row in people]
    assert {(row.lat, row.lng, row.seen_in_training) for row in models} == {(None, None, False)}
    assert {row.player_id for row in models} == {name_of(player_of_model(model_version))}
    assert {row.condition for row in models} == {"fair"}
    (comparison, _) = build(Rounds.from_rows(rows_of()))["comparisons"]
    assert (comparison["rounds"], comparison["wins"], comparison["losses"]) == (3, 0, 3)
    assert comparison["sides"]["model"]["outcomes"] == {
        "answered": 0,
        "timeout": 2,
        "refused": 0,
        "error": 1,
    }
    assert rounds_alone() == 0


def test_who_plays_alone_has_no_model_that_failed(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    play_without_answers(alice, make_map(6), "", version=None)
    assert sides(list(rows_of()))[1] == []
    assert rounds_alone() == 1


def test_a_round_of_a_challenge_without_the_model_is_no_failure(
    alice: Player, make_player: MakePlayer, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = play_without_answers(alice, make_map(5), *[""] * 5)
    game.refresh_from_db()
    ben = make_player("ben", account=True)
    again = accept(challenge=send(game=game, player=alice), player=ben)
    play(again, ben)
    people, models = sides(list(rows_of()))
    assert len(people) == 10
    assert len(models) == 5
    assert rounds_alone() == 5


def test_a_failure_of_a_model_that_trained_there_does_not_count(
    alice: Player, make_map: MakeMap, model_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_without_answers(alice, make_map(6), "")
    monkeypatch.setattr("geogame.reports.rows.trained_on", lambda version, pictures: [True])
    report = build(Rounds.from_rows(rows_of()))
    assert report["comparisons"] == []
    assert [one["apart"] for one in report["apart"]] == ["the model trained on it"]


def queries(rows: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        list(rows())  # type: ignore[call-overload]
    return len(asked)


def test_as_many_queries_for_few_rows_as_for_many(
    make_player: MakePlayer, make_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = make_map(12)
    alice = make_player("alice", account=True)
    play_with_predictions(alice, map_, model_version)
    few, rows = queries(rows_of), len(list(rows_of()))
    for name in ("ben", "cleo", "dan"):
        player = make_player(name, account=True)
        play_with_predictions(player, map_, model_version)
        play_with_predictions(player, map_, model_version)
    assert len(list(rows_of())) >= 5 * rows
    assert queries(rows_of) == few == 8
    play_without_answers(alice, map_, *[""] * 3)
    few = queries(rows_of)
    play_without_answers(alice, map_, *[""] * 5)
    assert queries(rows_of) == few == 9


def test_a_prediction_is_looked_at_once(
    make_player: MakePlayer, make_map: MakeMap, model_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    map_ = make_map(5)
    for name in ("ann", "ben", "cleo"):
        play_with_predictions(make_player(name), map_, model_version)
    cells = registry.cell_countries(model_version)
    calls: list[int] = []

    class Counting:
        def probabilities(self, values: object) -> dict[str, float]:
            calls.append(1)
            return cells.probabilities(values)  # type: ignore[arg-type]

    monkeypatch.setattr("geogame.reports.beliefs.cell_countries", lambda version: Counting())
    monkeypatch.setattr("geogame.reports.rows.CHUNK", 4)
    _, models = sides(list(rows_of()))
    assert len(models) == 15
    assert len(calls) == 1, "all five predictions are the same distribution"
    assert all(row.country_probabilities for row in models)
