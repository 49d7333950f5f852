from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import Client

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.lifecycle import seal_answer
from geogame.games.models import Game
from geogame.games.seals import CellProbability, ModelAnswer
from geogame.games.services import place_guess, start_game
from geogame.lib.env import Limit
from geogame.live.bucket import CAPACITY, PATIENCE
from geogame.live.closing import TOO_OFTEN
from geogame.live.frames import BadMessage
from geogame.live.messages import SnapshotRequest, parse
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from tests.sockets import Socket

MakeMap = Callable[..., Map]
SignIn = Callable[[Client, Player], None]
Talk = Callable[[Socket], Awaitable[None]]
REQUEST = '{"type": "snapshot.request"}'
ANSWER = ModelAnswer(
    lat=50.0,
    lng=8.0,
    rule="top-cell",
    top_cells=[CellProbability(50.0, 8.0, 0.4)],
    prediction_digest="d" * 64,
    seen_in_training=False,
)


@pytest.fixture
def game(
    client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn, model_version: ModelVersion
) -> Game:
    sign_in(client, alice)
    return start_game(player=alice, map_=make_map())


def converse(game: Game, client: Client | None, talk: Talk, origin: str = "http://testserver") -> None:
    async def run() -> None:
        socket = Socket(f"/ws/games/{game.token}/", client, origin)
        await talk(socket)
        await socket.close()

    async_to_sync(run)()


def test_the_first_frame_is_a_snapshot(client: Client, game: Game) -> None:
    async def talk(socket: Socket) -> None:
        assert await socket.connect()
        frame = await socket.receive()
        assert (frame["type"], frame["version"]) == ("snapshot", game.version)
        assert frame["snapshot"]["round"]["model"]["state"] == "thinking"

    converse(game, client, talk)


def test_a_snapshot_speaks_the_language_of_the_page(client: Client, game: Game) -> None:
    close_in_germany(game)
    client.cookies["django_language"] = "de"

    async def talk(socket: Socket) -> None:
        await socket.connect()
        frame = await socket.receive()
        assert frame["snapshot"]["round"]["result"]["country"]["name"] == "Deutschland"

    converse(game, client, talk)


def close_in_germany(game: Game) -> None:
    """The game's first round closed, in Germany."""
    round_ = game.rounds.select_related("panorama").get()
    type(round_.panorama).objects.filter(pk=round_.panorama_id).update(country="DE")
    type(round_).objects.filter(pk=round_.pk).update(state="closed")


def test_players_hear_that_the_answer_is_sealed_and_then_that_the_round_is_open(
    client: Client, game: Game, model_version: ModelVersion, django_capture_on_commit_callbacks: Any
) -> None:
    def seal() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            seal_answer(round_id=game.rounds.get().pk, model=player_of_model(model_version), answer=ANSWER)

    async def talk(socket: Socket) -> None:
        await socket.connect()
        snapshot = await socket.receive()
        await sync_to_async(seal)()
        sealed, opened = await socket.receive(), await socket.receive()
        assert (sealed["type"], opened["type"]) == ("model.sealed", "round.opened")
        assert len(sealed["model"]["digest"]) == 64
        assert [sealed["version"], opened["version"]] == [snapshot["version"] + 1, snapshot["version"] + 2]

    converse(game, client, talk)


def test_a_snapshot_comes_on_request(client: Client, game: Game) -> None:
    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        await socket.send(REQUEST)
        assert (await socket.receive())["type"] == "snapshot"

    converse(game, client, talk)


def test_a_strange_message_gets_one_error_and_the_socket_lives(client: Client, game: Game) -> None:
    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        await socket.send("guess!")
        assert (await socket.receive())["code"] == "not-json"
        await socket.send(REQUEST)
        assert (await socket.receive())["type"] == "snapshot"

    converse(game, client, talk)


def test_a_stranger_gets_nothing(game: Game) -> None:
    async def talk(socket: Socket) -> None:
        await socket.connect()
        assert (await socket.receive())["code"] == 4404

    converse(game, None, talk)


@pytest.mark.parametrize("name", ["x" * 120, "ü", "a b", "", "x/../y"])
def test_a_strange_name_gets_nothing(name: str) -> None:
    async def talk() -> None:
        socket = Socket(f"/ws/games/{name}/")
        assert await socket.connect()
        assert (await socket.receive())["code"] == 4404
        await socket.close()

    async_to_sync(talk)()


def test_a_page_of_another_site_cannot_connect(client: Client, game: Game) -> None:
    async def talk(socket: Socket) -> None:
        assert not await socket.connect()

    converse(game, client, talk, origin="http://evil.example")


@pytest.mark.parametrize(
    "text", [None, "", "7", "[]", '{"type": "guess"}', '{"type": "snapshot.request", "x": 1}', "x" * 9000]
)
def test_only_known_messages_are_parsed(text: str | None) -> None:
    with pytest.raises(BadMessage):
        parse(text)


def test_a_known_message_is_parsed() -> None:
    assert parse('{"type": "snapshot.request"}') == SnapshotRequest()


def test_guesses_of_a_closed_round_are_told(
    client: Client,
    alice: Player,
    game: Game,
    model_version: ModelVersion,
    django_capture_on_commit_callbacks: Any,
) -> None:
    seal_answer(round_id=game.rounds.get().pk, model=player_of_model(model_version), answer=ANSWER)

    def guess() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            place_guess(game=game, player=alice, round_token=game.rounds.get().token, lat=1, lng=2)

    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        await sync_to_async(guess)()
        assert (await socket.receive())["type"] == "round.closed"

    converse(game, client, talk)


# --- How often -----------------------------------------------------------------------------------------
def test_who_talks_too_fast_is_refused_and_may_say_it_again(
    client: Client, game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("geogame.live.pace.time", SimpleNamespace(monotonic=lambda: clock[0]))

    async def ask(socket: Socket) -> dict[str, Any]:
        await socket.send(REQUEST)
        return await socket.receive()

    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        replies = [await ask(socket) for _ in range(CAPACITY + 1)]
        assert [reply["type"] for reply in replies] == ["snapshot"] * CAPACITY + ["error"]
        assert replies[-1]["code"] == "rate-limited"
        clock[0] += 1
        assert (await ask(socket))["type"] == "snapshot"

    converse(game, client, talk)


def test_who_never_stops_is_hung_up_on(client: Client, game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geogame.live.pace.time", SimpleNamespace(monotonic=lambda: 1000.0))

    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        for number in range(CAPACITY + PATIENCE + 1):
            await socket.send(f"nonsense {number}")
        codes = [(await socket.receive())["code"] for _ in range(CAPACITY + PATIENCE + 1)]
        assert codes == ["not-json"] * CAPACITY + ["rate-limited"] * PATIENCE + [TOO_OFTEN]
        await socket.send(REQUEST)
        assert await socket.nothing_more()

    converse(game, client, talk)


def test_sockets_that_come_too_often_are_closed(
    client: Client, game: Game, settings: Any, no_counts: None
) -> None:
    settings.RATE_LIMITS = {"socket": Limit(2, 0, 3600)}

    async def enter(socket: Socket) -> None:
        await socket.connect()
        assert (await socket.receive())["type"] == "snapshot"

    async def be_late(socket: Socket) -> None:
        await socket.connect()
        assert (await socket.receive())["code"] == TOO_OFTEN

    for talk in (enter, enter, be_late):
        converse(game, client, talk)
