"""What one socket of a room is sent: later states after earlier ones, at its own speed, nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer

from geogame.live import desk
from geogame.live.bucket import TokenBucket
from geogame.live.inbox import BURST
from geogame.live.watch import watch
from geogame.rooms import services
from geogame.rooms.broadcast import group_name
from tests.geogame.live.table import Table, do, run_commits
from tests.sockets import RoomSocket

Talk = Callable[[], Awaitable[None]]
TIMES = 12


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests talk faster than people."""
    monkeypatch.setattr("geogame.live.pace.TokenBucket", partial(TokenBucket, capacity=10_000))


def converse(table: Table, talk: Talk) -> None:
    async def run() -> None:
        try:
            await talk()
        finally:
            for socket in table.sockets:
                await socket.close()

    async_to_sync(run)()


def read_slowly(socket: RoomSocket) -> asyncio.Event:
    """Nothing more reaches this client until the event."""
    goes_on = asyncio.Event()
    goes_on.set()
    application, scope = socket.asgi.application, socket.asgi.scope

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        async def wait_and_send(event: Any) -> None:
            await goes_on.wait()
            await send(event)

        await application(scope, receive, wait_and_send)

    socket.asgi = ApplicationCommunicator(slow, scope)
    return goes_on


def change(table: Table) -> None:
    """Something that everybody is told."""
    is_ready = table.member("Cleo").is_ready
    services.set_ready(room=table.room, player=table.players["Cleo"], ready=not is_ready)
    run_commits()


def test_one_subscription_serves_all_sockets_of_a_room(table: Table) -> None:
    async def talk() -> None:
        for name in table.players:
            await table.socket(name).enter()
        assert len(get_channel_layer().groups[group_name(table.room)]) == 1
        for socket in table.sockets:
            await socket.close()
        assert get_channel_layer().groups == {}
        table.sockets.clear()

    converse(table, talk)


def test_a_state_is_made_into_text_once_for_all_who_read_a_language(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    text = desk.in_language

    def count(frame: Any, language: str) -> Any:
        made.append(language)
        return text(frame, language)

    async def talk() -> None:
        for name in table.players:
            await table.socket(name).enter()
        for socket in table.sockets:
            await socket.drain()
        monkeypatch.setattr(desk, "in_language", count)
        await do(change, table)
        for socket in table.sockets:
            await socket.next("room.changed")
        assert made == ["en"]

    converse(table, talk)


def test_who_reads_slowly_keeps_nobody_waiting_and_gets_the_latest_state(table: Table) -> None:
    async def talk() -> None:
        ada, ben = table.socket("Ada"), table.socket("Ben")
        goes_on = read_slowly(ben)
        for socket in (ada, ben):
            await socket.enter()
        for socket in (ada, ben):
            await socket.drain()
            socket.heard.clear()
        goes_on.clear()
        for _ in range(TIMES):
            await do(change, table)
            await asyncio.wait_for(ada.next("room.changed"), 5)
            await watch().look()
        versions = [frame["version"] for frame in ada.heard]
        assert len(versions) == TIMES
        assert ben.heard == []
        goes_on.set()
        await ben.drain()
        late = [frame["version"] for frame in ben.heard]
        assert late[-1] == versions[-1]
        assert late == sorted(set(late))
        assert len(late) <= 1 + BURST, "one that was on its way, and the last few"

    converse(table, talk)


def test_no_state_overtakes_the_snapshot_that_was_read_before_it(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something happens between the reading and the sending: on coming, and on asking."""
    for name in ("arrive", "carry_out"):
        monkeypatch.setattr(desk, name, and_then(getattr(desk, name), partial(change, table)))

    async def talk() -> None:
        socket = table.socket("Ada")
        await socket.enter()
        for _ in range(3):
            await socket.command("snapshot.request")
        frames = await socket.drain()
        assert [frame["type"] for frame in frames[:3]] == ["snapshot", "room.changed", "snapshot"]
        versions = [frame["version"] for frame in frames if "version" in frame]
        assert versions == sorted(versions)

    converse(table, talk)


def and_then(read: Callable[..., Any], happens: Callable[[], None]) -> Callable[..., Any]:
    def both(*arguments: Any) -> Any:
        found = read(*arguments)
        happens()
        return found

    return both


def test_an_older_state_that_comes_late_is_told_to_nobody(table: Table) -> None:
    async def talk() -> None:
        socket = table.socket("Ada")
        await socket.enter()
        await do(change, table)
        state = (await socket.next("room.changed"))["state"]
        for version in (state["version"] - 1, state["version"]):
            old = {"type": "room.changed", "version": version, "state": state}
            await get_channel_layer().group_send(socket.group, {**old, "group": socket.group})
        before = len(socket.heard)
        assert len(await socket.drain()) == before

    converse(table, talk)


def test_a_socket_that_cannot_be_told_is_closed_and_the_others_go_on(
    table: Table, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listed = desk.is_listed

    def is_listed(guest: desk.Guest, state: Any) -> bool:
        if guest.public_id == bens:
            raise RuntimeError("nonsense")
        return listed(guest, state)

    bens = table.member("Ben").public_id

    async def talk() -> None:
        ada, ben = table.socket("Ada"), table.socket("Ben")
        for socket in (ada, ben):
            await socket.enter()
            await socket.drain()
        monkeypatch.setattr(desk, "is_listed", is_listed)
        await do(change, table)
        assert await ben.closing_code() == 1013
        assert (await ada.next("room.changed"))["type"] == "room.changed"

    converse(table, talk)
    assert "could not be told" in caplog.text
