"""A bot's side of the socket, against a server that loses what it can."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from geogame.live.bots import link as module
from geogame.live.bots.link import Closed, Link, Refused
from geogame.live.bots.site import Site, SiteError
from geogame.live.closing import KICKED, TRY_AGAIN

Serve = Callable[[ServerConnection, int], Awaitable[None]]
Play = Callable[[Link], Awaitable[None]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESEND_S", 0.05)
    monkeypatch.setattr(module, "REST_S", 0.01)


def state(version: int) -> dict[str, Any]:
    return {"version": version, "room": {"state": "lobby"}, "players": [], "match": None}


def snapshot(version: int) -> str:
    private = {"you": {"id": "me", "role": "player", "is_host": False}, "your_guess": None}
    frame = {"type": "snapshot", "id": None, "version": version, "state": state(version), "private": private}
    return json.dumps(frame)


def converse(talk: Serve, play: Play) -> Link:
    """`talk` gets each connection with its number; `play` has the link while that runs."""

    async def run() -> Link:
        connections = 0

        async def handle(socket: ServerConnection) -> None:
            nonlocal connections
            connections += 1
            await talk(socket, connections)

        server: Server
        async with serve(handle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            link = Link(Site(f"http://127.0.0.1:{port}"), "ABC234")
            running = asyncio.ensure_future(link.run())
            playing = asyncio.ensure_future(play(link))
            try:
                await asyncio.wait({running, playing}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                await playing
            finally:
                for task in (running, playing):
                    task.cancel()
                await asyncio.gather(running, playing, return_exceptions=True)
        return link

    return asyncio.run(run())


def test_a_command_is_sent_until_it_is_answered() -> None:
    ids: list[str] = []

    async def talk(socket: ServerConnection, number: int) -> None:
        await socket.send(snapshot(1))
        async for text in socket:
            ids.append(json.loads(text)["id"])
            if len(ids) == 3:
                await socket.send(json.dumps({"type": "ack", "id": ids[-1], "version": 2}))

    async def play(link: Link) -> None:
        assert (await link.send("ready", ready=True))["version"] == 2

    converse(talk, play)
    assert len(ids) == 3
    assert len(set(ids)) == 1, "always under the same id"


def test_a_command_goes_over_the_next_connection_too() -> None:
    seen: list[tuple[int, str]] = []

    async def talk(socket: ServerConnection, number: int) -> None:
        await socket.send(snapshot(number))
        async for text in socket:
            seen.append((number, json.loads(text)["id"]))
            if number == 1:
                socket.transport.abort()
                return
            await socket.send(json.dumps({"type": "ack", "id": seen[-1][1], "version": number}))

    async def play(link: Link) -> None:
        await link.send("start")

    link = converse(talk, play)
    assert [number for number, _ in seen[:2]] == [1, 2]
    assert len({id_ for _, id_ in seen}) == 1
    assert link.connections == 2


def test_a_refusal_is_told_and_one_that_passes_is_not() -> None:
    codes = ["rate-limited", "server-error", "not-host"]

    async def talk(socket: ServerConnection, number: int) -> None:
        async for text in socket:
            error = {"type": "error", "id": json.loads(text)["id"], "code": codes.pop(0), "message": "…"}
            await socket.send(json.dumps(error))

    async def play(link: Link) -> None:
        with pytest.raises(Refused) as refused:
            await link.send("start")
        assert refused.value.code == "not-host"

    converse(talk, play)
    assert codes == []


def test_an_older_state_is_dropped() -> None:
    async def talk(socket: ServerConnection, number: int) -> None:
        await socket.send(snapshot(5))
        for version in (7, 6):
            frame = {"type": "room.changed", "version": version, "state": state(version)}
            await socket.send(json.dumps(frame))
        await socket.send(json.dumps({"type": "reaction", "from": "x", "reaction": "wow"}))
        await socket.wait_closed()

    heard: list[str] = []

    async def play(link: Link) -> None:
        link._hear = lambda frame: heard.append(frame["type"])
        while "reaction" not in heard:
            await asyncio.sleep(0.01)
        assert link.state
        assert link.state["version"] == 7

    converse(talk, play)


def test_it_comes_again_unless_it_is_sent_away_for_good() -> None:
    async def talk(socket: ServerConnection, number: int) -> None:
        await socket.close(TRY_AGAIN if number < 3 else KICKED)

    async def play(link: Link) -> None:
        await asyncio.sleep(20)

    with pytest.raises(Closed) as closed:
        converse(talk, play)
    assert closed.value.code == KICKED


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SiteError, match="is not the address of a game"):
        Site(url)


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(SiteError, match="is the game running there"):
        Site("http://127.0.0.1:9").get("/")
