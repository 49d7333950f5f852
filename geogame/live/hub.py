"""One ear for all sockets of a process: each message is heard once, read once and made into text once, and
then handed to every socket that it is for.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from channels.layers import get_channel_layer

from geogame.lib.channel_layer import NO_SERVER
from geogame.live.loops import one_per_loop

log = logging.getLogger(__name__)
REST_S = 1.0
"""After a message that could not be handed on."""

Frame = Mapping[str, Any]


def as_text(frame: Frame) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


class News:
    """One thing that several sockets are told. They share it, and the texts that it becomes."""

    def __init__(self, content: Frame) -> None:
        self.content = content
        self._texts: dict[str, str] = {}

    @property
    def type(self) -> str:
        return str(self.content["type"])

    @property
    def version(self) -> int:
        return int(self.content["version"])

    def text(self, language: str = "", put: Callable[[Frame, str], Frame] | None = None) -> str:
        """As it is sent; `put` puts it into the language, once for all who read it."""
        if language not in self._texts:
            self._texts[language] = as_text(put(self.content, language) if put else self.content)
        return self._texts[language]


class Listener(Protocol):
    def hear(self, news: News) -> None:
        """At once: the others wait meanwhile."""


class Hub:
    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self._channel = ""
        self._listening: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    async def join(self, group: str, listener: Listener) -> None:
        """Whatever the group is told from now on the listener hears. Raises one of NO_SERVER."""
        async with self._changing:
            try:
                await self._subscribe(group)
                self._listeners.setdefault(group, set()).add(listener)
            finally:
                self._rest()

    async def _subscribe(self, group: str) -> None:
        layer = get_channel_layer()
        if self._listening is None:
            self._channel = await layer.new_channel()
            self._listening = asyncio.ensure_future(self._listen())
        if group not in self._listeners:
            await layer.group_add(group, self._channel)

    async def leave(self, group: str, listener: Listener) -> None:
        async with self._changing:
            listeners = self._listeners.get(group, set())
            listeners.discard(listener)
            if group not in self._listeners or listeners:
                return
            del self._listeners[group]
            try:
                await get_channel_layer().group_discard(group, self._channel)
            except NO_SERVER as error:
                log.info("A message server that is away was not told that %s is empty: %s", group, error)
            finally:
                self._rest()

    def _rest(self) -> None:
        if self._listening and not self._listeners:
            self._listening.cancel()
            self._listening = None

    async def _listen(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                message = await layer.receive(self._channel)
                self._hand_on(message.pop("group"), News(message))
            except Exception:
                log.exception("A message could not be handed to the sockets")
                await asyncio.sleep(REST_S)

    def _hand_on(self, group: str, news: News) -> None:
        for listener in tuple(self._listeners.get(group, ())):
            listener.hear(news)


hub = one_per_loop(Hub)
