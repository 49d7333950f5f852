"""Who is in a room: coming, going, being there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.games import match_rules, matches
from geogame.games.errors import GameError
from geogame.rooms.broadcast import publish_kick
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Member, Room
from geogame.rooms.turns import Turn, check_open, checked, turn

PRESENT_S = 60
"""Who has lost the connection for longer is not given a place in a match that begins."""
HOST_AWAY_S = 30
"""So long a room waits for its host before somebody else is the host."""


def member_of(room: Room, player: Player) -> Member:
    """RoomError for everybody who is not in the room."""
    return checked(room.members.filter(player=player).first())


def player_of(room: Room, player: Player) -> Member:
    member = member_of(room, player)
    if member.role != Member.Role.PLAYER:
        raise RoomError("only-watching", _("You only watch in this room: join as a player first."))
    return member


def check_host(room: Room, player: Player) -> None:
    member_of(room, player)
    if room.host_id != player.pk or room.is_quick:
        raise RoomError("not-host", _("Only the host of the room can do this."))


def present(room: Room) -> QuerySet[Member]:
    return room.members.filter(left_at=None)


def here(room: Room) -> list[Member]:
    """Players who are connected or have only just lost the connection, in the order of coming."""
    since = timezone.now() - timedelta(seconds=PRESENT_S)
    players = present(room).filter(role=Member.Role.PLAYER).select_related("player").order_by("number")
    return [member for member in players if member.connections or member.last_seen_at >= since]


def most_players(room: Room) -> int:
    if room.kind != Room.Kind.DUEL:
        return match_rules.MOST_PLAYERS
    return match_rules.DUELLISTS - (1 if room.model_version_id else 0)


# --- Coming and going ------------------------------------------------------------------------------
def join(*, room: Room, player: Player, as_spectator: bool = False) -> Member:
    """The player is a member of the room from now on; joining twice changes nothing but the role."""
    role = Member.Role.SPECTATOR if as_spectator else Member.Role.PLAYER
    with turn(room) as current:
        check_open(current.room)
        known = current.room.members.filter(player=player).first()
        if known and known.kicked_at:
            raise RoomError("kicked", _("The host has removed you from this room."))
        if known and known.left_at is None and known.role == role:
            return known
        if current.room.is_quick and known is None:
            raise RoomError("room-full", _("This duel is for the two whom the quick match brought together."))
        _check_space(current.room, role, without=known)
        member = _enter(current.room, player, role, known)
        if current.room.state == Room.State.PLAYING:
            _sit_down(current.room, player)
        current.changed()
    return member


def _check_space(room: Room, role: str, *, without: Member | None) -> None:
    others = present(room).filter(role=role).exclude(pk=without.pk if without else 0).count()
    most = match_rules.MOST_SPECTATORS if role == Member.Role.SPECTATOR else most_players(room)
    if others >= most:
        raise RoomError("room-full", _("This room is full."))


def _enter(room: Room, player: Player, role: str, known: Member | None) -> Member:
    now = timezone.now()
    if known is None:
        number = (room.members.aggregate(last=Max("number"))["last"] or 0) + 1
        return Member.objects.create(
            room=room, player=player, role=role, number=number, joined_at=now, last_seen_at=now
        )
    if known.left_at:
        known.joined_at, known.left_at = now, None
    known.role, known.is_ready, known.last_seen_at = role, False, now
    known.save()
    return known


def _sit_down(room: Room, player: Player) -> None:
    if room.game is None:
        return
    try:
        matches.take_seat(game=room.game, player=player)
    except GameError as error:
        raise RoomError(error.code, error.message) from None


def leave(*, room: Room, player: Player) -> None:
    """For good: the match goes on without. Leaving twice changes nothing."""
    with turn(room) as current:
        member = current.room.members.filter(player=player, left_at=None).first()
        if member:
            _remove(current, member)


def kick(*, room: Room, player: Player, public_id: str) -> None:
    with turn(room) as current:
        check_host(current.room, player)
        if current.room.kind == Room.Kind.DUEL and current.room.state == Room.State.PLAYING:
            raise RoomError("match-running", _("Nobody can be removed from a duel that runs."))
        member = current.room.members.filter(public_id=public_id).select_related("player").first()
        if member is None or member.player_id == player.pk:
            raise RoomError("no-such-player", _("There is nobody of that name to remove."))
        if member.kicked_at:
            return
        Member.objects.filter(pk=member.pk).update(kicked_at=timezone.now())
        publish_kick(current.room, player=public_id)
        if member.left_at is None:
            _remove(current, member)


def _remove(current: Turn, member: Member) -> None:
    room = current.room
    Member.objects.filter(pk=member.pk).update(left_at=timezone.now(), is_ready=False, connections=0)
    if room.state == Room.State.PLAYING and room.game:
        matches.give_up(game=room.game, player=member.player)
    if room.host_id == member.player_id:
        pass_on(room)
    is_no_match = room.is_quick and room.state == Room.State.LOBBY
    if is_no_match or not present(room).exists():
        room.closed_at = timezone.now()
    current.changed()


def lock_rooms_of(player: Player) -> None:
    """Whoever needs rooms and players locked takes the rooms first, always in one order."""
    own = Member.objects.filter(player=player).values("room")
    rooms = Room.objects.select_for_update(no_key=True).filter(closed_at=None, pk__in=own)
    list(rooms.order_by("pk").values_list("pk"))


def move_memberships(*, guest: Player, to: Player) -> None:
    """A guest who logs in is in the same rooms as before, but where the account was already."""
    own = Member.objects.filter(player=to).values("room")
    moved = Member.objects.filter(player=guest).exclude(room__in=own)
    rooms = list(moved.values_list("room", flat=True))
    if not rooms:
        return
    moved.update(player=to)
    Room.objects.filter(pk__in=rooms, host=guest).update(host=to)
    for room in Room.objects.filter(pk__in=rooms, closed_at=None):
        with turn(room) as current:
            current.changed()


def pass_on(room: Room) -> bool:
    """Somebody else is the host. False where nobody is there."""
    members = list(present(room).exclude(player=room.host_id).order_by("joined_at", "number"))
    chosen = match_rules.next_host(_as_present(members))
    if chosen is None:
        return False
    room.host = members[chosen.number].player
    return True


def _as_present(members: Iterable[Member]) -> list[match_rules.Present]:
    return [
        match_rules.Present(number, member.role == Member.Role.PLAYER, member.connections > 0)
        for number, member in enumerate(members)
    ]
