"""One socket of one member in a room: hands commands on and events out. Holds no rules."""

from __future__ import annotations

import logging

from channels.db import database_sync_to_async
from django.db import Error as DatabaseError

from geogame.live import desk
from geogame.live.closing import KICKED
from geogame.live.commands import Command, parse
from geogame.live.desk import Frame, Guest, TurnedAway, error_frame
from geogame.live.frames import BadMessage
from geogame.live.hub import News
from geogame.live.replies import Replies
from geogame.live.socket import LiveSocket
from geogame.live.watch import watch

log = logging.getLogger(__name__)


class RoomConsumer(LiveSocket):
    guest: Guest
    version = -1
    is_in = False

    # --- Coming and going ------------------------------------------------------------------------------
    async def connect(self) -> None:
        self.replies = Replies()
        await self.accept()
        code = self.scope["url_route"]["kwargs"]["code"]
        try:
            self.guest = await database_sync_to_async(desk.enter)(self.scope, code)
            async with self.floor:
                # Join before the snapshot is taken: what happens between the two would be lost.
                if await self.listen(self.guest.group):
                    await self._arrive()
        except TurnedAway as refusal:  # at the door, or just behind it
            await self.hang_up(refusal.code)

    async def _arrive(self) -> None:
        snapshot = await database_sync_to_async(desk.arrive)(self.guest)
        self.is_in = True
        await self._send_snapshot(snapshot)
        watch().add(self)

    async def go(self) -> None:
        try:
            if self.is_in:
                watch().remove(self)
                await database_sync_to_async(desk.go)(self.guest)
        except DatabaseError as error:  # who is not heard of for a while counts as gone
            log.error("The database does not answer: %s", error)
        finally:
            await super().go()

    async def hang_up(self, code: int) -> None:
        if code == KICKED:
            await self.send_frame({"type": "kicked"})
        await super().hang_up(code)

    # --- From the client -------------------------------------------------------------------------------
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.is_in or self.is_hung_up:
            return
        try:
            command = parse(text_data)
        except BadMessage as error:
            if await self._may_speak(error.id):
                await self.send_frame(error_frame(error.id, error.code, str(error)))
            return
        if await self._may_speak(command.id):
            async with self.floor:
                await self._answer(command)

    async def _may_speak(self, id_: str | None) -> bool:
        async def refuse(code: str, message: str) -> None:
            await self.send_frame(error_frame(id_, code, message))

        return await self.pace.may_speak(refuse=refuse, hang_up=self.hang_up)

    async def _answer(self, command: Command) -> None:
        if earlier := self.replies.find(command.id):
            await self.send_frame(earlier)
            return
        reply = await database_sync_to_async(desk.carry_out)(self.guest, command)
        if reply.frame["type"] == "snapshot":
            await self._send_snapshot(reply.frame)
        else:
            self.replies.keep(command.id, reply.frame)
            await self.send_frame(reply.frame)
        if reply.closes:
            await self.hang_up(reply.closes)

    async def _send_snapshot(self, frame: Frame) -> None:
        """An answer: it goes out even where nothing has changed."""
        self.version = max(self.version, frame["version"])
        await self.send_frame(desk.in_language(frame, self.guest.language))

    # --- From the room ---------------------------------------------------------------------------------
    async def tell_of(self, news: News) -> None:
        if news.type == "room.changed":
            await self._changed(news)
        elif news.type == "gone":
            await self.hang_up(news.content["code"])
        elif news.type != "room.kicked":
            await self.say(news.text())
        elif news.content["player"] == self.guest.public_id:
            await self.hang_up(KICKED)

    async def _changed(self, news: News) -> None:
        """A state, unless the client has a later one."""
        if news.version <= self.version:
            return
        is_listed = desk.is_listed(self.guest, news.content["state"])
        if not is_listed and (code := await database_sync_to_async(desk.why_gone)(self.guest)):
            await self.hang_up(code)
            return
        self.version = news.version
        await self.say(news.text(self.guest.language, desk.in_language))
