"""One socket of one member in a room: hands commands on and events out. Holds no rules."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from geogame.live import desk
from geogame.live.closing import KICKED, TRY_AGAIN
from geogame.live.commands import Command, parse
from geogame.live.desk import Frame, Guest, TurnedAway, error_frame
from geogame.live.frames import BadMessage
from geogame.live.pace import Pace
from geogame.live.replies import Replies
from geogame.live.watch import watch
from geogame.rooms.services import in_language

log = logging.getLogger(__name__)


class RoomConsumer(AsyncWebsocketConsumer):
    guest: Guest
    version = -1
    is_sent_away = False

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        self.is_in = False
        self.replies = Replies()
        self.pace = Pace()
        try:
            await super().__call__(scope, receive, send)
        except (OSError, RedisError) as error:  # the client comes again; meanwhile pages ask over HTTP
            log.warning("A socket cannot be served without the message server: %s", error)
            await send({"type": "websocket.close", "code": TRY_AGAIN})
        finally:
            await self._go()

    # --- Coming and going ------------------------------------------------------------------------------
    async def connect(self) -> None:
        await self.accept()
        code = self.scope["url_route"]["kwargs"]["code"]
        try:
            self.guest = await database_sync_to_async(desk.enter)(self.scope, code)
        except TurnedAway as refusal:
            await self.send_away(refusal.code)
            return
        # Join before the snapshot is taken: what happens between the two would be lost.
        await self.channel_layer.group_add(self.guest.group, self.channel_name)
        try:
            snapshot = await database_sync_to_async(desk.arrive)(self.guest)
        except TurnedAway as refusal:  # sent away since the door
            await self.channel_layer.group_discard(self.guest.group, self.channel_name)
            await self.send_away(refusal.code)
            return
        self.is_in = True
        await self.tell(snapshot)
        watch().add(self)

    async def disconnect(self, code: int) -> None:
        await self._go()

    async def _go(self) -> None:
        """Once, however the socket ends."""
        if not self.is_in:
            return
        self.is_in = False
        watch().remove(self)
        try:
            await database_sync_to_async(desk.go)(self.guest)
        except DatabaseError as error:  # who is not heard of for a while counts as gone
            log.error("The database does not answer: %s", error)
        await self.channel_layer.group_discard(self.guest.group, self.channel_name)

    async def send_away(self, code: int) -> None:
        """The last that this socket hears."""
        if self.is_sent_away:
            return
        if code == KICKED:
            await self._send({"type": "kicked"})
        self.is_sent_away = True
        await self.close(code)

    # --- From the client -------------------------------------------------------------------------------
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.is_in or self.is_sent_away:
            return
        try:
            command = parse(text_data)
        except BadMessage as error:
            if await self._may_speak(error.id):
                await self._send(error_frame(error.id, error.code, str(error)))
            return
        if await self._may_speak(command.id):
            await self._answer(command)

    async def _may_speak(self, id_: str | None) -> bool:
        async def refuse(code: str, message: str) -> None:
            await self._send(error_frame(id_, code, message))

        return await self.pace.may_speak(refuse=refuse, hang_up=self.send_away)

    async def _answer(self, command: Command) -> None:
        if earlier := self.replies.find(command.id):
            await self._send(earlier)
            return
        reply = await database_sync_to_async(desk.carry_out)(self.guest, command)
        if reply.frame["type"] == "snapshot":
            await self.tell(reply.frame)
        else:
            self.replies.keep(command.id, reply.frame)
            await self._send(reply.frame)
        if reply.closes:
            await self.send_away(reply.closes)

    # --- From the room ---------------------------------------------------------------------------------
    async def room_changed(self, event: dict[str, Any]) -> None:
        if not desk.is_listed(self.guest, event["state"]):
            code = await database_sync_to_async(desk.why_gone)(self.guest)
            if code:
                await self.send_away(code)
                return
        await self.tell(event)

    async def room_reaction(self, event: dict[str, Any]) -> None:
        await self._send({"type": "reaction", "from": event["from"], "reaction": event["reaction"]})

    async def room_kicked(self, event: dict[str, Any]) -> None:
        if event["player"] == self.guest.public_id:
            await self.send_away(KICKED)

    # --- To the client ---------------------------------------------------------------------------------
    async def tell(self, frame: Frame) -> None:
        """A state, unless the client has a later one. A snapshot is an answer: it always goes out."""
        if frame["version"] <= self.version and frame["type"] != "snapshot":
            return
        self.version = max(self.version, frame["version"])
        await self._send({**frame, "state": in_language(frame["state"], self.guest.language)})

    async def _send(self, frame: Frame) -> None:
        if self.is_sent_away:
            return
        await self.send(json.dumps(frame, ensure_ascii=False, separators=(",", ":")))
