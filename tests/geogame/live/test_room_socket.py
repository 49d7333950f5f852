"""The socket of a room: one reply to each command, everybody hears of each change, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from geogame.games.models import Guess
from geogame.lib.env import Limit
from geogame.live.bucket import CAPACITY, PATIENCE
from geogame.live.closing import KICKED, LEFT, NOT_FOUND, TOO_OFTEN
from geogame.panoramas.models import Panorama
from geogame.rooms import services
from tests.geogame.live.conftest import MakeTable
from tests.geogame.live.table import Table, do
from tests.sockets import RoomSocket

Talk = Callable[[], Awaitable[None]]


def converse(table: Table, talk: Talk) -> None:
    async def run() -> None:
        try:
            await talk()
        finally:
            for socket in table.sockets:
                await socket.close()

    async_to_sync(run)()


# --- Coming ------------------------------------------------------------------------------------------
def test_the_first_frame_is_a_snapshot(table: Table) -> None:
    async def talk() -> None:
        frame = await table.socket("Ada").enter()
        assert frame["version"] == frame["state"]["version"]
        me = frame["private"]["you"]
        assert me["is_host"]
        assert me["role"] == "player"
        names = {player["id"]: player["name"] for player in frame["state"]["players"]}
        assert names[me["id"]] == "Ada"
        assert sorted(names.values()) == ["Ada", "Ben", "Cleo"]

    converse(table, talk)


def test_the_others_see_who_comes_and_who_goes(table: Table) -> None:
    async def here(socket: RoomSocket) -> bool:
        frame = await socket.next("room.changed")
        return next(bool(p["connected"]) for p in frame["state"]["players"] if p["name"] == "Ben")

    async def talk() -> None:
        ada, ben = table.socket("Ada"), table.socket("Ben")
        await ada.enter()
        await ada.drain()
        await ben.enter()
        assert await here(ada)
        await ben.close()
        assert not await here(ada)

    converse(table, talk)


def test_who_has_two_tabs_is_here_until_both_are_closed(table: Table) -> None:
    async def talk() -> None:
        one, other = table.socket("Ben"), table.socket("Ben")
        await one.enter()
        await other.enter()
        await one.close()
        assert (await do(table.member, "Ben")).connections == 1
        await other.close()
        assert (await do(table.member, "Ben")).connections == 0

    converse(table, talk)


@pytest.mark.parametrize("code", ["ABC234", "abc", "ABCDEFG", "ABC23!", "ÄBC234", ""])
def test_a_strange_code_gets_nothing(table: Table, code: str) -> None:
    async def talk() -> None:
        socket = RoomSocket(code, table.clients["Ada"])
        table.sockets.append(socket)
        await socket.connect()
        assert await socket.closing_code() == NOT_FOUND
        assert socket.heard == []

    converse(table, talk)


def test_a_stranger_learns_nothing_not_even_that_the_room_exists(table: Table, make_table: MakeTable) -> None:
    elsewhere = make_table("Eve", map_=table.room.map)
    table.clients["Eve"] = elsewhere.clients["Eve"]

    async def talk() -> None:
        for name in ("Eve", None):
            socket = table.socket(name)
            await socket.connect()
            assert await socket.closing_code() == NOT_FOUND
            await socket.send(json.dumps({"type": "snapshot.request", "id": "a"}))
            assert await socket.nothing_more()
            assert socket.heard == []

    converse(table, talk)


def test_a_page_of_another_site_cannot_connect_to_a_room(table: Table) -> None:
    async def talk() -> None:
        socket = RoomSocket(table.room.code, table.clients["Ada"], origin="http://evil.example")
        assert not await socket.connect()

    converse(table, talk)


def test_sockets_that_come_too_often_are_closed(table: Table, settings: Any, no_counts: None) -> None:
    settings.RATE_LIMITS = {"socket": Limit(2, 0, 3600)}

    async def talk() -> None:
        for _ in range(2):
            await table.socket("Ada").enter()
        late = table.socket("Ada")
        await late.connect()
        assert await late.closing_code() == TOO_OFTEN
        await table.socket("Ben").enter()

    converse(table, talk)


# --- One reply to each command -------------------------------------------------------------------------
def test_a_command_gets_one_reply_and_everybody_the_new_state(table: Table) -> None:
    async def talk() -> None:
        ada, ben = table.socket("Ada"), table.socket("Ben")
        await ada.enter()
        await ben.enter()
        await ada.drain()
        reply = await ben.command("ready", ready=True)
        assert reply["type"] == "ack"
        for socket in (ada, ben):
            frames = await socket.drain()
            changed = [f for f in frames if f["type"] == "room.changed" and f["version"] == reply["version"]]
            assert len(changed) == 1
            ready = {p["name"]: p["ready"] for p in changed[0]["state"]["players"]}
            assert ready["Ben"]
            assert not ready["Ada"]
        assert sum(f.get("id") == reply["id"] for f in ben.heard) == 1

    converse(table, talk)


def test_the_same_id_gets_the_same_reply_and_is_done_once(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.bring_to("guessing")
    token = table.current().token
    calls: list[str] = []
    guess = services.guess
    monkeypatch.setattr(services, "guess", lambda **fields: (calls.append("guess"), guess(**fields)))

    async def talk() -> None:
        socket = table.socket("Ben")
        await socket.enter()
        replies = [await socket.command("guess", id_="g1", round=token, lat=1.5, lng=2.5) for _ in range(3)]
        assert replies[0]["type"] == "ack"
        assert replies == replies[:1] * 3

    converse(table, talk)
    assert calls == ["guess"]
    assert Guess.objects.filter(player=table.players["Ben"]).count() == 1


def test_a_refusal_is_the_same_too(table: Table) -> None:
    async def talk() -> None:
        socket = table.socket("Ben")
        await socket.enter()
        replies = [await socket.command("start", id_="s1") for _ in range(2)]
        assert replies[0] == replies[1]
        assert replies[0]["code"] == "not-host"
        assert replies[0]["message"]

    converse(table, talk)


def test_over_another_socket_the_same_guess_changes_nothing(table: Table) -> None:
    table.bring_to("guessing")
    token = table.current().token

    async def talk() -> None:
        for _ in range(2):
            socket = table.socket("Ben")
            await socket.enter()
            assert (await socket.command("guess", id_="g1", round=token, lat=1.5, lng=2.5))["type"] == "ack"
            await socket.close()
        socket = table.socket("Ben")
        assert (await socket.enter())["private"]["your_guess"] == {"lat": 1.5, "lng": 2.5}
        other = await socket.command("guess", round=token, lat=9.5, lng=2.5)
        assert other["code"] == "already-guessed"

    converse(table, talk)
    assert Guess.objects.filter(player=table.players["Ben"]).count() == 1


def test_what_is_no_command_gets_one_error_and_the_socket_lives(table: Table) -> None:
    frames = {
        "guess!": ("not-json", None),
        '{"type": "fly", "id": "a"}': ("unknown-type", "a"),
        '{"type": "ready", "id": "b"}': ("wrong-fields", "b"),
        '{"type": "ready", "id": "c", "ready": "yes"}': ("wrong-type", "c"),
        '{"type": "start"}': ("wrong-fields", None),
        '"' + "x" * 8200 + '"': ("too-long", None),
    }

    async def talk() -> None:
        socket = table.socket("Ada")
        await socket.enter()
        await socket.drain()
        for text, expected in frames.items():
            await socket.send(text)
            error = await socket.next("error")
            assert (error["code"], error["id"]) == expected
        assert (await socket.command("ping"))["type"] == "pong"

    converse(table, talk)


def test_bytes_are_no_message(table: Table) -> None:
    async def talk() -> None:
        socket = table.socket("Ada")
        await socket.enter()
        await socket.asgi.send_input({"type": "websocket.receive", "bytes": b"{}"})
        assert (await socket.next("error"))["code"] == "not-json"

    converse(table, talk)


def test_a_snapshot_comes_on_request_under_the_id_of_the_request(table: Table) -> None:
    async def talk() -> None:
        socket = table.socket("Ada")
        first = await socket.enter()
        again = await socket.command("snapshot.request", id_="again")
        assert again["type"] == "snapshot"
        assert again["version"] >= first["version"]
        assert again["private"] == first["private"]

    converse(table, talk)


def test_a_fault_of_the_server_is_told_and_not_kept(
    table: Table, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [True]
    ready = services.set_ready

    def set_ready(**fields: Any) -> None:
        if broken:
            raise RuntimeError(f"secret {broken.pop()}")
        ready(**fields)

    monkeypatch.setattr(services, "set_ready", set_ready)

    async def talk() -> None:
        socket = table.socket("Ada")
        await socket.enter()
        error = await socket.command("ready", id_="r1", ready=True)
        assert error["code"] == "server-error"
        assert "secret" not in error["message"]
        assert (await socket.command("ready", id_="r1", ready=True))["type"] == "ack"

    converse(table, talk)
    assert "could not be carried out" in caplog.text


def test_messages_are_in_the_language_of_the_visitor(table: Table) -> None:
    table.clients["Ben"].cookies["django_language"] = "de"

    async def talk() -> None:
        for name, message in (
            ("Ben", "Du bist nicht mehr in diesem Raum."),
            ("Cleo", "You are not in this room"),
        ):
            socket = table.socket(name)
            await socket.enter()
            await do(lambda name=name: table.room.members.filter(player=table.players[name]).delete())
            assert message in (await socket.command("ping"))["message"]

    converse(table, talk)


def test_a_place_is_in_the_language_of_the_visitor(table: Table) -> None:
    table.clients["Ben"].cookies["django_language"] = "de"
    Panorama.objects.update(place="52 km from Makindu, Kenya")

    async def talk() -> None:
        ada, ben = table.socket("Ada"), table.socket("Ben")
        await ada.enter()
        await ben.enter()
        await do(table.bring_to, "result")
        for socket, place in ((ada, "52 km from Makindu, Kenya"), (ben, "52 km von Makindu, Kenia")):
            frame = await socket.next("room.changed")
            while not frame["state"]["match"] or not frame["state"]["match"]["result"]:
                frame = await socket.next("room.changed")
            assert frame["state"]["match"]["result"]["place"] == place

    converse(table, talk)


# --- How often -----------------------------------------------------------------------------------------
def test_who_talks_too_fast_is_refused_and_may_say_it_again(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("geogame.live.pace.time.monotonic", lambda: clock[0])

    async def talk() -> None:
        socket = table.socket("Ada")
        await socket.enter()
        replies = [await socket.command("ping", id_=f"p{n}") for n in range(CAPACITY + 1)]
        assert [reply["type"] for reply in replies] == ["pong"] * CAPACITY + ["error"]
        assert replies[-1]["code"] == "rate-limited"
        clock[0] += 1
        assert (await socket.command("ping", id_=f"p{CAPACITY}"))["type"] == "pong"

    converse(table, talk)


def test_who_never_stops_is_hung_up_on(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geogame.live.pace.time.monotonic", lambda: 1000.0)

    async def talk() -> None:
        socket = table.socket("Ada")
        await socket.enter()
        for number in range(CAPACITY + PATIENCE + 1):
            await socket.send(f"nonsense {number}")
        assert await socket.closing_code() == TOO_OFTEN

    converse(table, talk)


# --- Going ---------------------------------------------------------------------------------------------
def test_who_is_kicked_hears_it_and_nothing_else(table: Table) -> None:
    async def talk() -> None:
        ada, ben = table.socket("Ada"), table.socket("Ben")
        await ada.enter()
        await ben.enter()
        bens = (await do(table.member, "Ben")).public_id
        assert (await ada.command("kick", player=bens))["type"] == "ack"
        assert await ben.closing_code() == KICKED
        assert ben.heard[-1] == {"type": "kicked"}
        again = table.socket("Ben")
        await again.connect()
        assert await again.closing_code() == KICKED
        assert again.heard == [{"type": "kicked"}]

    converse(table, talk)


@pytest.mark.parametrize("lost", [True, False])
def test_membership_is_looked_up_with_each_message(table: Table, lost: bool) -> None:
    """Even where the message that somebody was kicked is lost."""

    async def talk() -> None:
        ben = table.socket("Ben")
        await ben.enter()
        await do(lambda: type(table.member("Ben")).objects.filter(pk=table.member("Ben").pk).delete())
        reply = await ben.command(
            "snapshot.request" if lost else "ready", **({} if lost else {"ready": True})
        )
        assert reply["code"] == "not-a-member"
        assert await ben.closing_code() == NOT_FOUND

    converse(table, talk)


def test_who_leaves_gets_the_reply_and_then_the_end(table: Table) -> None:
    async def talk() -> None:
        ada, ben = table.socket("Ada"), table.socket("Ben")
        await ada.enter()
        await ben.enter()
        assert (await ben.command("leave"))["type"] == "ack"
        assert await ben.closing_code() == LEFT
        await ada.drain()
        gone = [f for f in ada.heard if f["type"] == "room.changed"][-1]["state"]
        assert [p["name"] for p in gone["players"]] == ["Ada", "Cleo"]

    converse(table, talk)


def test_a_deleted_player_plays_on_nowhere(table: Table) -> None:
    async def talk() -> None:
        ben = table.socket("Ben")
        await ben.enter()
        await do(
            lambda: (
                type(table.players["Ben"]).objects.filter(name="Ben").update(deleted_at="2026-01-01T00:00Z")
            )
        )
        assert (await ben.command("ping"))["code"] == "not-a-member"
        assert await ben.closing_code() == NOT_FOUND

    converse(table, talk)


# --- Reactions -----------------------------------------------------------------------------------------
def test_a_reaction_reaches_everybody_and_anything_else_nobody(table: Table) -> None:
    async def talk() -> None:
        ada, ben = table.socket("Ada"), table.socket("Ben")
        await ada.enter()
        await ben.enter()
        await ada.drain()
        assert (await ben.command("react", reaction="wow"))["type"] == "ack"
        frame = await ada.next("reaction")
        bens = (await do(table.member, "Ben")).public_id
        assert frame == {"type": "reaction", "from": bens, "reaction": "wow"}
        assert (await ben.command("react", reaction="you-lose"))["type"] == "error"
        await ada.drain()
        assert sum(f["type"] == "reaction" for f in ada.heard) == 1

    converse(table, talk)


def test_each_command_has_a_handler() -> None:
    from geogame.live.commands import COMMANDS, Ping, SnapshotRequest
    from geogame.live.desk import HANDLERS

    assert set(HANDLERS) | {Ping, SnapshotRequest} == set(COMMANDS.values())


def test_a_client_without_a_session_is_a_stranger(table: Table) -> None:
    table.clients["nobody"] = Client()
    table.clients["nobody"].cookies["sessionid"] = "x" * 32

    async def talk() -> None:
        socket = table.socket("nobody")
        await socket.connect()
        assert await socket.closing_code() == NOT_FOUND

    converse(table, talk)
