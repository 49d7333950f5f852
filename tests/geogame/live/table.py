"""A room with people in it whose sockets are spoken to through ASGI, and a clock that tests turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.test import Client

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.lifecycle import seal_answer
from geogame.games.models import Game, Round
from geogame.games.seals import CellProbability, ModelAnswer
from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion
from geogame.rooms import services
from geogame.rooms.broadcast import group_name
from geogame.rooms.models import Member, Room
from tests.geogame.rooms.clock import Clock
from tests.sockets import RoomSocket

PHASES = ("lobby", "intro", "preparing", "guessing", "locked", "result", "finished")
INTRO_S, RESULT_S, LIMIT_S = 3.5, 7.5, 60


def run_commits() -> None:
    """What waits for the transaction: that of the test itself never ends."""
    while connection.run_on_commit:
        connection.run_on_commit.pop(0)[1]()


def answer_of_model(panorama: Panorama) -> ModelAnswer:
    cell = CellProbability(50.0, 8.0, 0.4)
    return ModelAnswer(
        lat=50.0,
        lng=8.0,
        rule="top-cell",
        top_cells=[cell],
        prediction_digest="d" * 64,
        seen_in_training=False,
    )


@dataclass
class Table:
    """People by name: the first is the host; `watchers` are spectators."""

    room: Room
    clock: Clock
    clients: dict[str, Client]
    players: dict[str, Player]
    watchers: frozenset[str] = frozenset()
    version: ModelVersion | None = None
    answer: Callable[[Panorama], ModelAnswer] = answer_of_model
    sockets: list[RoomSocket] = field(default_factory=list)

    @property
    def host(self) -> str:
        return next(iter(self.players))

    @property
    def playing(self) -> list[str]:
        return [name for name in self.players if name not in self.watchers]

    def socket(self, name: str | None) -> RoomSocket:
        socket = RoomSocket(self.room.code, self.clients[name] if name else None, group=group_name(self.room))
        self.sockets.append(socket)
        return socket

    def game(self) -> Game:
        self.room.refresh_from_db()
        assert self.room.game
        return self.room.game

    def current(self) -> Round:
        return self.game().rounds.filter(wanted=True).order_by("-number")[0]

    def member(self, name: str) -> Member:
        return Member.objects.get(room=self.room, player=self.players[name])

    # --- Steps -----------------------------------------------------------------------------------------
    def settle(self) -> None:
        services.settle_rooms()
        run_commits()

    def wait(self, seconds: float) -> None:
        """With the clock process at work, and everybody heard of who is connected."""
        self.clock.pass_s(seconds)
        services.seen(self.room.members.filter(connections__gt=0).values_list("pk", flat=True))
        self.settle()

    def start(self) -> None:
        for name in self.playing:
            services.set_ready(room=self.room, player=self.players[name], ready=True)
        services.start(room=self.room, player=self.players[self.host])
        run_commits()

    def seal(self) -> None:
        """The model answers the rounds that wait for it."""
        if self.version is None:
            return
        model = player_of_model(self.version)
        for round_ in self.game().rounds.filter(state=Round.State.PREPARING).select_related("panorama"):
            seal_answer(round_id=round_.pk, model=model, answer=self.answer(round_.panorama))
        self.settle()

    def guess(self, name: str, lat: float = 12.5, lng: float = 34.5) -> None:
        token = self.current().token
        services.guess(room=self.room, player=self.players[name], round_token=token, lat=lat, lng=lng)
        run_commits()
        self.settle()

    def bring_to(self, phase: str) -> None:
        """From the lobby; `preparing` needs a model, which has not answered; `locked` is with one pin in."""
        for name in PHASES[1 : PHASES.index(phase) + 1]:
            self.step_to(name)

    def step_to(self, phase: str) -> None:
        steps = {
            "intro": self.start,
            "preparing": lambda: self.wait(INTRO_S),
            "guessing": self.seal,
            "locked": lambda: self.guess(self.host),
            "result": self._guess_all,
            "finished": self._play_on,
        }
        steps[phase]()

    def _guess_all(self) -> None:
        for name in self.playing:
            if not self.current().guesses.filter(player=self.players[name]).exists():
                self.guess(name, lat=12.5 + 20 * self.playing.index(name))

    def _play_on(self) -> None:
        for _ in range(30):
            self.wait(RESULT_S)
            self.seal()
            if self.game().state == Game.State.FINISHED:
                return
            if self.current().state == Round.State.OPEN:
                self._guess_all()
        raise AssertionError("the match never ends")


def told(frames: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(frame).encode() for frame in frames]


def do(step: Callable[..., Any], *arguments: Any) -> Any:
    return sync_to_async(step)(*arguments)
