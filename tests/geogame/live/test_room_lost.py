"""Nothing is lost: in every phase a socket, the web process or the message server goes away, and afterwards
it is the same match in the same state.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import ConnectionError as NoServer

from geogame.games.models import Game, Guess
from geogame.live import desk
from geogame.live.bucket import TokenBucket
from geogame.live.closing import KICKED, LEFT, TRY_AGAIN
from geogame.live.watch import LOOKS_PER_BEAT, watch
from geogame.registry.models import ModelVersion
from geogame.rooms import services
from geogame.rooms.models import Member
from tests.geogame.live.conftest import MakeTable
from tests.geogame.live.table import PHASES, Table, do
from tests.sockets import RoomSocket

Talk = Callable[[], Awaitable[None]]
KINDS = ("duel", "room", "crowd")
PLACES = [
    (kind, phase) for kind in KINDS for phase in PHASES if (kind, phase) != ("duel", "preparing")
]  # two people in a duel: no model whose answer is awaited


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests talk faster than people."""
    monkeypatch.setattr("geogame.live.pace.TokenBucket", partial(TokenBucket, capacity=10_000))


@pytest.fixture
def table(make_table: MakeTable, model_version: ModelVersion, kind: str) -> Table:
    return make_table("Ada", "Ben", kind=kind, version=None if kind == "duel" else model_version)


def converse(table: Table, talk: Talk) -> None:
    async def run() -> None:
        try:
            await talk()
        finally:
            for socket in table.sockets:
                await socket.close()

    async_to_sync(run)()


def lasting(state: dict[str, Any]) -> dict[str, Any]:
    """Who comes and goes raises the version. Time stands: what is left of a phase is the same, too."""
    return {name: part for name, part in state.items() if name != "version"}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(lasting(one["state"]) == lasting(other["state"]) and one["private"] == other["private"])


async def both(table: Table) -> dict[str, RoomSocket]:
    sockets = {name: table.socket(name) for name in table.players}
    for socket in sockets.values():
        await socket.enter()
    return sockets


async def play_to_the_end(table: Table, sockets: dict[str, RoomSocket]) -> None:
    """As the players would go on, over these sockets."""
    if (await sockets[table.host].command("snapshot.request"))["state"]["match"] is None:
        for socket in sockets.values():
            await socket.command("ready", ready=True)
        assert (await sockets[table.host].command("start"))["type"] == "ack"
    for _ in range(60):
        state = (await sockets[table.host].command("snapshot.request"))["state"]
        phase = state["match"]["phase"]
        if phase == "finished":
            return
        if phase == "guessing":
            for socket in sockets.values():
                reply = await socket.command("guess", round=state["match"]["round"]["id"], lat=1.0, lng=2.0)
                assert reply["type"] == "ack" or reply["code"] in {"already-guessed", "round-closed"}
        else:
            table.clock.pass_s(8)
            await do(table.seal)
        for socket in sockets.values():
            await socket.drain()
    raise AssertionError("the match never ends")


@pytest.mark.parametrize(("kind", "phase"), PLACES)
def test_who_loses_the_connection_is_back_in_the_same_state(table: Table, phase: str) -> None:
    table.bring_to(phase)

    async def talk() -> None:
        sockets = await both(table)
        before = {name: await socket.command("snapshot.request") for name, socket in sockets.items()}
        for name, socket in sockets.items():
            await socket.close()
            again = table.socket(name)
            assert same(await again.enter(), before[name])
            sockets[name] = again
        for name, socket in sockets.items():
            assert same(await socket.command("snapshot.request"), before[name])

    converse(table, talk)


@pytest.mark.parametrize(("kind", "phase"), [("room", phase) for phase in PHASES])
def test_what_happened_meanwhile_is_in_the_snapshot(table: Table, phase: str) -> None:
    table.bring_to(phase)

    async def talk() -> None:
        sockets = await both(table)
        await sockets["Ben"].close()
        await do(lambda: services.react(room=table.room, player=table.players["Ada"], reaction="wow"))
        if phase in ("guessing", "locked"):
            await do(lambda: table.guess("Ben"))
        else:
            await do(lambda: table.wait(0))
        now = await sockets["Ada"].command("snapshot.request")
        later = table.socket("Ben")
        snapshot = await later.enter()
        assert snapshot["version"] >= now["version"]
        assert snapshot["state"]["match"] == now["state"]["match"]

    converse(table, talk)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "phase"), PLACES)
def test_a_web_process_that_was_killed_changes_nothing(
    table: Table, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed: no socket says goodbye, what was to be sent is gone, the counts of connections are wrong."""
    table.bring_to(phase)
    before: dict[str, Any] = {}
    go = desk.go

    async def until_it_is_killed() -> None:
        sockets = await both(table)
        for name, socket in sockets.items():
            before[name] = await socket.command("snapshot.request")
        monkeypatch.setattr(desk, "go", lambda guest: None)
        for socket in sockets.values():
            await socket.close()
        table.sockets.clear()
        await get_channel_layer().flush()

    async def afterwards() -> None:
        sockets = {}
        for name in table.players:
            sockets[name] = table.socket(name)
            assert same(await sockets[name].enter(), before[name])
        await play_to_the_end(table, sockets)

    converse(table, until_it_is_killed)
    monkeypatch.setattr(desk, "go", go)
    converse(table, afterwards)
    assert table.game().state == Game.State.FINISHED
    for round_ in table.game().rounds.filter(void_reason=""):
        assert round_.guesses.count() == round_.game.seats.count(), "everybody, and the model, once"


@pytest.mark.parametrize(("kind", "phase"), [("room", phase) for phase in PHASES])
def test_what_the_message_server_loses_is_made_up_for(
    table: Table, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.bring_to(phase)

    async def gone(*arguments: Any) -> None:
        raise NoServer("connection refused")

    async def talk() -> None:
        sockets = await both(table)
        for socket in sockets.values():
            await socket.drain()
        known = {name: copy.deepcopy(socket.heard[-1]) for name, socket in sockets.items()}
        with monkeypatch.context() as patch:
            patch.setattr(get_channel_layer(), "group_send", gone)
            if phase == "guessing":
                await do(table.guess, "Ada")
            else:
                await do(
                    lambda: (
                        services.set_ready(room=table.room, player=table.players["Ada"], ready=False)
                        if phase == "lobby"
                        else table.wait(8)
                    )
                )
        version = await do(lambda: type(table.room).objects.get(pk=table.room.pk).version)
        await watch().look()
        for name, socket in sockets.items():
            await socket.drain()
            assert socket.heard[-1]["version"] == version
            if version > known[name]["version"]:
                assert socket.heard[-1]["type"] == "room.changed"

    converse(table, talk)


@pytest.mark.parametrize("kind", ["duel"])
def test_the_watch_tells_nobody_what_they_know(table: Table) -> None:
    async def talk() -> None:
        sockets = await both(table)
        for socket in sockets.values():
            await socket.drain()
            socket.heard.clear()
        await watch().look()
        for socket in sockets.values():
            assert await socket.drain() == []

    converse(table, talk)


@pytest.mark.parametrize(
    ("kind", "field", "code"), [("room", "kicked_at", KICKED), ("room", "left_at", LEFT)]
)
def test_the_watch_sends_away_who_was_removed_unheard(table: Table, field: str, code: int) -> None:
    async def talk() -> None:
        sockets = await both(table)
        ben = await do(table.member, "Ben")
        await do(lambda: type(ben).objects.filter(pk=ben.pk).update(**{field: "2026-01-01T00:00Z"}))
        await watch().look()
        assert await sockets["Ben"].closing_code() == code
        assert (await sockets["Ada"].command("ping"))["type"] == "pong"

    converse(table, talk)


@pytest.mark.parametrize("kind", ["room"])
def test_who_is_here_is_noted_again_and_again(table: Table) -> None:
    async def talk() -> None:
        await both(table)
        table.clock.pass_s(50)
        before = (await do(table.member, "Ben")).last_seen_at
        for _ in range(LOOKS_PER_BEAT):
            await watch().look()
        assert (await do(table.member, "Ben")).last_seen_at > before

    converse(table, talk)


@pytest.mark.parametrize("kind", ["room"])
def test_a_look_takes_as_many_queries_for_many_members_as_for_one(
    table: Table, make_table: MakeTable, django_assert_num_queries: Any
) -> None:
    everybody = list(make_table(*(f"Guest {n}" for n in range(15)), map_=table.room.map).room.members.all())
    versions = {table.room.pk: 10**6, everybody[0].room_id: 10**6}
    Member.objects.update(connections=1)
    for members in (everybody[:1], everybody):
        with django_assert_num_queries(4):
            desk.look(versions=versions, members={member.pk for member in members}, is_beat=True)


@pytest.mark.parametrize("kind", ["room"])
def test_a_socket_without_the_message_server_is_asked_to_come_again(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*arguments: Any) -> None:
        raise NoServer("connection refused")

    async def talk() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(get_channel_layer(), "group_add", gone)
            socket = table.socket("Ada")
            await socket.connect()
            assert await socket.closing_code() == TRY_AGAIN
            table.sockets.clear()
        assert (await table.socket("Ada").enter())["state"]["room"]["code"] == table.room.code

    converse(table, talk)


@pytest.mark.parametrize("kind", KINDS)
def test_a_guess_whose_reply_was_lost_is_there_and_counts_once(table: Table) -> None:
    table.bring_to("guessing")
    token = table.current().token

    async def talk() -> None:
        lost = table.socket("Ben")
        await lost.enter()
        await lost.command("guess", id_="g1", round=token, lat=3.0, lng=4.0)
        await lost.close()
        again = table.socket("Ben")
        assert (await again.enter())["private"]["your_guess"] == {"lat": 3.0, "lng": 4.0}
        assert (await again.command("guess", id_="g1", round=token, lat=3.0, lng=4.0))["type"] == "ack"

    converse(table, talk)
    assert Guess.objects.filter(player=table.players["Ben"]).count() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_who_asks_gets_what_is_due_though_the_clock_stands_still(table: Table) -> None:
    """`manage.py clock` is down: a client whose countdown ended asks, and the match goes on."""
    table.bring_to("intro")

    async def talk() -> None:
        sockets = await both(table)
        await play_to_the_end(table, sockets)

    converse(table, talk)
    assert table.game().state == Game.State.FINISHED
