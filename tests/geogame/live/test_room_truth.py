"""Every kind of match in both conditions, in every phase, as everybody who has a socket or asks over HTTP:
nothing tells of a place what is not told yet, nor where somebody else has put a pin.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Round
from geogame.live.closing import KICKED, LEFT, NOT_FOUND
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.rooms import services, state
from tests.geogame.live.conftest import MakeTable
from tests.geogame.live.table import PHASES, Table, do, told
from tests.geogame.pages import truth
from tests.sockets import RoomSocket

MATCHES = [("duel", "fair", False), ("duel", "free", True), ("room", "fair", True), ("crowd", "free", True)]
ONE_MATCH = pytest.mark.parametrize(("kind", "condition", "with_model"), [("room", "free", True)])
CLOSES = {"Kit": KICKED, "Eve": NOT_FOUND, "nobody": NOT_FOUND}
"""Kit was removed by the host, Eve was never here, nobody has no session."""


class Ears:
    """All that one visitor is sent, over sockets and HTTP. `fresh` hands it out once."""

    def __init__(self, table: Table, name: str) -> None:
        self.table = table
        self.name = name
        self.is_member = name in table.players
        self.sockets: list[RoomSocket] = []
        self.tap = truth.Tap(table.clients[name])
        self.read: dict[int, int] = {}

    async def listen(self) -> None:
        """Dropped, and back; then every command and every address that the match survives."""
        if self.is_member and self.sockets:
            await self.sockets[-1].drain()
            await self.sockets[-1].close()
        socket = self.table.socket(self.name)
        self.sockets.append(socket)
        if self.is_member:
            await socket.enter()
            await provoke(socket)
        else:
            await socket.connect()
            assert await socket.closing_code() == CLOSES[self.name]
        await do(self.ask)

    def ask(self) -> None:
        code = self.table.room.code
        answer = self.tap.get(f"/api/rooms/{code}/")
        assert (answer.status_code == 200) == self.is_member
        self.tap.get(f"/rooms/{code}/")
        self.tap.get("/rooms/")
        self.tap.post(f"/api/rooms/{code}/guess/", {"round": "r" * 22, "lat": 1, "lng": 2})
        if self.is_member:
            self.look(answer.json()["state"]["match"] or {})

    def look(self, match: dict[str, Any]) -> None:
        round_, next_ = match.get("round") or {}, match.get("next") or {}
        addresses = [(round_.get("picture") or {}).get("url"), next_.get("url")]
        for address in addresses:
            assert address is None or self.tap.get(address).status_code == 200

    def fresh(self) -> list[bytes]:
        heard = [(id(socket), told(socket.heard)) for socket in self.sockets]
        parts = [*heard, (id(self.tap), self.tap.sent)]
        found = [item for key, items in parts for item in items[self.read.get(key, 0) :]]
        self.read = {key: len(items) for key, items in parts}
        return found


async def provoke(socket: RoomSocket) -> None:
    """Every command, right and wrong, but those that change the match."""
    await socket.command("snapshot.request")
    await socket.command("ping")
    await socket.command("react", reaction="wow")
    await socket.command("guess", round="r" * 22, lat=1, lng=2)
    await socket.command("settings", rounds_total=99)
    await socket.command("kick", player="nobody")
    for text in (
        "",
        "[]",
        '{"type": "truth", "id": "t"}',
        '{"type": "snapshot.request", "id": "s", "all": 1}',
    ):
        await socket.send(text)
    await socket.drain()


def hidden() -> list[Panorama]:
    """What is in no round that is over."""
    told_ = Round.objects.filter(state=Round.State.CLOSED).values("panorama")
    return list(Panorama.objects.exclude(pk__in=told_))


def others_pin(table: Table) -> tuple[float, float]:
    return truth.senders_place(truth.number_of(table.current().panorama))


def own_pin_text(table: Table) -> bytes:
    """How one's own pin stands in the private part of a snapshot: to others it must not be told."""
    lat, lng = others_pin(table)
    return json.dumps({"lat": lat, "lng": lng}).encode()


def check(table: Table, ear: Ears, phase: str) -> None:
    sent = ear.fresh()
    assert sent
    if phase == "locked" and ear.name == table.playing[-1]:
        sent = [part.replace(own_pin_text(table), b"") for part in sent]
    truth.assert_no_truth(sent, hidden())


def step(table: Table, phase: str) -> None:
    if phase == "locked":
        table.guess(table.playing[-1], *others_pin(table))
    else:
        table.step_to(phase)


async def close(table: Table) -> None:
    for socket in table.sockets:
        await socket.close()


@pytest.fixture
def table(
    make_table: MakeTable,
    secret_map: Map,
    model_version: ModelVersion,
    monkeypatch: pytest.MonkeyPatch,
    sign_in: Callable[[Client, Player], None],
    kind: str,
    condition: str,
    with_model: bool,
) -> Table:
    monkeypatch.setattr("planet_core.geography.country_at", truth.country_at)
    people = ("Ada",) if kind == "duel" and with_model else ("Ada", "Ben")
    table = make_table(
        *people,
        kind=kind,
        watching=("Sue",),
        map_=secret_map,
        version=model_version if with_model else None,
        condition=condition,
    )
    for name in CLOSES:
        table.clients[name] = Client()
    for name in ("Kit", "Eve"):
        sign_in(table.clients[name], Player.objects.create(kind="person", name=name))
    kit = Player.objects.get(name="Kit")
    member = services.join(room=table.room, player=kit, as_spectator=True)
    services.kick(room=table.room, player=table.players[table.host], public_id=member.public_id)
    return table


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "condition", "with_model"), MATCHES)
def test_nothing_tells_what_is_not_told_yet(table: Table) -> None:
    """One player locks in; the others listen: the host, who drops out in each phase, a spectator, and who is
    not in the room at all.
    """
    ears = [Ears(table, name) for name in table.clients]

    async def talk() -> None:
        for phase in PHASES:
            if phase != PHASES[0]:
                await do(step, table, phase)
            for ear in ears:
                await ear.listen()
                await do(check, table, ear, phase)
        await close(table)

    async_to_sync(talk)()
    pictures = {ear.name: ear.tap.pictures for ear in ears}
    assert {name for name, number in pictures.items() if number} == set(table.players)


def _in_round(leak: Callable[[Round], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    build = state.Table._round

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            state.Table, "_round", lambda table, round_: {**build(table, round_), "x": leak(round_)}
        )

    return plant


def _pin_of_who_locked_in(monkeypatch: pytest.MonkeyPatch) -> None:
    build = state._member_state

    def leaky(member: Any, table: Any) -> Any:
        pins = [g.lat for of in table.sheet.guesses.values() for g in of if g.player_id == member.player_id]
        return {**build(member, table), "health": pins}

    monkeypatch.setattr(state, "_member_state", leaky)


def _pin_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(found: Any, address: str) -> dict[str, str]:
        guess = found.game.rounds.get(wanted=True, state=Round.State.OPEN).guesses.latest("pk")
        return {"socket": f"/?at={guess.lng:.3f}"}

    monkeypatch.setattr("geogame.pages.rooms._urls", leaky)


LEAKS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the place, rounded": _in_round(lambda round_: round(round_.panorama.lng, 3)),
    "its name": _in_round(lambda round_: round_.panorama.place),
    "the country": _in_round(lambda round_: {"code": round_.panorama.country}),
    "a cell around it": _in_round(lambda round_: truth.geohash(round_.panorama.lat, round_.panorama.lng)),
    "the number of the row": _in_round(lambda round_: round_.panorama_id),
    "the answer of the model": _in_round(lambda round_: round_.guesses.get(player__kind="model").lat),
    "a pin": _pin_of_who_locked_in,
    "a pin, on the page": _pin_on_the_page,
}


@pytest.mark.parametrize("leak", LEAKS)
@ONE_MATCH
def test_a_planted_leak_is_found(table: Table, leak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for phase in PHASES[1:5]:
        step(table, phase)
    LEAKS[leak](monkeypatch)
    ear = Ears(table, "Sue")

    async def talk() -> None:
        await ear.listen()
        with pytest.raises(AssertionError, match=r"\{\d+: \["):
            await do(check, table, ear, "locked")
        await close(table)

    async_to_sync(talk)()


@ONE_MATCH
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
        await close(table)

    async_to_sync(talk)()


@pytest.mark.parametrize("phase", ["guessing", "locked", "result"])
@pytest.mark.parametrize("way", ["kicked", "left"])
@ONE_MATCH
def test_who_is_out_hears_nothing_more(table: Table, phase: str, way: str) -> None:
    """Whatever still happens, and whatever they ask: over this socket, another one, and HTTP."""
    table.bring_to(phase)
    ben = table.member("Ben")
    go: dict[str, Callable[[], None]] = {
        "kicked": lambda: services.kick(
            room=table.room, player=table.players["Ada"], public_id=ben.public_id
        ),
        "left": lambda: services.leave(room=table.room, player=table.players["Ben"]),
    }
    code = {"kicked": KICKED, "left": LEFT}[way]

    async def talk() -> None:
        socket = table.socket("Ben")
        await socket.enter()
        await socket.drain()
        socket.heard.clear()
        await do(go[way])
        await do(table.wait, 0)
        assert await socket.closing_code() == code
        await socket.send(json.dumps({"type": "snapshot.request", "id": "more"}))
        await do(table.wait, 8)
        assert await socket.nothing_more()
        again = table.socket("Ben")
        await again.connect()
        assert await again.closing_code() == code
        assert [frame["type"] for frame in socket.heard + again.heard] == ["kicked"] * 2 * (way == "kicked")
        await close(table)

    async_to_sync(talk)()
    assert table.clients["Ben"].get(f"/api/rooms/{table.room.code}/").status_code in {403, 404}


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
        truth.assert_no_truth(told(ben.heard), await do(hidden))
        await close(table)

    async_to_sync(talk)()
