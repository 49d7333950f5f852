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
from geogame.live.frames import BadMessage
from geogame.live.language import language_of
from geogame.live.messages import SnapshotRequest, parse, snapshot_frame

NOT_FOUND = 4404


class NoSuchSocket(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)


class GameConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        self.token: str = self.scope["url_route"]["kwargs"]["token"]
        await self.accept()
        if await self._snapshot() is None:
            await self.close(NOT_FOUND)
            return
        # Join before the snapshot is taken: what happens between the two would be lost.
        await self.channel_layer.group_add(group_name(self.token), self.channel_name)
        await self.send_snapshot()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(group_name(self.token), self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        try:
            message = parse(text_data)
        except BadMessage as error:
            await self.send_json({"type": "error", "code": error.code, "message": str(error)})
            return
        if isinstance(message, SnapshotRequest):
            await self.send_snapshot()

    async def game_event(self, event: dict[str, Any]) -> None:
        await self.send_json(event["message"])

    async def send_snapshot(self) -> None:
        if frame := await self._snapshot():
            await self.send_json(frame)

    @database_sync_to_async
    def _snapshot(self) -> dict[str, Any] | None:
        player = find_person(session=self.scope["session"], user=self.scope["user"])
        game = game_of(player, self.token) if player else None
        with override(language_of(self.scope)):
            return snapshot_frame(snapshot(game, player)) if player and game else None
