"""What the sockets of games, rooms and training jobs have in common: they are heard at a certain pace, hear
through the hub of the process, and say one thing at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from geogame.lib.channel_layer import NO_SERVER
from geogame.live.closing import TRY_AGAIN
from geogame.live.hub import Frame, News, as_text, hub
from geogame.live.inbox import MOST, Inbox
from geogame.live.pace import Pace

log = logging.getLogger(__name__)


class LiveSocket(AsyncWebsocketConsumer):
    channel_layer_alias = ""
    """No channel of its own."""
    group = ""
    is_hung_up = False
    most_unread = MOST

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        self.pace = Pace()
        self.inbox = Inbox(self.most_unread)
        self.floor = asyncio.Lock()
        """Who has it speaks: what is read to answer with is not overtaken by what happens meanwhile."""
        telling = asyncio.ensure_future(self._tell_on())
        try:
            await super().__call__(scope, receive, send)
        finally:
            telling.cancel()
            await self.go()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without a visit to the thread of the database: whoever goes there closes old connections."""
        await getattr(self, get_handler_name(message))(message)

    # --- Coming and going ------------------------------------------------------------------------------
    async def listen(self, group: str) -> bool:
        """From now on. Without the message server the socket is asked to come again: pages ask over HTTP."""
        self.group = group
        try:
            await hub().join(group, self)
        except NO_SERVER as error:
            log.warning("A socket cannot be served without the message server: %s", error)
            await self.hang_up(TRY_AGAIN)
            return False
        return True

    async def go(self) -> None:
        """Once, however the socket ends."""
        if self.group:
            await hub().leave(self.group, self)

    async def hang_up(self, code: int) -> None:
        """The last that this socket hears."""
        if not self.is_hung_up:
            self.is_hung_up = True
            await self.close(code)

    # --- To the client ---------------------------------------------------------------------------------
    def hear(self, news: News) -> None:
        self.inbox.put(news)

    async def _tell_on(self) -> None:
        try:
            while not self.is_hung_up:
                await self.inbox.wait()
                async with self.floor:
                    await self.tell_of(self.inbox.take())
        except OSError:  # the client is gone, which `receive` hears, too
            return
        except Exception:
            log.exception("A socket could not be told what happened")
            await self.hang_up(TRY_AGAIN)

    async def tell_of(self, news: News) -> None:
        await self.say(news.text())

    async def send_frame(self, frame: Frame) -> None:
        await self.say(as_text(frame))

    async def say(self, text: str) -> None:
        if not self.is_hung_up:
            await self.send(text)
