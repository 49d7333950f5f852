from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.matches import winner_of
from geogame.games.models import Exposure, Game, Round
from geogame.games.services import start_game
from geogame.lib.queue import RATE_GAMES
from geogame.panoramas.models import Map
from geogame.ratings import tasks
from geogame.ratings.models import Book, Ladder, RatedResult, RatedSide, Rating
from geogame.ratings.recompute import differences, from_games, replace_stored
from geogame.ratings.rules import LEFT_AFTER
from geogame.ratings.services import ask_again, look_again, rate_games
from geogame.registry.models import ModelVersion
from tests.geogame.games.playing import play
from tests.geogame.profiles.games import EPOCH, Answer
from tests.geogame.ratings.playing import FAIR, LOST, add, move, random_game, stored

MakeMap = Callable[..., Map]
MakePlayer = Callable[..., Player]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = EPOCH + timedelta(days=200)


@pytest.fixture
def ada(make_player: MakePlayer) -> Player:
    return make_player("Ada", account=True)


@pytest.fixture
def model(model_version: ModelVersion) -> Player:
    return player_of_model(model_version)


@pytest.fixture
def map_(make_map: MakeMap) -> Map:
    return make_map(12)


def points_of(player: Player) -> float:
    return Rating.objects.get(player=player).rating


def agrees() -> bool:
    return list(differences(from_games(LATER))) == []


# --- a game that was played ----------------------------------------------------------------------
def test_a_game_against_the_model_is_rated_when_it_ends(
    ada: Player, map_: Map, model_version: ModelVersion
) -> None:
    game = play(
        start_game(player=ada, map_=map_), ada, version=model_version, lat=46.0, lng=8.0, model=(-80.0, 170.0)
    )
    assert not game.settled
    assert rate_games() == 1
    game.refresh_from_db()
    assert game.settled
    result = RatedResult.objects.get(game=game)
    assert (result.reason, result.weight, result.left) == ("", 1.0, False)
    assert result.settled_at == game.finished_at
    first, second = result.sides.order_by("number")
    assert (first.player, second.player.model_version) == (ada, model_version)
    assert first.points > second.points
    assert (first.score, second.score) == (1.0, 0.0)
    assert first.change > 0 > second.change
    ladder = Ladder.objects.get()
    assert (ladder.map, ladder.condition) == (map_, "fair"), "a flat picture is seen as the model sees it"
    assert {rating.player_id: rating.rating for rating in Rating.objects.all()} == {
        ada.pk: first.rating_after,
        second.player_id: second.rating_after,
    }
    assert rate_games() == 0
    assert agrees()


def test_a_finished_game_is_announced_to_the_worker(
    ada: Player, map_: Map, model_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("geogame.games.lifecycle.enqueue", lambda task, **fields: asked.append(task))
    game = start_game(player=ada, map_=map_)
    assert RATE_GAMES not in asked
    play(game, ada, version=model_version)
    assert asked.count(RATE_GAMES) == 1
    tasks.rate_games()
    tasks.rate_games()
    assert RatedResult.objects.get().game == game


def test_guests_are_not_rated_and_registering_later_changes_nothing(
    make_player: MakePlayer, map_: Map, model_version: ModelVersion, django_user_model: Any
) -> None:
    """Whether a game is rated is settled before its first picture: who wins cannot decide it afterwards."""
    guest = make_player("Guest")
    game = start_game(player=guest, map_=map_)
    guest.user = django_user_model.objects.create_user("grace")
    guest.save()
    play(game, guest, version=model_version)
    rate_games()
    assert RatedResult.objects.get().reason == "guest"
    assert not Rating.objects.exists()


def test_who_plays_alone_is_not_rated(ada: Player, map_: Map) -> None:
    play(start_game(player=ada, map_=map_, version=None), ada)
    rate_games()
    assert RatedResult.objects.get().reason == "alone"


@pytest.mark.parametrize(
    ("answers", "reason", "count"),
    [
        ([FAIR] * 4, "short", 1),
        ([FAIR] * 4 + [Answer(model_points=3000, void="gone")], "void-rounds", 1),
        ([FAIR] * 4 + [Answer(model_points=None)], "model-absent", 1),
        ([FAIR] * 3 + [Answer(model_points=1, trained_on=True)] * 2, "trained-on", 2),
        ([FAIR] * 4 + [Answer(model_points=1, seen=1)], "known-places", 1),
        ([FAIR] * 4 + [Answer(model_points=1, revealed=1)], "known-places", 1),
        ([FAIR] * 4 + [Answer(model_points=1, group_revealed=2)], "known-places", 1),
        ([FAIR] * 4 + [Answer(model_points=1, seen=1, revealed=1, group_revealed=1)], "known-places", 1),
        ([FAIR] * 4 + [Answer(model_points=1, condition="free")], "mixed-view", 1),
        ([FAIR] * 5 + [Answer(model_points=3000, void="gone")], "", 0),
        ([FAIR] * 4 + [Answer(points=0, km=None, model_points=3000)], "", 0),
    ],
)
def test_the_reason_is_read_from_the_rounds(
    ada: Player, map_: Map, model: Player, answers: list[Answer], reason: str, count: int
) -> None:
    add(ada, map_, model, answers=answers)
    rate_games(now=LATER)
    result = RatedResult.objects.get()
    assert (result.reason, result.reason_count) == (reason, count)
    assert Rating.objects.exists() == (reason == "")
    assert agrees()


def test_points_of_a_void_round_are_nobodys(ada: Player, map_: Map, model: Player) -> None:
    add(ada, map_, model, answers=[LOST] * 5 + [Answer(points=5000, km=1, model_points=0, void="gone")])
    rate_games(now=LATER)
    assert list(RatedSide.objects.order_by("number").values_list("points", "score")) == [
        (10000, 0.0),
        (15000, 1.0),
    ]


def test_conditions_and_maps_are_ladders_of_their_own(ada: Player, make_map: MakeMap, model: Player) -> None:
    one, other = make_map(6), make_map(6, name="Other")
    add(ada, one, model)
    add(ada, one, model, answers=[Answer(points=1, model_points=2, condition="free")] * 5)
    add(ada, other, model)
    rate_games(now=LATER)
    found = Rating.objects.filter(player=ada).order_by("ladder")
    assert sorted((row.ladder.map.name, row.ladder.condition, row.won, row.lost) for row in found) == [
        ("Other", "fair", 1, 0),
        ("Test", "fair", 1, 0),
        ("Test", "free", 0, 1),
    ]


# --- left ----------------------------------------------------------------------------------------
def test_who_leaves_a_begun_game_has_lost_it(ada: Player, map_: Map, model: Player) -> None:
    """Else whoever is behind would go, and ratings would only rise."""
    game = add(ada, map_, model, answers=[FAIR] * 2, state="playing")
    Game.objects.update(rounds_total=5)
    assert rate_games(now=EPOCH + LEFT_AFTER) == 0
    assert rate_games(now=EPOCH + LEFT_AFTER + HOUR) == 1
    result = RatedResult.objects.get()
    assert (result.reason, result.left, result.settled_at) == ("", True, EPOCH + LEFT_AFTER)
    assert points_of(ada) < 1500 < points_of(model)
    before = stored()
    # And whoever comes back and wins has lost it all the same.
    move_end = EPOCH + 2 * LEFT_AFTER
    Game.objects.filter(pk=game.pk).update(state="finished", finished_at=move_end, settled=False)
    rate_games(now=LATER)
    assert stored() == before
    assert agrees()


def test_a_game_that_nobody_began_is_not_rated(ada: Player, map_: Map, model: Player) -> None:
    game = add(ada, map_, model, answers=[FAIR], state="playing")
    Round.objects.filter(game=game).update(state="open", closed_at=None)
    rate_games(now=LATER)
    assert RatedResult.objects.get().reason == "not-begun"


# --- in order ------------------------------------------------------------------------------------
def test_a_game_that_comes_late_takes_its_place(ada: Player, map_: Map, model: Player) -> None:
    last = add(ada, map_, model, at=EPOCH + 3 * HOUR, answers=[LOST] * 5)
    add(ada, map_, model, at=EPOCH + HOUR)
    rate_games(now=LATER)
    add(ada, map_, model, at=EPOCH + 2 * HOUR)
    rate_games(now=LATER)
    assert agrees()
    side = RatedSide.objects.get(result__game=last, player=ada)
    assert side.played_before == EPOCH + 2 * HOUR
    rating = Rating.objects.get(player=ada)
    assert (rating.won, rating.lost, rating.played_at) == (2, 1, EPOCH + 3 * HOUR)


def test_what_changed_since_is_looked_at_again(ada: Player, map_: Map, model: Player) -> None:
    """A login can tell that the person of the account had seen a picture as a guest."""
    first = add(ada, map_, model, at=EPOCH)
    second = add(ada, map_, model, at=EPOCH + HOUR, answers=[LOST] * 5)
    rate_games(now=LATER)
    Exposure.objects.filter(round__game=first).update(times_seen=1)
    look_again([first.pk])
    assert not agrees()
    assert rate_games(now=LATER) == 1
    assert RatedResult.objects.get(game=first).reason == "known-places"
    assert not RatedSide.objects.filter(result__game=first).exists()
    assert RatedSide.objects.get(result__game=second, player=ada).rating_before == 1500
    assert agrees()
    Exposure.objects.filter(round__game=second).update(times_seen=1)
    look_again([second.pk])
    rate_games(now=LATER)
    assert not Rating.objects.exists(), "who has no game that counts has no rating"
    assert agrees()


def test_farming_ends_with_games_that_count_nothing(ada: Player, map_: Map, model: Player) -> None:
    games = [add(ada, map_, model, at=EPOCH + number * HOUR) for number in range(15)]
    rate_games(now=LATER)
    weights = [RatedResult.objects.get(game=game).weight for game in games]
    assert weights == [1.0] * 10 + [0.5, 0.25, 0.125, 0.0, 0.0]
    last = RatedResult.objects.get(game=games[-1])
    assert last.reason == "pair-decay"
    assert [side.change for side in last.sides.all()] == [0.0, 0.0]
    assert Rating.objects.get(player=ada).won == 13
    assert agrees()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
def test_any_sequence_gives_the_numbers_of_the_games_alone(
    seed: int, make_player: MakePlayer, make_map: MakeMap, model: Player
) -> None:
    """Games that end at the same moment, come late, are left, or do not count; rated in steps of any size."""
    rng = random.Random(seed)
    people = [make_player(f"Player {number}", account=True) for number in range(3)]
    maps = [make_map(6), make_map(6, name="Other")]
    for _ in range(8):
        for _ in range(rng.randrange(1, 8)):
            random_game(rng, people, maps, [model])
        while rate_games(now=LATER, most=rng.randrange(1, 6)):
            pass
    assert RatedResult.objects.filter(weight__gt=0).count() > 5
    duels = RatedResult.objects.filter(weight__gt=0, game__mode=Game.Mode.DUEL)
    assert duels.exists()
    for result in duels.select_related("game"):
        winners = [side.player_id for side in result.sides.all() if side.score == 1.0]
        assert winner_of(result.game) == (winners[0] if winners else "draw")
    before = stored()
    assert list(differences(from_games(LATER))) == []
    replace_stored(from_games(LATER))
    assert stored() == before
    for model_ in (RatedSide, RatedResult, Rating, Ladder, Book):
        model_.objects.all().delete()
    replace_stored(from_games(LATER))
    assert stored() == before
    assert rate_games(now=LATER) == 0


# --- the clock -----------------------------------------------------------------------------------
def test_the_clock_asks_for_what_waits_and_not_too_often(
    ada: Player, map_: Map, model: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("geogame.ratings.services.enqueue", lambda task, *, queue: asked.append(task))
    assert ask_again() == 0, "nothing waits"
    add(ada, map_, model, at=timezone.now())
    assert ask_again() == 0, "the message of the game itself is on its way"
    move(Game.objects.get(), timezone.now() - HOUR)
    assert ask_again() == 1
    assert ask_again() == 0, "asked a moment ago"
    assert asked == [RATE_GAMES]
    Book.objects.update(asked_at=timezone.now() - HOUR)
    assert ask_again() == 1
    rate_games()
    Book.objects.update(asked_at=None)
    assert ask_again() == 0


def test_the_clock_finds_games_that_are_left(ada: Player, map_: Map, model: Player) -> None:
    game = add(ada, map_, model, answers=[FAIR] * 2, state="playing", at=timezone.now() - LEFT_AFTER + HOUR)
    assert ask_again() == 0
    move(game, timezone.now() - LEFT_AFTER - HOUR)
    assert ask_again() == 1
