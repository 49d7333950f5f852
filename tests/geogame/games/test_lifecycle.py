from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.errors import GameError
from geogame.games.lifecycle import close_overdue_rounds, go_without_model, open_overdue_rounds, settle
from geogame.games.models import Exposure, Game, Guess, Round
from geogame.games.picture_urls import picture_ahead_url
from geogame.games.services import next_round, place_guess, skip_round, start_game
from geogame.games.snapshots import snapshot
from geogame.lib.queue import ANSWER_ROUND
from geogame.panoramas.models import Map
from geogame.predictions.models import RULE, Prediction
from geogame.predictions.queries import view_name
from geogame.registry.models import ModelVersion
from geogame.reports.rows import rows_of
from tests.geogame.games.test_services import seal

MakeMap = Callable[..., Map]


def guess(game: Game, player: Player, *, lat: float = 1, lng: float = 2) -> Round:
    round_ = game.rounds.filter(state=Round.State.OPEN).get()
    place_guess(game=game, player=player, round_token=round_.token, lat=lat, lng=lng)
    round_.refresh_from_db()
    return round_


def predict_all(version: ModelVersion, map_: Map) -> None:
    for panorama in map_.panoramas.all():
        Prediction.objects.create(
            model_version=version,
            panorama=panorama,
            view=view_name(panorama.file_digest),
            rule=RULE,
            lat=50.0,
            lng=8.0,
            top_cells=[{"lat": 50.0, "lng": 8.0, "probability": 0.5}],
            distribution=b"\0" * 4,
            digest="d" * 64,
        )


def run_out(round_: Round, *, seconds_ago: float) -> None:
    Round.objects.filter(pk=round_.pk).update(deadline_at=timezone.now() - timedelta(seconds=seconds_ago))


# --- ready ---------------------------------------------------------------------------------------
def test_a_round_whose_answer_is_stored_waits_for_nobody(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = make_map()
    predict_all(model_version, map_)
    round_ = start_game(player=alice, map_=map_).rounds.get()
    assert round_.state == Round.State.OPEN
    assert Guess.objects.get().seal.digest


def test_a_stored_answer_of_a_model_whose_files_are_gone_is_not_called_new_to_it(
    alice: Player, make_map: MakeMap, model_version: ModelVersion, settings: Any, tmp_path: Path
) -> None:
    map_ = make_map()
    predict_all(model_version, map_)
    settings.MODEL_ROOT = tmp_path
    game = start_game(player=alice, map_=map_)
    guess(game, alice)
    assert game.rounds.get(number=1).guesses.get(player__kind="model").seal.seen_in_training is None
    assert [row.seen_in_training for row in rows_of() if row.player_kind == "model"] == [None]


def test_the_next_round_is_ready_before_it_is_asked_for(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = make_map()
    predict_all(model_version, map_)
    game = start_game(player=alice, map_=map_)
    first = guess(game, alice)
    following = game.rounds.get(number=2)
    assert following.state == Round.State.READY
    assert not Exposure.objects.filter(round=following).exists(), "nobody has seen it yet"
    game.refresh_from_db()
    shown = snapshot(game, alice)
    assert shown["round"]["number"] == 1
    assert shown["next"] == {"round": following.token, "url": picture_ahead_url(following)}
    next_round(game=game, player=alice, after=first.token)
    following.refresh_from_db()
    assert following.state == Round.State.OPEN
    assert Exposure.objects.filter(round=following).count() == 1


def test_a_round_that_nobody_asked_for_never_opens_and_takes_no_guess(
    alice: Player, make_map: MakeMap
) -> None:
    game = start_game(player=alice, map_=make_map())
    guess(game, alice)
    assert open_overdue_rounds() == 0
    following = game.rounds.get(number=2)
    assert following.state == Round.State.READY
    with pytest.raises(GameError, match="not part"):
        place_guess(game=game, player=alice, round_token=following.token, lat=1, lng=1)


def test_a_late_model_delays_the_next_round_from_the_moment_it_is_asked_for(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map())
    seal(game.rounds.get(), model_version)
    first = guess(game, alice)
    following = game.rounds.get(number=2)
    assert (following.state, following.answer_deadline) == (Round.State.PREPARING, None)
    next_round(game=game, player=alice, after=first.token)
    following.refresh_from_db()
    assert following.answer_deadline
    Round.objects.update(answer_deadline=timezone.now() - timedelta(seconds=1))
    assert open_overdue_rounds() == 1
    following.refresh_from_db()
    assert following.state == Round.State.OPEN
    assert "in time" in following.model_absent
    assert not seal(following, model_version), "a model never answers late"


def test_a_question_that_was_lost_is_asked_again_with_the_round(
    alice: Player, make_map: MakeMap, model_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(
        "geogame.games.lifecycle.enqueue", lambda task, *, queue, round_id: asked.append((task, round_id))
    )
    game = start_game(player=alice, map_=make_map())
    seal(game.rounds.get(), model_version)
    first = guess(game, alice)
    following = game.rounds.get(number=2)
    asked.clear()
    for _ in range(2):
        next_round(game=game, player=alice, after=first.token)
    assert asked == [(ANSWER_ROUND, following.pk)]
    assert seal(following, model_version)
    following.refresh_from_db()
    assert (following.state, following.model_absent) == (Round.State.OPEN, "")


def test_an_answer_that_was_stored_meanwhile_opens_the_round_that_is_asked_for(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = make_map()
    game = start_game(player=alice, map_=map_)
    seal(game.rounds.get(), model_version)
    first = guess(game, alice)
    predict_all(model_version, map_)
    next_round(game=game, player=alice, after=first.token)
    following = game.rounds.get(number=2)
    assert (following.state, following.model_absent) == (Round.State.OPEN, "")
    assert following.guesses.get().seal.digest


def test_an_answer_after_the_request_opens_the_round(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map())
    seal(game.rounds.get(), model_version)
    first = guess(game, alice)
    next_round(game=game, player=alice, after=first.token)
    following = game.rounds.get(number=2)
    assert seal(following, model_version)
    following.refresh_from_db()
    assert following.state == Round.State.OPEN


def test_the_last_guess_finishes_the_game(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map(1))
    guess(game, alice)
    game.refresh_from_db()
    assert game.state == Game.State.FINISHED
    assert game.finished_at


# --- time ----------------------------------------------------------------------------------------
def test_a_guess_within_the_grace_counts_and_its_time_is_the_limit(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map(), time_limit_s=30)
    round_ = game.rounds.get()
    Round.objects.update(opened_at=timezone.now() - timedelta(seconds=31))
    run_out(round_, seconds_ago=1)
    assert close_overdue_rounds() == 0
    guess(game, alice)
    assert Guess.objects.get().time_used_s == 30


def test_a_guess_after_the_grace_is_refused_and_the_round_is_a_time_out(
    alice: Player, make_map: MakeMap
) -> None:
    game = start_game(player=alice, map_=make_map(), time_limit_s=30)
    round_ = game.rounds.get()
    run_out(round_, seconds_ago=3)
    with pytest.raises(GameError) as refused:
        place_guess(game=game, player=alice, round_token=round_.token, lat=1, lng=2)
    assert refused.value.code == "too-late"
    assert close_overdue_rounds() == 1
    stored = Guess.objects.get()
    assert (stored.outcome, stored.lat, stored.points) == ("timeout", None, 0)
    round_.refresh_from_db()
    assert round_.state == Round.State.CLOSED
    with pytest.raises(GameError) as again:
        place_guess(game=game, player=alice, round_token=round_.token, lat=1, lng=2)
    assert again.value.code == "too-late"


def test_time_runs_out_while_the_clock_is_down(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map(), time_limit_s=30)
    run_out(game.rounds.get(), seconds_ago=3)
    settle(game)
    game.refresh_from_db()
    shown = snapshot(game, alice)
    result = shown["round"]["result"]
    assert result
    assert (result["you"]["outcome"], result["you"]["points"], result["winner"]) == ("timeout", 0, "nobody")


def test_the_snapshot_tells_the_time_left_by_the_servers_clock(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map(), time_limit_s=60)
    game.refresh_from_db()
    left_s = snapshot(game, alice)["round"]["time_left_s"]
    assert left_s is not None
    assert 55 < left_s <= 60


def test_no_other_time_limit_is_taken(alice: Player, make_map: MakeMap) -> None:
    with pytest.raises(GameError, match="these settings"):
        start_game(player=alice, map_=make_map(), time_limit_s=1)


# --- void ----------------------------------------------------------------------------------------
def test_a_picture_that_is_gone_makes_the_round_void_and_another_one_takes_its_place(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map(12))
    round_ = game.rounds.get()
    seal(round_, model_version)
    round_.panorama.path.unlink()
    skip_round(game=game, player=alice, round_token=round_.token)
    round_.refresh_from_db()
    game.refresh_from_db()
    assert (round_.state, bool(round_.void_reason), game.rounds_total) == (Round.State.CLOSED, True, 6)
    result = snapshot(game, alice)["round"]["result"]
    assert result
    assert (bool(result["void"]), result["winner"]) == (True, "nobody")
    assert list(rows_of()) == [], "a void round counts for no comparison, the model's answer included"


def test_a_picture_that_is_there_cannot_be_skipped(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map())
    with pytest.raises(GameError) as refused:
        skip_round(game=game, player=alice, round_token=game.rounds.get().token)
    assert refused.value.code == "picture-is-there"


def test_a_panorama_withdrawn_during_the_round_takes_no_guess(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map(12))
    panorama = game.rounds.get().panorama
    panorama.withdrawn_at = timezone.now()
    panorama.save()
    guess_of = game.rounds.get()
    place_guess(game=game, player=alice, round_token=guess_of.token, lat=1, lng=2)
    guess_of.refresh_from_db()
    assert guess_of.void_reason
    assert not Guess.objects.exists()


def test_a_round_whose_picture_went_before_it_opened_is_void(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map(12))
    round_ = game.rounds.get()
    round_.panorama.path.unlink()
    go_without_model(round_)
    round_.refresh_from_db()
    assert (round_.state, bool(round_.void_reason)) == (Round.State.CLOSED, True)
    next_round(game=game, player=alice, after=round_.token)
    assert game.rounds.get(number=2).wanted


# --- settings --------------------------------------------------------------------------------------
def test_the_fair_view_of_a_360_degree_picture_is_fair(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(projection="equirectangular")
    game = start_game(player=alice, map_=map_, condition=Game.Condition.FAIR)
    game.refresh_from_db()
    shown = snapshot(game, alice)["round"]
    assert (shown["condition"], shown["projection"]) == ("fair", "flat")
    picture = shown["picture"]
    assert picture
    assert picture["width"] == picture["height"]


def test_another_setting_is_another_game(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map()
    assert start_game(player=alice, map_=map_) != start_game(player=alice, map_=map_, time_limit_s=30)


def test_a_game_alone_seats_no_model(alice: Player, make_map: MakeMap, model_version: ModelVersion) -> None:
    game = start_game(player=alice, map_=make_map(), version=None)
    assert game.rounds.get().state == Round.State.OPEN
    assert snapshot(game, alice)["game"]["opponent"] is None
