"""Every kind of match in both conditions, in every phase, as everybody who can have a socket: no frame tells
of a place what is not told yet, nor where somebody else has put a pin.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from geogame.games.models import Round
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.rooms import services
from tests.geogame.live.conftest import MakeTable
from tests.geogame.live.table import PHASES, Table, do, told
from tests.geogame.pages import truth
from tests.sockets import RoomSocket

MATCHES = [
    (kind, condition, with_model)
    for kind, with_model in (("duel", False), ("duel", True), ("room", True), ("crowd", True))
    for condition in ("fair", "free")
]


class Ears:
    """All that the sockets of one person were ever sent."""

    def __init__(self, table: Table, name: str) -> None:
        self.table = table
        self.name = name
        self.sockets: list[RoomSocket] = []

    async def connect(self) -> RoomSocket:
        socket = self.table.socket(self.name)
        self.sockets.append(socket)
        await socket.enter()
        return socket

    async def provoke(self) -> None:
        """Every command, right and wrong, but those that change the match."""
        socket = self.sockets[-1]
        await socket.command("snapshot.request")
        await socket.command("ping")
        await socket.command("react", reaction="wow")
        await socket.command("guess", round="r" * 22, lat=1, lng=2)
        await socket.command("settings", rounds_total=3)
        await socket.command("kick", player="nobody")
        for text in (
            "",
            "[]",
            '{"type": "truth", "id": "t"}',
            '{"type": "snapshot.request", "id": "s", "all": 1}',
        ):
            await socket.send(text)
        await socket.drain()

    def heard(self) -> list[bytes]:
        return told([frame for socket in self.sockets for frame in socket.heard])


def hidden() -> list[Panorama]:
    """What is in no round that is over."""
    told_ = Round.objects.filter(state=Round.State.CLOSED).values("panorama")
    return list(Panorama.objects.exclude(pk__in=told_))


def others_pin(table: Table) -> tuple[float, float]:
    return truth.senders_place(truth.number_of(table.current().panorama))


@pytest.fixture
def table(
    make_table: MakeTable,
    secret_map: Map,
    model_version: ModelVersion,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    condition: str,
    with_model: bool,
) -> Table:
    monkeypatch.setattr("planet_core.geography.country_at", truth.country_at)
    people = ("Ada",) if kind == "duel" and with_model else ("Ada", "Ben")
    return make_table(
        *people,
        kind=kind,
        watching=("Sue",),
        map_=secret_map,
        version=model_version if with_model else None,
        condition=condition,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "condition", "with_model"), MATCHES)
def test_no_frame_tells_what_is_not_told_yet(table: Table) -> None:
    """The host plays and locks in; the others listen: a player, one who dropped and is back, a spectator."""
    ears = {name: Ears(table, name) for name in table.players}
    locking = table.playing[-1]

    async def listen(phase: str) -> None:
        for ear in ears.values():
            await ear.connect()  # dropped, and back
            await ear.provoke()
            await do(check, ear, phase)

    def check(ear: Ears, phase: str) -> None:
        own_pin = ear.name == locking and phase == "locked"
        text = [frame.replace(own_pin_text(table), b"") for frame in ear.heard()] if own_pin else ear.heard()
        truth.assert_no_truth(text, hidden())

    async def talk() -> None:
        for before, phase in zip((None, *PHASES), PHASES, strict=False):
            if before:
                await do(step, phase)
            await listen(phase)
        for socket in table.sockets:
            await socket.close()

    def step(phase: str) -> None:
        if phase == "locked":
            table.guess(locking, *others_pin(table))
        else:
            table.step_to(phase)

    async_to_sync(talk)()
    assert all(len(ear.heard()) > 20 for ear in ears.values())


def own_pin_text(table: Table) -> bytes:
    """How one's own pin stands in the private part of a snapshot: to others it must not be told."""
    lat, lng = others_pin(table)
    return json.dumps({"lat": lat, "lng": lng}).encode()


@pytest.mark.parametrize(("kind", "condition", "with_model"), [("room", "free", True)])
def test_the_result_tells_and_would_be_found(table: Table) -> None:
    """The search is not blind: once the round is closed, place and pins are there."""
    table.bring_to("guessing")
    for name in table.playing:
        table.guess(name, *others_pin(table))
    panorama = table.current().panorama
    assert table.current().state == Round.State.CLOSED

    async def talk() -> None:
        for name in table.players:
            socket = table.socket(name)
            await socket.enter()
            found = truth.found_in(told(socket.heard), panorama)
            for place in (truth.true_place, truth.senders_place, truth.models_place):
                lat, _ = place(truth.number_of(panorama))
                assert f"{abs(lat):.7f}" in found
            await socket.close()

    async_to_sync(talk)()


@pytest.mark.parametrize("phase", ["guessing", "locked", "result"])
@pytest.mark.parametrize(("kind", "condition", "with_model"), [("room", "free", True)])
def test_who_is_out_hears_nothing_more(table: Table, phase: str) -> None:
    table.bring_to(phase)
    ways: dict[str, Callable[[], Any]] = {
        "kicked": lambda: services.kick(
            room=table.room, player=table.players["Ada"], public_id=table.member("Ben").public_id
        ),
        "left": lambda: services.leave(room=table.room, player=table.players["Sue"]),
    }

    async def talk() -> None:
        ben, sue = table.socket("Ben"), table.socket("Sue")
        await ben.enter()
        await sue.enter()
        await ben.drain()
        await sue.drain()
        for way in ways.values():
            await do(way)
        await do(lambda: table.wait(0))
        for socket in (ben, sue):
            await socket.send(json.dumps({"type": "snapshot.request", "id": "more"}))
        await do(lambda: table.wait(8))
        heard = [frame async for frame in after_the_end(ben)]
        assert {"snapshot", "room.changed"}.isdisjoint(frame["type"] for frame in heard)
        for socket in table.sockets:
            await socket.close()

    async_to_sync(talk)()


async def after_the_end(socket: RoomSocket) -> Any:
    await socket.closing_code()
    while not await socket.nothing_more():
        yield await socket.receive()


@pytest.mark.parametrize(
    ("kind", "condition", "with_model"), [("room", "free", True), ("crowd", "fair", True)]
)
def test_of_a_pin_others_learn_that_it_is_set_and_nothing_else(table: Table) -> None:
    table.bring_to("guessing")

    async def talk() -> None:
        ben = table.socket("Ben")
        before = await ben.enter()
        await do(lambda: table.guess("Ada", *others_pin(table)))
        frame = await ben.next("room.changed")
        locked = {p["name"]: p["locked"] for p in frame["state"]["players"] if p["kind"] == "person"}
        assert locked == {"Ada": True, "Ben": False, "Sue": False}
        changed = {
            name: value
            for name, value in frame["state"]["match"].items()
            if name != "round" and value != before["state"]["match"][name]
        }
        assert changed.keys() <= {"phase_ends_in_s"}
        points = [(p["points"], p["health"]) for p in frame["state"]["players"]]
        assert points == [(p["points"], p["health"]) for p in before["state"]["players"]]
        truth.assert_no_truth(told(ben.heard), hidden())
        for socket in table.sockets:
            await socket.close()

    async_to_sync(talk)()
