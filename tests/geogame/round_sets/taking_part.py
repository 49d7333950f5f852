"""Outside players for tests, and people who play the panoramas of a set in fair view."""

from __future__ import annotations

from typing import Any

from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.games.services import next_round, place_guess, start_game
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.round_sets.answers import Answer, Stored, give_answer
from geogame.round_sets.models import OutsidePlayer, RoundSet, SetRound
from geogame.round_sets.services import issue_token
from tests.geogame.games.test_services import seal


def player_named(name: str) -> OutsidePlayer:
    issue_token(name)
    return OutsidePlayer.objects.get(name=name)


def player_renamed(name: str) -> OutsidePlayer:
    """One whose name nobody could choose today; reports must not be misled by it either."""
    player = player_named("Robot")
    OutsidePlayer.objects.filter(pk=player.pk).update(name=name)
    player.refresh_from_db()
    return player


def client_of(name: str, *, anew: bool = False) -> Client:
    """A client that sends the token of a new outside player."""
    return Client(headers={"authorization": f"Bearer {issue_token(name, anew=anew)}"})


def answer(
    player: OutsidePlayer, round_: SetRound, lat: float = 45.0, lng: float = 5.0, **more: Any
) -> Stored:
    return give_answer(player=player, round_=round_, answer=Answer(lat=lat, lng=lng, **more))


def answer_all(player: OutsidePlayer, round_set: RoundSet, **place: Any) -> None:
    for round_ in round_set.rounds.select_related("panorama"):
        answer(player, round_, **place)


def play(person: Player, map_: Map, *, version: ModelVersion | None = None, lat: float = 41.0) -> Game:
    """A game in fair view to its end, against a version that answers all of it, or alone."""
    game = start_game(player=person, map_=map_, version=version, condition="fair")
    while game.state == Game.State.PLAYING:
        current = game.rounds.filter(wanted=True).latest("number")
        if version:
            seal(current, version, lat=41.0, lng=-8.0)
        place_guess(game=game, player=person, round_token=current.token, lat=lat, lng=-5.0)
        next_round(game=game, player=person, after=current.token)
        game.refresh_from_db()
    return game
