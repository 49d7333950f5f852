"""Rooms for tests, played by the services under a clock that stands."""

from __future__ import annotations

from typing import Any

from geogame.accounts.models import Player
from geogame.games.match_rules import ANSWER_WAIT_S, INTRO_S, RESULT_S
from geogame.games.models import Game, Round
from geogame.panoramas.models import Map
from geogame.rooms import services
from geogame.rooms.models import Member, Room
from geogame.rooms.state import public_state
from tests.geogame.rooms.clock import Clock


def open_party(
    clock: Clock, map_: Map, players: list[Player], *, kind: str = "room", **settings: Any
) -> Party:
    """In a lobby of the first player's."""
    room = services.create_room(player=players[0], kind=kind, map_=map_, settings=settings)
    for player in players[1:]:
        services.join(room=room, player=player)
    return Party(clock, room, players)


def quick_duel(clock: Clock, map_: Map, one: Player, other: Player) -> Party:
    """Two who met in the quick match; the first round is open."""
    assert services.quick_match(player=one, map_=map_, condition="fair") is None
    room = services.quick_match(player=other, map_=map_, condition="fair")
    assert room
    party = Party(clock, room, [one, other])
    party.wait(INTRO_S)
    return party


class Party:
    """A room, its members, and the clock."""

    def __init__(self, clock: Clock, room: Room, players: list[Player]) -> None:
        self.clock = clock
        self.players = players
        self.room = room
        for player in players:
            services.arrive(room=room, player=player)

    @property
    def host(self) -> Player:
        return self.players[0]

    @property
    def game(self) -> Game:
        self.room.refresh_from_db()
        assert self.room.game
        return self.room.game

    @property
    def state(self) -> Any:
        return public_state(self.room)

    @property
    def match(self) -> Any:
        return self.state["match"]

    def member(self, player: Player) -> Member:
        return self.room.members.get(player=player)

    def of(self, player: Player) -> Any:
        """What all are told of this player."""
        public_id = self.member(player).public_id
        return next(found for found in self.state["players"] if found["id"] == public_id)

    def start(self) -> None:
        """Everybody is ready, the match begins, its first round opens."""
        for player in self.players:
            services.set_ready(room=self.room, player=player, ready=True)
        services.start(room=self.room, player=self.host)
        self.wait(INTRO_S)

    def wait(self, seconds: float) -> None:
        """Everybody is still there, and the clock process does its work."""
        self.clock.pass_s(seconds)
        services.seen(self.room.members.filter(connections__gt=0).values_list("pk", flat=True))
        services.settle_rooms(self.clock.now)
        self.room.refresh_from_db()

    def wait_for_the_model(self) -> None:
        self.wait(ANSWER_WAIT_S)

    def next(self) -> None:
        """The result is read, the next round opens or the match ends."""
        self.wait(RESULT_S)

    @property
    def round(self) -> Round:
        """The round that is shown."""
        return self.game.rounds.filter(wanted=True).latest("number")

    def guess(self, player: Player, *, off: float = 0.0) -> None:
        """So many degrees south of the truth, which tests know."""
        round_ = self.round
        services.guess(
            room=self.room,
            player=player,
            round_token=round_.token,
            lat=round_.panorama.lat - off,
            lng=round_.panorama.lng,
        )

    def play_round(self, *offs: float) -> Round:
        """Each player's guess in their order, then the result is read."""
        round_ = self.round
        for player, off in zip(self.players, offs, strict=True):
            self.guess(player, off=off)
        self.next()
        return round_
