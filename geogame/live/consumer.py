"""One socket of one player in one game: hands on events and answers with snapshots. Holds no rules."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils.translation import override

from geogame.accounts.services import find_person
from geogame.games.broadcast import group_name
from geogame.games.queries import game_of
from geogame.games.snapshots import snapshot
from geogame.live.closing import NOT_FOUND, TOO_OFTEN
from geogame.live.frames import BadMessage
from geogame.live.language import language_of
from geogame.live.messages import SnapshotRequest, parse, snapshot_frame
from geogame.live.pace import Pace, comes_too_often


class NoSuchSocket(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)


class GameConsumer(AsyncJsonWebsocketConsumer):
    is_hung_up = False

    async def connect(self) -> None:
        self.token: str = self.scope["url_route"]["kwargs"]["token"]
        self.pace = Pace()
        await self.accept()
        if await database_sync_to_async(comes_too_often)(self.scope):
            await self.hang_up(TOO_OFTEN)
            return
        if await self._snapshot() is None:
            await self.hang_up(NOT_FOUND)
            return
        # Join before the snapshot is taken: what happens between the two would be lost.
        await self.channel_layer.group_add(group_name(self.token), self.channel_name)
        await self.send_snapshot()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(group_name(self.token), self.channel_name)

    async def hang_up(self, code: int) -> None:
        """The last that this socket hears."""
        self.is_hung_up = True
        await self.close(code)

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
            await self.send_snapshot()

    async def game_event(self, event: dict[str, Any]) -> None:
        await self._tell(event["message"])

    async def send_snapshot(self) -> None:
        if frame := await self._snapshot():
            await self._tell(frame)

    async def _refuse(self, code: str, message: str) -> None:
        await self._tell({"type": "error", "code": code, "message": message})

    async def _tell(self, frame: dict[str, Any]) -> None:
        if not self.is_hung_up:
            await self.send_json(frame)

    @database_sync_to_async
    def _snapshot(self) -> dict[str, Any] | None:
        player = find_person(session=self.scope["session"], user=self.scope["user"])
        game = game_of(player, self.token) if player else None
        with override(language_of(self.scope)):
            return snapshot_frame(snapshot(game, player)) if player and game else None
