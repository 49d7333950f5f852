"""One socket of one player in one game: hands on events and answers with snapshots. Holds no rules."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils.translation import override

from geogame.accounts.services import find_person
from geogame.games.broadcast import group_name
from geogame.games.queries import game_of
from geogame.games.snapshots import snapshot
from geogame.live.closing import NOT_FOUND, TOO_OFTEN
from geogame.live.frames import BadMessage
from geogame.live.language import language_of
from geogame.live.messages import SnapshotRequest, parse, snapshot_frame
from geogame.live.pace import comes_too_often
from geogame.live.socket import LiveSocket


class NoSuchSocket(AsyncWebsocketConsumer):
    channel_layer_alias = ""

    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)


class GameConsumer(LiveSocket):
    async def connect(self) -> None:
        self.token: str = self.scope["url_route"]["kwargs"]["token"]
        await self.accept()
        if await database_sync_to_async(comes_too_often)(self.scope):
            await self.hang_up(TOO_OFTEN)
            return
        if await self._snapshot() is None:
            await self.hang_up(NOT_FOUND)
            return
        async with self.floor:
            # Join before the snapshot is taken: what happens between the two would be lost.
            if await self.listen(group_name(self.token)):
                await self._send_snapshot()

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        if self.is_hung_up or not await self.pace.may_speak(refuse=self._refuse, hang_up=self.hang_up):
            return
        try:
            message = parse(text_data)
        except BadMessage as error:
            await self._refuse(error.code, str(error))
            return
        if isinstance(message, SnapshotRequest):
            async with self.floor:
                await self._send_snapshot()

    async def _send_snapshot(self) -> None:
        if frame := await self._snapshot():
            await self.send_frame(frame)

    async def _refuse(self, code: str, message: str) -> None:
        await self.send_frame({"type": "error", "code": code, "message": message})

    @database_sync_to_async
    def _snapshot(self) -> dict[str, Any] | None:
        player = find_person(session=self.scope["session"], user=self.scope["user"])
        game = game_of(player, self.token) if player else None
        with override(language_of(self.scope)):
            return snapshot_frame(snapshot(game, player)) if player and game else None
