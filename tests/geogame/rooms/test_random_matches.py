"""Random people play real matches, late, twice, dropped, replayed, out of order, come, watch, leave, are
removed and come again: never a forbidden state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from geogame.accounts.models import Player
from geogame.games.crowds import LEAST_PINS
from geogame.games.match_rules import COUNTDOWN_S, HEALTH, RESULT_S
from geogame.games.models import Game, Guess, Round, Seat
from geogame.games.rules import GRACE_S
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.rooms import services
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Room
from tests.geogame.games.playing import seal
from tests.geogame.rooms.clock import Clock
from tests.geogame.rooms.playing import Party, open_party

PHASES = ("intro", "preparing", "guessing", "result")
REFUSALS = {
    *("too-late", "round-closed", "round-not-open", "already-guessed", "no-such-round"),
    *("not-a-member", "only-watching", "room-not-found", "kicked"),
}
AT_THE_DOOR = {"kicked", "room-full", "finish-first", "room-not-found"}
OF_A_KICK = {"match-running", "not-host", "no-such-player", "not-a-member", "kicked"}
LIMIT_S = 60
OFFS = (0.0, 0.2, 1.0, 40.0)
"""Degrees beside the truth: all points, most, some, none."""


def refusal(command: Callable[[], object], expected: Collection[str] = REFUSALS) -> str | None:
    """Its code, None where the command is carried out."""
    try:
        command()
    except RoomError as error:
        code = error.code
    else:
        return None
    assert code in expected
    return code


class PlayedMatch(RuleBasedStateMachine):
    """Each run is a transaction of its own, which is undone."""

    clock: ClassVar[Clock]
    map_: ClassVar[Map]
    people: ClassVar[list[Player]]
    version: ClassVar[ModelVersion]

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.sent: list[tuple[Player, str, float]] = []
        self.stored: dict[int, tuple[object, ...]] = {}
        self.health: dict[str, int] = {}
        self.reached = (0, 0)
        self.told = 0

    @initialize(kind=st.sampled_from(Room.Kind.values), has_model=st.booleans())
    def begin(self, kind: str, has_model: bool) -> None:
        is_duel = kind == Room.Kind.DUEL
        number = 1 if is_duel and has_model else 2
        self.has_model = has_model = has_model or kind == Room.Kind.CROWD
        self.party: Party = open_party(
            self.clock,
            self.map_,
            self.people[:number],
            kind=kind,
            model=self.version.digest if has_model else None,
            **({} if is_duel else {"rounds_total": 2}),
        )
        self.party.start()
        self.first = list(self.party.players)

    # --- What happens --------------------------------------------------------------------------
    @rule(seconds=st.sampled_from([0.5, RESULT_S, COUNTDOWN_S, 50.0, LIMIT_S + GRACE_S]))
    def time_passes(self, seconds: float) -> None:
        self.party.wait(seconds)

    @rule(seconds=st.sampled_from([3.0, 20.0, 70.0]))
    def time_passes_and_no_clock_runs(self, seconds: float) -> None:
        self.clock.pass_s(seconds)

    @rule(who=st.integers(0, 2), off=st.sampled_from(OFFS), back=st.sampled_from([0, 0, 0, 1]))
    def guess(self, who: int, off: float, back: int) -> None:
        rounds = self.party.game.rounds.order_by("-number")[back : back + 1]
        for round_ in rounds:
            command = (self.party.players[who % len(self.party.players)], round_.token, off)
            self.sent.append(command)
            self.send(command)

    @rule(offs=st.lists(st.sampled_from(OFFS), min_size=3, max_size=3))
    def everybody_guesses(self, offs: list[float]) -> None:
        if self.party.match["phase"] == "result":
            self.party.next()
        for player, off in zip(self.party.players, offs, strict=False):
            for round_ in self.party.game.rounds.filter(state=Round.State.OPEN):
                self.send((player, round_.token, off))

    @precondition(lambda self: self.sent)
    @rule(number=st.integers(0, 99))
    def replay(self, number: int) -> None:
        """A message that was repeated, or that comes much later than it was sent."""
        self.send(self.sent[number % len(self.sent)])

    def send(self, command: tuple[Player, str, float]) -> None:
        player, token, off = command
        round_ = Round.objects.filter(token=token).select_related("panorama").first()
        lat, lng = (round_.panorama.lat - off, round_.panorama.lng) if round_ else (1.0, 1.0)
        fields: dict[str, Any] = {"round_token": token, "lat": lat, "lng": lng}
        room = Room.objects.get(pk=self.party.room.pk)
        if refusal(lambda: services.guess(room=room, player=player, **fields)) is None:
            stored = Guess.objects.get(round__token=token, player=player)
            assert (stored.outcome, stored.lat) == ("answered", lat), "what is acknowledged is stored"

    @precondition(lambda self: self.has_model)
    @rule(lat=st.sampled_from([0.0, 60.0]))
    def the_model_answers(self, lat: float) -> None:
        for round_ in self.party.game.rounds.exclude(state=Round.State.CLOSED):
            was = round_.state
            assert not seal(round_, self.version, lat=lat) or was == Round.State.PREPARING
        self.party.wait(0)

    @rule(who=st.integers(0, 2), comes=st.booleans())
    def drop_out_or_come_back(self, who: int, comes: bool) -> None:
        player = self.party.players[who % len(self.party.players)]
        command = services.arrive if comes else services.disconnected
        refusal(lambda: command(room=self.party.room, player=player))

    @rule(leaves=st.sampled_from([False, False, False, True]))
    def somebody_leaves(self, leaves: bool) -> None:
        if leaves:
            services.leave(room=self.party.room, player=self.party.players[-1])

    @rule(who=st.integers(0, 2), watches=st.booleans())
    def somebody_comes(self, who: int, watches: bool) -> None:
        """Who has left comes again, or one more person comes: to watch, or to play the next match."""
        player = self.people[who]
        room = Room.objects.get(pk=self.party.room.pk)
        known = room.members.filter(player=player).first()
        seat = Seat.objects.filter(game=self.party.game, player=player).first()
        code = refusal(lambda: services.join(room=room, player=player, as_spectator=watches), AT_THE_DOOR)
        assert code or not (known and known.kicked_at), "who was removed does not come in again"
        if code is None:
            if player not in self.party.players:
                self.party.players.append(player)
            now = Seat.objects.filter(game=self.party.game, player=player).first()
            assert now is None or now.watches == (seat.watches if seat else True)

    @rule(who=st.integers(0, 2), by=st.sampled_from([0, 0, 1]), really=st.sampled_from([False, False, True]))
    def somebody_is_removed(self, who: int, by: int, really: bool) -> None:
        if not really:
            return
        room, player = Room.objects.get(pk=self.party.room.pk), self.people[who]
        member = room.members.filter(player=player).first()
        public_id = member.public_id if member else "nobody"
        kick = partial(services.kick, room=room, player=self.people[by], public_id=public_id)
        if refusal(kick, OF_A_KICK) is None:
            assert self.party.member(player).kicked_at
            fields: dict[str, Any] = {"round_token": "r" * 22, "lat": 1.0, "lng": 1.0}
            assert refusal(lambda: services.guess(room=room, player=player, **fields)) == "kicked"

    @rule()
    def a_picture_is_withdrawn(self) -> None:
        for round_ in self.party.game.rounds.exclude(state=Round.State.CLOSED):
            Panorama.objects.filter(pk=round_.panorama_id).update(withdrawn_at=self.clock.now)
            self.map_.panoramas.remove(round_.panorama_id)

    # --- What must never be --------------------------------------------------------------------
    @invariant()
    def phases_go_forward(self) -> None:
        if not hasattr(self, "party"):
            return
        state = self.party.state
        match = state["match"]
        assert state["version"] >= self.told
        self.told = state["version"]
        shown = match["round"] or match["result"]
        number = shown["number"] if shown else 0
        now = (99, 0) if match["phase"] == "finished" else (number, PHASES.index(match["phase"]))
        assert now >= self.reached
        self.reached = now
        assert (match["result"] is None) <= (match["phase"] != "result")
        assert len([result for result in match["results"] if not result["void"]]) <= 20

    @invariant()
    def what_is_stored_stays(self) -> None:
        """And was in time: of a person within the limit, of a model before the round opened."""
        for guess in Guess.objects.select_related("round", "player"):
            row = (guess.lat, guess.lng, guess.points, guess.outcome, guess.created_at)
            assert self.stored.setdefault(guess.pk, row) == row
            opened_at = guess.round.opened_at
            if guess.player.kind == Player.Kind.MODEL:
                assert opened_at is None or guess.created_at <= opened_at
            elif guess.outcome == Guess.Outcome.ANSWERED:
                assert opened_at
                late = (guess.created_at - opened_at).total_seconds() - LIMIT_S - GRACE_S
                assert late < 0, "no late guess is taken"

    @invariant()
    def only_people_start_the_countdown(self) -> None:
        for round_ in Round.objects.filter(state=Round.State.OPEN).select_related("game"):
            assert round_.opened_at
            assert round_.deadline_at
            left_s = (round_.deadline_at - round_.opened_at).total_seconds()
            persons = round_.guesses.filter(player__kind=Player.Kind.PERSON).order_by("created_at")
            first = persons.first()
            if first is None or round_.game.mode != Game.Mode.DUEL:
                assert left_s == LIMIT_S
            else:
                after_s = (first.created_at - round_.opened_at).total_seconds()
                assert left_s == min(LIMIT_S, after_s + COUNTDOWN_S)

    @invariant()
    def only_who_has_a_place_has_a_pin(self) -> None:
        """Of the people: those of the beginning, whoever watches or comes meanwhile."""
        if hasattr(self, "party"):
            guesses = Guess.objects.filter(round__game=self.party.game, player__kind=Player.Kind.PERSON)
            assert set(guesses.values_list("player", flat=True)) <= {player.pk for player in self.first}

    @invariant()
    def who_is_removed_is_not_there(self) -> None:
        if hasattr(self, "party"):
            removed = self.party.room.members.exclude(kicked_at=None)
            ids = set(removed.values_list("public_id", flat=True))
            assert all(player["left"] for player in self.party.state["players"] if player["id"] in ids)
            assert not removed.filter(connections__gt=0).exists()

    @invariant()
    def a_crowd_points_where_two_do(self) -> None:
        if not hasattr(self, "party") or self.party.room.kind != Room.Kind.CROWD:
            return
        for result in self.party.match["results"]:
            round_ = self.party.game.rounds.get(number=result["number"])
            pins = round_.guesses.filter(player__kind=Player.Kind.PERSON, outcome=Guess.Outcome.ANSWERED)
            assert (result["crowd_points"] is not None) == (pins.count() >= LEAST_PINS and not result["void"])
            assert 0 <= (result["crowd_points"] or 0) <= 5000

    @invariant()
    def health_falls(self) -> None:
        if not hasattr(self, "party") or self.party.room.kind != Room.Kind.DUEL:
            return
        for player in self.party.state["players"]:
            health = player["health"]
            if not player["playing"]:
                assert health is None, "who watches has none"
                continue
            assert 0 <= health <= self.health.get(player["id"], HEALTH)
            self.health[player["id"]] = health

    @invariant()
    def damage_is_the_difference_times_the_multiplier(self) -> None:
        if not hasattr(self, "party") or self.party.room.kind != Room.Kind.DUEL:
            return
        factors = iter((1.0, 1.0, *(nth / 2 for nth in range(3, 30))))
        for result in self.party.match["results"]:
            if not result["void"]:
                one, other = (result["points"].get(player, 0) for player in result["damage"])
                most = math.floor(abs(one - other) * next(factors) + 0.5)
                assert sorted(result["damage"].values()) == [0, most]

    def teardown(self) -> None:
        """It ends by itself, once nobody is there any more."""
        try:
            if hasattr(self, "party"):
                self.party.room.members.update(connections=0)
                for _ in range(24):
                    if self.party.room.state == Room.State.PLAYING:
                        self.party.wait(LIMIT_S + GRACE_S + RESULT_S)
                assert self.party.game.state == Game.State.FINISHED
                assert not self.party.game.rounds.exclude(state=Round.State.CLOSED).exists()
                self.phases_go_forward()
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_random_people_meet_no_forbidden_state(
    clock: Clock, make_map: Callable[..., Map], people: list[Player], model_version: ModelVersion
) -> None:
    world = {"clock": clock, "map_": make_map(30), "people": people, "version": model_version}
    run_state_machine_as_test(
        type("Here", (PlayedMatch,), world),
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            phases=(Phase.generate,),  # to make a failure shorter takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
