"""Duels on the ladder: those of the quick match, between two people or against the model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.match_rules import HEALTH, INTRO_S
from geogame.games.models import Exposure, Game, Round, Seat
from geogame.games.rules import GRACE_S
from geogame.panoramas.models import Map
from geogame.ratings.facts import settled
from geogame.ratings.models import Ladder, RatedResult, RatedSide, Rating
from geogame.ratings.queries import outcome_of, rating_of
from geogame.ratings.recompute import differences, from_games
from geogame.ratings.rules import LEFT_AFTER
from geogame.ratings.services import rate_games
from geogame.ratings.words import sentence, short
from geogame.registry.models import ModelVersion
from geogame.rooms import services
from geogame.rooms.models import Ticket
from tests.geogame.games.playing import seal
from tests.geogame.profiles.games import EPOCH
from tests.geogame.ratings.playing import add_duel
from tests.geogame.rooms.clock import Clock, install
from tests.geogame.rooms.playing import Party, open_party, quick_duel

MakePlayer = Callable[..., Player]
pytestmark = pytest.mark.django_db
LATER = EPOCH + timedelta(days=200)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return install(monkeypatch)


@pytest.fixture
def ada(make_player: MakePlayer) -> Player:
    return make_player("Ada", account=True)


@pytest.fixture
def ben(make_player: MakePlayer) -> Player:
    return make_player("Ben", account=True)


@pytest.fixture
def model(model_version: ModelVersion) -> Player:
    return player_of_model(model_version)


@pytest.fixture
def map_(make_map: Callable[..., Map]) -> Map:
    return make_map(12)


@pytest.fixture
def duel(clock: Clock, map_: Map, ada: Player, ben: Player) -> Party:
    return quick_duel(clock, map_, ada, ben)


def reason_of(game: Game) -> str:
    rate_games()
    return RatedResult.objects.get(game=game).reason


def says(game: Game, player: Player) -> str:
    outcome = outcome_of(game, player)
    assert outcome
    return sentence(outcome)


def agrees() -> bool:
    course = from_games(timezone.now())
    course.until += timedelta(minutes=2)  # those of a moment ago are compared too
    return list(differences(course)) == []


# --- played --------------------------------------------------------------------------------------
def test_a_duel_of_the_quick_match_is_rated_by_the_health_that_is_left(
    duel: Party, ada: Player, ben: Player, map_: Map
) -> None:
    duel.play_round(1.0, 40.0)
    duel.play_round(0.0, 40.0)
    game = duel.game
    assert game.state == Game.State.FINISHED
    assert rate_games() == 1
    result = RatedResult.objects.get(game=game)
    assert (result.reason, result.weight, result.left) == ("", 1.0, False)
    first, second = result.sides.order_by("number")
    assert (first.player, first.points, first.score) == (ada, HEALTH, 1.0)
    assert (second.player, second.points, second.score) == (ben, 0, 0.0)
    assert first.change > 0 > second.change
    ladder = Ladder.objects.get()
    assert (ladder.map, ladder.condition) == (map_, "fair")
    assert says(game, ada).startswith(f"Rated: +{round(first.change)}, now")
    assert agrees()


def test_a_draw_is_a_draw(clock: Clock, ada: Player, ben: Player, make_map: Callable[..., Map]) -> None:
    duel = quick_duel(clock, make_map(30), ada, ben)
    while duel.game.state == Game.State.PLAYING:
        duel.play_round(0.0, 0.0)
    rate_games()
    assert {side.score for side in RatedSide.objects.all()} == {0.5}
    assert agrees()


def test_a_rematch_of_a_quick_match_is_rated_too(duel: Party) -> None:
    for _ in range(2):
        duel.play_round(0.0, 40.0)
    for player in duel.players:
        services.rematch(room=duel.room, player=player)
    duel.wait(INTRO_S)
    for _ in range(2):
        duel.play_round(40.0, 0.0)
    assert rate_games() == 2
    assert [result.reason for result in RatedResult.objects.all()] == ["", ""]
    assert agrees()


@pytest.mark.parametrize("kind", ["duel", "room"])
def test_private_matches_are_not_rated_and_say_why(
    clock: Clock, map_: Map, ada: Player, ben: Player, kind: str
) -> None:
    party = open_party(clock, map_, [ada, ben], kind=kind, model=None)
    party.start()
    while party.game.state == Game.State.PLAYING:
        party.play_round(0.0, 40.0)
    assert reason_of(party.game) == "private"
    assert says(party.game, ben) == "Not rated: of live matches, only duels of the quick match are."
    assert not Rating.objects.exists()
    assert agrees()


def test_a_duel_with_a_guest_is_not_rated(
    clock: Clock, map_: Map, ada: Player, make_player: MakePlayer
) -> None:
    duel = quick_duel(clock, map_, ada, make_player("Guest"))
    for _ in range(2):
        duel.play_round(0.0, 40.0)
    assert reason_of(duel.game) == "guest"
    assert says(duel.game, ada) == "Not rated: not both of you had an account when it began."


# --- left ----------------------------------------------------------------------------------------
def test_who_leaves_has_lost_even_who_was_ahead(duel: Party, ada: Player, ben: Player) -> None:
    duel.play_round(0.0, 20.0)
    services.leave(room=duel.room, player=ada)
    assert reason_of(duel.game) == ""
    first, second = RatedSide.objects.order_by("number")
    assert first.points > second.points
    assert (first.score, second.score) == (0.0, 1.0)
    assert says(duel.game, ada).startswith("Rated as lost, because you left: −")
    assert says(duel.game, ben).startswith("Rated: +")
    outcomes = [outcome_of(duel.game, player) for player in (ada, ben)]
    assert [short(outcome).endswith(", left") for outcome in outcomes if outcome] == [True, False]
    assert agrees()


def test_who_leaves_at_the_first_picture_has_lost(duel: Party, ben: Player) -> None:
    """Else whoever does not like it would go, and draw another one."""
    services.leave(room=duel.room, player=ben)
    assert reason_of(duel.game) == ""
    assert RatedSide.objects.get(player=ben).score == 0.0
    assert agrees()


def test_who_leaves_before_the_first_picture_has_not_begun(
    clock: Clock, map_: Map, ada: Player, ben: Player
) -> None:
    services.quick_match(player=ada, map_=map_, condition="fair")
    room = services.quick_match(player=ben, map_=map_, condition="fair")
    assert room
    duel = Party(clock, room, [ada, ben])
    services.leave(room=room, player=ben)
    assert duel.game.state == Game.State.FINISHED
    assert reason_of(duel.game) == "not-begun"
    assert says(duel.game, ada) == "Not rated: it was left before the first picture."


def test_who_leaves_while_the_last_result_is_read_has_won(duel: Party, ada: Player) -> None:
    duel.play_round(0.0, 40.0)
    for player, off in zip(duel.players, (0.0, 40.0), strict=True):
        duel.guess(player, off=off)
    assert duel.match["phase"] == "result"
    services.leave(room=duel.room, player=ada)
    duel.next()
    rate_games()
    assert RatedSide.objects.get(player=ada).score == 1.0
    assert not RatedResult.objects.get().left


def test_who_drops_out_is_rated_by_what_was_played(duel: Party, ada: Player, ben: Player) -> None:
    services.disconnected(room=duel.room, player=ben)
    while duel.game.state == Game.State.PLAYING:
        duel.guess(ada)
        duel.wait(15 + GRACE_S)
        duel.next()
    assert reason_of(duel.game) == ""
    assert RatedSide.objects.get(player=ada).score == 1.0
    assert not RatedResult.objects.get().left


def test_a_duel_that_runs_is_not_looked_at(duel: Party) -> None:
    """It ends by itself: a server that was off for long is no reason to have lost."""
    assert not settled(duel.clock.now + 2 * LEFT_AFTER).exists()


# --- against the model -----------------------------------------------------------------------------
def against_model(clock: Clock, map_: Map, player: Player, version: ModelVersion) -> Party:
    room = services.quick_match_with_model(player=player, map_=map_, condition="fair", version=version)
    party = Party(clock, room, [player])
    party.wait(INTRO_S)
    return party


def seal_next(duel: Party, version: ModelVersion) -> None:
    for round_ in duel.game.rounds.filter(state=Round.State.PREPARING):
        seal(round_, version, lat=-80.0, lng=170.0)
    duel.wait(0)


def test_a_duel_with_the_model_is_rated(
    clock: Clock, map_: Map, ada: Player, model_version: ModelVersion
) -> None:
    duel = against_model(clock, map_, ada, model_version)
    while duel.game.state == Game.State.PLAYING:
        seal_next(duel, model_version)
        duel.play_round(0.0)
    assert reason_of(duel.game) == ""
    first, second = RatedSide.objects.order_by("number")
    assert (first.player, first.score, second.player.model_version) == (ada, 1.0, model_version)
    assert agrees()


def test_a_model_that_was_absent_is_not_beaten(
    clock: Clock, map_: Map, ada: Player, model_version: ModelVersion
) -> None:
    duel = against_model(clock, map_, ada, model_version)
    seal_next(duel, model_version)
    duel.play_round(0.0)
    while duel.game.state == Game.State.PLAYING:
        duel.wait_for_the_model()
        duel.play_round(0.0)
    assert reason_of(duel.game) == "model-absent"
    assert not Rating.objects.exists()


# --- what else stands in the rows ------------------------------------------------------------------
def test_places_that_one_of_the_two_knew(ada: Player, ben: Player, map_: Map) -> None:
    game = add_duel(ada, ben, map_, seen=1)
    assert reason_of(game) == "known-places"
    assert "one of you had seen" not in says(game, ada), "both had seen two of them"
    other = add_duel(ada, ben, map_, at=EPOCH + timedelta(hours=1))
    first = other.rounds.get(number=1)
    Exposure.objects.create(round=first, player=ben, panorama=first.panorama, times_seen=3)
    assert reason_of(other) == "known-places"
    assert says(other, ada) == "Not rated: one of you had seen 1 of these places, or one beside it."


def test_who_watches_is_no_side(ada: Player, ben: Player, map_: Map, make_player: MakePlayer) -> None:
    game = add_duel(ada, ben, map_)
    Seat.objects.create(game=game, player=make_player("Sue", account=True), watches=True)
    assert reason_of(game) == ""
    assert RatedSide.objects.count() == 2


def test_a_map_that_has_no_more_pictures_ends_a_duel_too_soon(ada: Player, ben: Player, map_: Map) -> None:
    game = add_duel(ada, ben, map_, points=[(5000, 4000)] * 4)
    Game.objects.update(rounds_total=4)
    assert reason_of(game) == "short"


def test_two_who_meet_again_and_again_count_less(ada: Player, ben: Player, map_: Map) -> None:
    for number in range(14):
        add_duel(ada, ben, map_, at=EPOCH + timedelta(hours=number))
    rate_games(now=LATER)
    weights = list(RatedResult.objects.order_by("settled_at").values_list("weight", flat=True))
    assert weights == [1.0] * 10 + [0.5, 0.25, 0.125, 0.0]
    assert list(differences(from_games(LATER))) == []


# --- the quick match knows the ratings -------------------------------------------------------------
def test_the_quick_match_looks_for_somebody_of_the_same_strength(
    ada: Player, ben: Player, make_player: MakePlayer, map_: Map
) -> None:
    cleo = make_player("Cleo", account=True)
    add_duel(ada, ben, map_)
    rate_games()
    strong, weak = Rating.objects.get(player=ada).rating, Rating.objects.get(player=ben).rating
    assert strong - weak > 200
    for player, rating in ((ada, strong), (ben, weak), (cleo, 1500.0)):
        assert rating_of(player, map_, "free") == rating_of(player, map_, "fair") == rating
        services.quick_match(player=player, map_=map_, condition="fair")
    assert Ticket.objects.get(player=ada).rating == strong
    assert Ticket.objects.filter(room=None).count() == 3, "too far apart to meet at once"
