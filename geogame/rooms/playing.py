"""What the members of a room do: get ready, choose, begin, guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.games import matches
from geogame.games.errors import GameError
from geogame.games.match_rules import DUELLISTS
from geogame.games.models import Game
from geogame.rooms import choices
from geogame.rooms.broadcast import publish_reaction
from geogame.rooms.errors import RoomError
from geogame.rooms.members import check_host, here, member_of, most_players, player_of, present
from geogame.rooms.models import Member, Room
from geogame.rooms.turns import Turn, check_open, turn

REACTIONS = ("wave", "clap", "laugh", "wow", "think", "sad")


def set_ready(*, room: Room, player: Player, ready: bool) -> None:
    with turn(room) as current:
        _check_not_playing(current.room)
        _set_ready(current, player_of(current.room, player), ready)


def _set_ready(current: Turn, member: Member, ready: bool) -> None:
    if Member.objects.filter(pk=member.pk).exclude(is_ready=ready).update(is_ready=ready):
        current.changed()


def change_settings(*, room: Room, player: Player, **settings: Any) -> None:
    """The host, while no match runs. Who was ready for other settings is not ready any more."""
    with turn(room) as current:
        now = current.room
        check_host(now, player)
        _check_not_playing(now)
        fields = choices.checked(now.kind, settings)
        if all(getattr(now, name) == value for name, value in fields.items()):
            return
        for name, value in fields.items():
            setattr(now, name, value)
        choices.check_together(now)
        if present(now).filter(role=Member.Role.PLAYER).count() > most_players(now):
            raise RoomError("wrong-settings", _("More people are here than could play then."))
        now.members.exclude(player=now.host_id).update(is_ready=False)
        current.changed()


def _check_not_playing(room: Room) -> None:
    check_open(room)
    if room.state == Room.State.PLAYING:
        raise RoomError("not-in-lobby", _("The match runs: wait for its end."))


# --- A match ---------------------------------------------------------------------------------------
def start(*, room: Room, player: Player) -> None:
    """The host begins the match with all players who are there; in a duel both must be ready."""
    with turn(room) as current:
        check_open(current.room)
        check_host(current.room, player)
        if current.room.state == Room.State.PLAYING:
            raise RoomError("match-running", _("The match runs already."))
        players = here(current.room)
        if current.room.kind == Room.Kind.DUEL and not all(
            member.is_ready or member.player_id == player.pk for member in players
        ):
            raise RoomError("not-ready", _("Wait until the other player is ready."))
        begin(current, players)


def begin(current: Turn, players: Sequence[Member]) -> None:
    """A match of these players. Everybody else who is in the room watches."""
    room = current.room
    _check_number(room, players)
    choices.check_together(room)
    playing = {member.pk for member in players}
    watching = [m for m in present(room).select_related("player") if m.pk not in playing]
    try:
        room.game = matches.begin_match(
            map_=room.map,
            mode=Game.Mode(room.kind),
            condition=room.condition,
            time_limit_s=room.time_limit_s,
            rounds_total=room.rounds_total,
            players=[member.player for member in players],
            watching=[member.player for member in watching],
            version=room.model_version,
            is_rated=room.is_quick,
        )
    except GameError as error:
        raise RoomError(error.code, error.message) from None
    room.state, room.game_version = Room.State.PLAYING, 0
    room.members.update(is_ready=False)
    current.changed()


def _check_number(room: Room, players: Sequence[Member]) -> None:
    sides = len(players) + (1 if room.model_version_id else 0)
    is_crowd = room.kind == Room.Kind.CROWD
    if not players or sides < DUELLISTS or (is_crowd and len(players) < DUELLISTS):
        raise RoomError("too-few-players", _("Somebody is missing: wait until they are here."))


def rematch(*, room: Room, player: Player) -> None:
    """The player wants another match. It begins when everybody who is there does."""
    with turn(room) as current:
        check_open(current.room)
        member = player_of(current.room, player)
        if current.room.state == Room.State.PLAYING:
            raise RoomError("match-running", _("The match runs already."))
        _set_ready(current, member, True)
        if current.room.state == Room.State.FINISHED:
            begin_if_all_are_ready(current)


def begin_if_all_are_ready(current: Turn) -> None:
    players = here(current.room)
    if not all(member.is_ready for member in players):
        return
    try:
        _check_number(current.room, players)
    except RoomError:  # the others have gone: who is left waits for somebody
        return
    begin(current, players)


def guess(*, room: Room, player: Player, round_token: str, lat: float, lng: float) -> None:
    """The player's one guess for the round. Sending the same guess again changes nothing."""
    if not (-90 <= lat <= 90 and -180 <= lng <= 180):
        raise RoomError("out-of-range", _("This is no place on the earth."))
    with turn(room, draws=False) as current:
        current.member_of(player)
        if current.room.game is None:
            raise RoomError("no-such-round", _("No match has begun."))
        sheet = current.sheet or matches.read_rounds(current.room.game)
        try:
            sheet_after = matches.lock_in(sheet, player, round_token=round_token, lat=lat, lng=lng)
        except GameError as error:
            raise RoomError(error.code, error.message) from None
        if sheet_after:
            current.match_changed(sheet_after)


def react(*, room: Room, player: Player, reaction: str) -> None:
    """Seen by all who are connected, and kept nowhere."""
    member = member_of(room, player)
    if reaction not in REACTIONS:
        raise RoomError("wrong-fields", _("There is no such reaction."))
    publish_reaction(room, sender=member.public_id, reaction=reaction)
