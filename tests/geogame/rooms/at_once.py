"""What people in a room do at the same moment, each over a database connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.match_rules import COUNTDOWN_S, INTRO_S, MOST_PLAYERS
from geogame.games.models import Exposure, Game, Guess, Round
from geogame.panoramas.models import Map
from geogame.profiles.adoption import move_games
from geogame.rooms import services
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Member, Room, Ticket

Command = Callable[[], object]


def all_at_once(commands: list[Command]) -> list[str]:
    """How each of them ended: "done", or the code of its refusal."""
    ready = threading.Barrier(len(commands))

    def run(command: Command) -> str:
        connection.ensure_connection()
        ready.wait(timeout=30)
        try:
            command()
        except RoomError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(commands)) as pool:
        return [future.result() for future in [pool.submit(run, command) for command in commands]]


def again(room: Room) -> Room:
    """As another process has read it."""
    return Room.objects.get(pk=room.pk)


def make_people(number: int, name: str = "Player") -> list[Player]:
    return [Player.objects.create(kind="person", name=f"{name} {n}") for n in range(number)]


def make_room(map_: Map, players: list[Player], *, kind: str = "room") -> Room:
    room = services.create_room(player=players[0], kind=kind, map_=map_, settings={"model": None})
    for player in players[1:]:
        services.join(room=room, player=player)
        services.set_ready(room=room, player=player, ready=True)
    return room


def open_round(room: Room) -> Round:
    """The intro is over."""
    services.start(room=room, player=room.host)
    Game.objects.filter(rooms=room).update(created_at=timezone.now() - timedelta(seconds=INTRO_S))
    Room.objects.filter(pk=room.pk).update(due_at=timezone.now())
    services.settle_rooms()
    return Round.objects.get(game__rooms=room, state=Round.State.OPEN)


def guess(room: Room, player: Player, round_: Round, lat: float) -> Command:
    return lambda: services.guess(room=again(room), player=player, round_token=round_.token, lat=lat, lng=5.0)


def come(room: Room, player: Player) -> Command:
    return lambda: services.join(room=again(room), player=player)


def two_lock_in(map_: Map) -> None:
    """Both answers are in, the round is closed once, the next is drawn once."""
    players = make_people(2)
    room = make_room(map_, players, kind="duel")
    round_ = open_round(room)
    commands = [guess(room, player, round_, 1.0 + n) for n, player in enumerate(players)]
    assert all_at_once([*commands, *commands]) == ["done"] * 4
    round_.refresh_from_db()
    assert round_.state == Round.State.CLOSED
    stored = Guess.objects.filter(round=round_).order_by("lat")
    assert list(stored.values_list("lat", flat=True)) == [1.0, 2.0]
    assert Round.objects.filter(game=round_.game).count() == 2


def one_changes_the_mind(map_: Map) -> None:
    """Four places of one player: one is stored, and the countdown runs from it."""
    players = make_people(2)
    room = make_room(map_, players, kind="duel")
    round_ = open_round(room)
    ended = all_at_once([guess(room, players[0], round_, float(lat)) for lat in range(4)])
    assert sorted(ended) == ["already-guessed"] * 3 + ["done"], ended
    round_.refresh_from_db()
    assert round_.deadline_at
    assert round_.deadline_at <= timezone.now() + timedelta(seconds=COUNTDOWN_S)
    assert Guess.objects.filter(round=round_).count() == 1


def guesses_and_clocks(map_: Map) -> None:
    """Everybody answers while two clock processes look, and while people come, go and drop out."""
    players = make_people(6)
    room = make_room(map_, players)
    round_ = open_round(room)
    late = make_people(2, "Late")
    services.arrive(room=room, player=players[0])
    ended = all_at_once(
        [
            *(guess(room, player, round_, 1.0) for player in players[:5]),
            lambda: services.leave(room=again(room), player=players[5]),
            *(come(room, player) for player in late),
            *(services.settle_rooms for _ in range(2)),
            lambda: services.disconnected(room=again(room), player=players[0]),
            lambda: services.snapshot_for(room=again(room), player=players[1]),
        ]
    )
    assert set(ended) == {"done"}, ended
    round_.refresh_from_db()
    assert round_.state == Round.State.CLOSED
    assert Guess.objects.filter(round=round_, outcome="answered").count() == 5
    assert Exposure.objects.filter(round=round_).count() == len(players) + len(late)
    numbers = list(Member.objects.filter(room=room).values_list("number", flat=True))
    assert sorted(numbers) == list(range(1, 9))
    services.settle_rooms()
    assert Round.objects.filter(game=round_.game, number=2).count() == 1


def what_a_room_points_to_changes(map_: Map) -> None:
    """The host leaves and a match begins: who has waited for that sees the new host, and the match."""
    for _ in range(5):
        players = make_people(4)
        room = make_room(map_, players)
        ended = all_at_once(
            [
                lambda room=room, host=players[0]: services.start(room=again(room), player=host),  # type: ignore[misc]
                *(
                    lambda room=room, player=player: services.arrive(room=again(room), player=player)  # type: ignore[misc]
                    for player in players[1:]
                ),
                lambda room=room, host=players[0]: services.leave(room=again(room), player=host),  # type: ignore[misc]
            ]
        )
        assert set(ended) <= {"done", "not-a-member"}, ended
        now = again(room)
        assert now.host in players[1:]
        assert (now.state == Room.State.PLAYING) == (now.game is not None)
        assert now.game_version == (now.game.version if now.game else 0)


def one_gets_the_last_seat(map_: Map) -> None:
    room = make_room(map_, make_people(MOST_PLAYERS - 1))
    late = make_people(3, "Late")
    ended = all_at_once([come(room, player) for player in late])
    assert sorted(ended) == ["done", "room-full", "room-full"], ended
    assert Member.objects.filter(room=room).count() == MOST_PLAYERS


def one_match_begins(map_: Map) -> None:
    """A host who clicks twice, in two windows."""
    players = make_people(3)
    room = make_room(map_, players)
    ended = all_at_once([lambda: services.start(room=again(room), player=players[0])] * 3)
    assert sorted(ended) == ["done", "match-running", "match-running"], ended
    assert Game.objects.filter(seats__player=players[0]).count() == 1
    assert Round.objects.filter(game__rooms=room).count() == 1


def one_rematch_begins(map_: Map) -> None:
    players = make_people(3)
    room = make_room(map_, players)
    services.start(room=room, player=players[0])
    first = again(room).game
    assert first
    Room.objects.filter(pk=room.pk).update(state=Room.State.FINISHED)
    Game.objects.filter(pk=first.pk).update(state=Game.State.FINISHED, finished_at=timezone.now())
    commands: list[Command] = [
        lambda p=player: services.rematch(room=again(room), player=p)  # type: ignore[misc]
        for player in players
    ]
    assert all_at_once(commands) == ["done"] * 3
    assert again(room).game not in (None, first)
    assert Game.objects.filter(seats__player=players[0]).count() == 2


def two_who_look_meet_once(map_: Map) -> None:
    """Two ask at once, again and again: one room. Of three one goes on waiting."""
    players = make_people(3)

    def look(player: Player) -> Command:
        return lambda: services.quick_match(player=player, map_=map_, condition="fair")

    for _ in range(2):
        assert all_at_once([look(player) for player in (*players[:2], *players[:2])]) == ["done"] * 4
    room = Room.objects.get(is_quick=True)
    assert {member.player for member in room.members.all()} == set(players[:2])
    assert {ticket.room for ticket in Ticket.objects.all()} == {room}
    ended = all_at_once([*(look(player) for player in players), look(players[2])])
    assert ended == ["done"] * 4
    assert Room.objects.filter(is_quick=True).count() == 1
    assert Ticket.objects.get(player=players[2]).room is None


def who_cancels_is_not_in_a_room(map_: Map) -> None:
    ann, ben = make_people(2)
    services.quick_match(player=ann, map_=map_, condition="free")
    all_at_once(
        [
            lambda: services.cancel_quick_match(player=ann),
            lambda: services.quick_match(player=ben, map_=map_, condition="free"),
        ]
    )
    assert not Ticket.objects.filter(player=ann).exists()
    assert not Member.objects.filter(player=ann, left_at=None).exists()


def a_guest_logs_in_while_a_round_opens(map_: Map) -> None:
    """Both want the room and its players: neither waits for the other for ever."""
    guest, other, account = make_people(3)
    room = make_room(map_, [guest, other])
    services.start(room=room, player=guest)
    Game.objects.filter(rooms=room).update(created_at=timezone.now() - timedelta(seconds=INTRO_S))
    Room.objects.filter(pk=room.pk).update(due_at=timezone.now())
    ended = all_at_once(
        [lambda: move_games(guest=guest, to=account), services.settle_rooms, services.settle_rooms]
    )
    assert ended == ["done"] * 3
    assert Member.objects.get(room=room, number=1).player == account
    round_ = Round.objects.get(game__rooms=room)
    assert round_.state == Round.State.OPEN
    assert set(Exposure.objects.filter(round=round_).values_list("player", flat=True)) >= {other.pk}


SCENES: dict[str, Callable[[Map], None]] = {
    scene.__name__: scene
    for scene in (
        *(two_lock_in, one_changes_the_mind, guesses_and_clocks, one_gets_the_last_seat),
        *(one_match_begins, one_rematch_begins, two_who_look_meet_once, who_cancels_is_not_in_a_room),
        *(a_guest_logs_in_while_a_round_opens, what_a_room_points_to_changes),
    )
}
