from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from geopy.distance import great_circle

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.errors import GameError
from geogame.games.lifecycle import open_overdue_rounds, seal_answer
from geogame.games.models import Exposure, Game, Guess, Round, Seal
from geogame.games.seals import CellProbability, ModelAnswer
from geogame.games.services import next_round, place_guess, start_game
from geogame.panoramas.models import Map
from geogame.panoramas.services import unpublish_map
from geogame.registry.models import ModelVersion

MakeMap = Callable[..., Map]


def answer(lat: float = 50.0, lng: float = 8.0) -> ModelAnswer:
    return ModelAnswer(
        lat=lat,
        lng=lng,
        rule="top-cell",
        top_cells=[CellProbability(lat, lng, 0.4)],
        prediction_digest="d" * 64,
        seen_in_training=False,
    )


def seal(round_: Round, version: ModelVersion, **place: float) -> bool:
    return seal_answer(round_id=round_.pk, model=player_of_model(version), answer=answer(**place))


def play_game(player: Player, map_: Map, seed: int = 1) -> Game:
    """A whole game alone, always guessing (0, 0)."""
    rng = random.Random(seed)
    game = start_game(player=player, map_=map_, rng=rng)
    while True:
        round_ = game.rounds.last()
        assert round_
        place_guess(game=game, player=player, round_token=round_.token, lat=0, lng=0, rng=rng)
        next_round(game=game, player=player, after=round_.token)
        game.refresh_from_db()
        if game.state == Game.State.FINISHED:
            return game


def test_a_game_alone_opens_its_first_round_at_once(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map())
    round_ = game.rounds.get()
    assert (round_.state, round_.number) == (Round.State.OPEN, 1)
    assert "alone" in round_.model_absent


def test_a_game_keeps_the_scale_of_its_map(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map()
    game = start_game(player=alice, map_=map_)
    assert game.scale_km == map_.scale_km
    assert map_.scale_km == pytest.approx(great_circle((40, -10), (45, 5), radius=6371.0088).km, abs=0.001)
    assert game.scoring_version == 1


def test_a_round_waits_for_the_model(alice: Player, make_map: MakeMap, model_version: ModelVersion) -> None:
    round_ = start_game(player=alice, map_=make_map()).rounds.get()
    assert round_.state == Round.State.PREPARING
    assert not Exposure.objects.exists()
    with pytest.raises(GameError, match="not open yet"):
        place_guess(game=round_.game, player=alice, round_token=round_.token, lat=0, lng=0)


def test_the_answer_of_the_model_opens_the_round(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    round_ = start_game(player=alice, map_=make_map()).rounds.get()
    assert seal(round_, model_version)
    round_.refresh_from_db()
    assert round_.state == Round.State.OPEN
    assert Exposure.objects.get(player=alice).times_seen == 0


def test_the_seal_is_the_digest_of_the_whole_answer(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    round_ = start_game(player=alice, map_=make_map()).rounds.get()
    seal(round_, model_version, lat=51.5, lng=-0.1)
    stored = Seal.objects.get()
    assert hashlib.sha256(stored.preimage.encode()).hexdigest() == stored.digest
    content = json.loads(stored.preimage)
    assert (content["lat"], content["lng"], content["rule"]) == (51.5, -0.1, "top-cell")
    assert (content["model"], content["round"]) == (model_version.digest, round_.token)
    assert content["distribution_sha256"] == "d" * 64
    assert len(content["salt"]) == 32


def test_no_answer_in_time_opens_the_round_without_the_model(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    round_ = start_game(player=alice, map_=make_map()).rounds.get()
    assert open_overdue_rounds() == 0
    Round.objects.update(answer_deadline=timezone.now() - timedelta(seconds=1))
    assert open_overdue_rounds() == 1
    round_.refresh_from_db()
    assert (round_.state, "in time" in round_.model_absent) == (Round.State.OPEN, True)
    assert not seal(round_, model_version), "a model never answers late"
    assert not Guess.objects.exists()


def test_the_model_answers_once(alice: Player, make_map: MakeMap, model_version: ModelVersion) -> None:
    round_ = start_game(player=alice, map_=make_map()).rounds.get()
    assert seal(round_, model_version)
    assert not seal(round_, model_version, lat=1, lng=1)
    assert Guess.objects.get().lat == 50.0


def test_a_guess_closes_the_round_of_one_person(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map())
    round_ = game.rounds.get()
    place_guess(game=game, player=alice, round_token=round_.token, lat=round_.panorama.lat, lng=-9.0)
    round_.refresh_from_db()
    assert round_.state == Round.State.CLOSED
    guess = Guess.objects.get()
    assert guess.distance_km is not None
    assert guess.condition == Round.Condition.FAIR


def test_the_same_guess_twice_changes_nothing(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map())
    token = game.rounds.get().token
    for _ in range(2):
        place_guess(game=game, player=alice, round_token=token, lat=1, lng=2)
    assert Guess.objects.count() == 1


def test_another_guess_for_the_round_is_refused(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map())
    token = game.rounds.get().token
    place_guess(game=game, player=alice, round_token=token, lat=1, lng=2)
    with pytest.raises(GameError) as refused:
        place_guess(game=game, player=alice, round_token=token, lat=3, lng=4)
    assert refused.value.code == "already-guessed"
    assert Guess.objects.get().lat == 1


def test_a_round_of_another_game_is_refused(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map()
    one, other = begin_two_games(alice, map_)
    with pytest.raises(GameError, match="not part"):
        place_guess(game=one, player=alice, round_token=other.rounds.get().token, lat=1, lng=2)


def test_the_next_round_comes_after_the_guess_only(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map())
    with pytest.raises(GameError, match="guess first"):
        next_round(game=game, player=alice, after=game.rounds.get().token)


def test_asking_twice_for_the_next_round_makes_one(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map())
    token = game.rounds.get().token
    place_guess(game=game, player=alice, round_token=token, lat=1, lng=2)
    for _ in range(2):
        next_round(game=game, player=alice, after=token)
    assert game.rounds.count() == 2


def test_five_rounds_finish_a_game(alice: Player, make_map: MakeMap) -> None:
    game = play_game(alice, make_map(12))
    assert game.rounds.count() == 5
    assert game.finished_at
    next_round(game=game, player=alice, after=game.rounds.get(number=5).token)
    assert game.rounds.count() == 5


def test_a_player_meets_nothing_twice_while_unseen_remains(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(12)
    seen = [
        pk
        for seed in range(2)
        for pk in play_game(alice, map_, seed).rounds.values_list("panorama", flat=True)
    ]
    assert len(set(seen)) == 10
    third = play_game(alice, map_).rounds.values_list("panorama", flat=True)
    assert len(set(seen) | set(third)) == 12


def test_a_second_click_gets_the_game_just_begun(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map()
    assert start_game(player=alice, map_=map_) == start_game(player=alice, map_=map_)


def begin_two_games(player: Player, map_: Map) -> tuple[Game, Game]:
    """Two open games: the first has a guess, so that it is not handed out again."""
    first = start_game(player=player, map_=map_)
    token = first.rounds.get().token
    place_guess(game=first, player=player, round_token=token, lat=1, lng=2)
    next_round(game=first, player=player, after=token)
    return first, start_game(player=player, map_=map_)


def test_what_lies_open_in_another_game_is_not_drawn(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(2)
    first, second = begin_two_games(alice, map_)
    assert first.rounds.get(number=2).panorama != second.rounds.get().panorama


def test_a_map_that_shrinks_ends_the_game_early(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(3)
    game = start_game(player=alice, map_=map_)
    token = game.rounds.get().token
    map_.panoramas.set([game.rounds.get().panorama])
    place_guess(game=game, player=alice, round_token=token, lat=1, lng=2)
    next_round(game=game, player=alice, after=token)
    game.refresh_from_db()
    assert (game.state, game.rounds_total) == (Game.State.FINISHED, 1)
    assert "ended early" in game.note


def test_when_all_lies_open_elsewhere_that_game_comes_first(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(1)
    game = start_game(player=alice, map_=map_)
    Guess.objects.create(round=game.rounds.get(), player=alice, lat=1, lng=2, condition="fair")
    with pytest.raises(GameError) as refused:
        start_game(player=alice, map_=map_)
    assert refused.value.code == "finish-first"


def test_a_truth_learnt_in_another_game_since_the_round_opened_is_counted(
    alice: Player, make_map: MakeMap
) -> None:
    _, second = begin_two_games(alice, make_map(4, groups=["walk", "walk", "walk", "walk"]))
    place_guess(game=second, player=alice, round_token=second.rounds.get().token, lat=1, lng=2)
    guess = Guess.objects.get(round__game=second)
    assert (guess.times_revealed, guess.group_revealed) == (0, 1)


def test_the_same_place_at_180_degrees_is_the_same_guess(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map())
    token = game.rounds.get().token
    for lng in (180, -180):
        place_guess(game=game, player=alice, round_token=token, lat=0, lng=lng)
    assert Guess.objects.get().lng == -180


def test_a_model_whose_files_are_gone_stops_no_game(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    ModelVersion.objects.update(directory="gone")
    assert start_game(player=alice, map_=make_map()).rounds.get().state == Round.State.PREPARING


def test_each_exposure_counts_the_ones_before(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(5)
    play_game(alice, map_)
    play_game(alice, map_)
    assert sorted(Exposure.objects.values_list("times_seen", flat=True)) == [0] * 5 + [1] * 5


def test_a_walk_gives_one_round_a_game(alice: Player, make_map: MakeMap) -> None:
    game = play_game(alice, make_map(9, groups=["walk"] * 6 + ["", "", ""]))
    groups = list(game.rounds.values_list("panorama__group", flat=True))
    assert groups.count("walk") == 1
    assert (game.rounds_total, game.rounds.count()) == (4, 4)
    assert "4 rounds" in game.note


def test_a_closed_map_starts_no_game(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map()
    unpublish_map(map_)
    with pytest.raises(GameError, match="not open"):
        start_game(player=alice, map_=map_)


def test_a_360_degree_picture_is_a_condition_of_its_own(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map(projection="equirectangular"))
    assert game.rounds.get().condition == Round.Condition.FREE


def test_every_change_raises_the_version(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map())
    versions = [game.version]
    seal(game.rounds.get(), model_version)
    game.refresh_from_db()
    versions.append(game.version)
    place_guess(game=game, player=alice, round_token=game.rounds.get().token, lat=1, lng=2)
    game.refresh_from_db()
    versions.append(game.version)
    assert versions == sorted(set(versions))
