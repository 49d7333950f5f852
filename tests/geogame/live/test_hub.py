"""One ear for all sockets of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import ConnectionError as NoServer

from geogame.lib.channel_layer import tell
from geogame.live.hub import Hub, News, hub
from geogame.live.inbox import BURST, MOST, Inbox


class Ear:
    def __init__(self) -> None:
        self.heard: list[News] = []

    def hear(self, news: News) -> None:
        self.heard.append(news)

    @property
    def numbers(self) -> list[int]:
        return [news.content["n"] for news in self.heard]


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geogame.live.hub.REST_S", 0.0)


def converse(talk: Callable[[Hub], Awaitable[None]]) -> None:
    async def run() -> None:
        await talk(hub())

    async_to_sync(run)()


async def say(group: str, number: int) -> None:
    await get_channel_layer().group_send(group, {"type": "number", "n": number, "group": group})
    for _ in range(10):
        await asyncio.sleep(0)


def test_all_of_a_group_hear_the_same_object_by_one_subscription() -> None:
    async def talk(hub: Hub) -> None:
        one, other, elsewhere = Ear(), Ear(), Ear()
        for ear in (one, other):
            await hub.join("room.a", ear)
        await hub.join("room.b", elsewhere)
        assert {name: len(channels) for name, channels in get_channel_layer().groups.items()} == {
            "room.a": 1,
            "room.b": 1,
        }
        await say("room.a", 7)
        assert one.heard[0] is other.heard[0]
        assert one.numbers == other.numbers == [7]
        assert elsewhere.heard == []
        for ear in (one, other):
            await hub.leave("room.a", ear)
        await hub.leave("room.b", elsewhere)

    converse(talk)


def test_who_has_left_hears_nothing_and_who_comes_again_does() -> None:
    async def talk(hub: Hub) -> None:
        one, other = Ear(), Ear()
        await hub.join("room.a", one)
        await hub.join("room.a", other)
        await hub.leave("room.a", one)
        await say("room.a", 1)
        await hub.leave("room.a", other)
        assert get_channel_layer().groups == {}, "nobody is there: nothing is subscribed to"
        await say("room.a", 2)
        await hub.join("room.a", one)
        await say("room.a", 3)
        assert (one.numbers, other.numbers) == ([3], [1])
        await hub.leave("room.a", one)
        await hub.leave("room.a", one)

    converse(talk)


def test_whoever_comes_at_the_same_time_is_subscribed_when_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk(hub: Hub) -> None:
        layer = get_channel_layer()
        group_add = layer.group_add

        async def slowly(*arguments: Any) -> None:
            await asyncio.sleep(0.01)
            await group_add(*arguments)

        monkeypatch.setattr(layer, "group_add", slowly)

        async def come(ear: Ear) -> None:
            await hub.join("room.a", ear)
            assert "room.a" in layer.groups

        ears = [Ear(), Ear(), Ear()]
        await asyncio.gather(*(come(ear) for ear in ears))
        await asyncio.gather(*(hub.leave("room.a", ear) for ear in ears), hub.join("room.a", ears[0]))
        await say("room.a", 1)
        assert [ear.numbers for ear in ears] == [[1], [], []]
        await hub.leave("room.a", ears[0])

    converse(talk)


def test_who_could_not_be_subscribed_can_be_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*arguments: Any) -> None:
        raise NoServer("connection refused")

    async def talk(hub: Hub) -> None:
        ear = Ear()
        for method in ("new_channel", "group_add"):
            with monkeypatch.context() as patch:
                patch.setattr(get_channel_layer(), method, gone)
                with pytest.raises(NoServer):
                    await hub.join("room.a", ear)
        await hub.join("room.a", ear)
        await say("room.a", 1)
        assert ear.numbers == [1]
        with monkeypatch.context() as patch:
            patch.setattr(get_channel_layer(), "group_discard", gone)
            await hub.leave("room.a", ear)
        await hub.join("room.a", ear)
        await say("room.a", 2)
        assert ear.numbers == [1, 2]
        await hub.leave("room.a", ear)

    converse(talk)


def test_a_message_that_nobody_understands_deafens_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def talk(hub: Hub) -> None:
        ear = Ear()
        await hub.join("room.a", ear)
        await get_channel_layer().group_send("room.a", {"type": "number", "n": 1})
        await say("room.a", 2)
        await say("room.a", 3)
        assert ear.numbers == [2, 3]
        await hub.leave("room.a", ear)

    converse(talk)
    assert "could not be handed" in caplog.text


def test_each_event_loop_has_its_own() -> None:
    seen: list[Hub] = []

    async def talk(hub_: Hub) -> None:
        ear = Ear()
        seen.append(hub_)
        assert hub() is hub_
        await hub_.join("room.a", ear)
        await asyncio.to_thread(tell, "room.a", {"type": "number", "n": len(seen)})
        for _ in range(10):
            await asyncio.sleep(0.001)
        await hub_.leave("room.a", ear)
        assert ear.numbers == [len(seen)]

    converse(talk)
    converse(talk)
    assert seen[0] is not seen[1]


def test_a_text_is_made_once_a_language() -> None:
    made: list[str] = []

    def put(content: Any, language: str) -> dict[str, Any]:
        made.append(language)
        return {**content, "place": "Köln" if language == "de" else "Cologne"}

    news = News({"type": "room.changed", "version": 3})
    for language in ("de", "en", "de", "en"):
        text = news.text(language, put)
        assert ("Köln" in text) == (language == "de")
    assert made == ["de", "en"]


# --- What waits for one socket -------------------------------------------------------------------------
def changed(version: int) -> News:
    return News({"type": "room.changed", "version": version})


def taken(inbox: Inbox) -> list[News]:
    async def all_of_it() -> list[News]:
        found = []
        try:
            while True:
                async with asyncio.timeout(0.01):
                    await inbox.wait()
                found.append(inbox.take())
        except TimeoutError:
            return found

    return asyncio.run(all_of_it())


def test_a_burst_is_told_in_order_and_no_older_state_after_a_later_one() -> None:
    inbox = Inbox()
    first, second, third = changed(5), changed(6), changed(8)
    wave, wow = (News({"type": "reaction", "reaction": name}) for name in ("wave", "wow"))
    for news in (first, wave, second, third, changed(7), wow):
        inbox.put(news)
    assert taken(inbox) == [first, wave, second, third, wow]


def test_who_cannot_follow_is_told_the_latest_state_alone() -> None:
    inbox = Inbox()
    states = [changed(version) for version in range(BURST + 1)]
    wave = News({"type": "reaction", "reaction": "wave"})
    for news in (wave, *states):
        inbox.put(news)
    assert taken(inbox) == [wave, states[-1]]


def test_who_is_far_behind_loses_the_oldest() -> None:
    inbox = Inbox()
    events = [News({"type": "round.opened", "version": version}) for version in range(MOST + 5)]
    for event in events:
        inbox.put(event)
    assert taken(inbox) == events[5:]
