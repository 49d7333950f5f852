"""One socket of one player in one game: hands on events and answers with snapshots. Holds no rules."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from geogame.accounts.services import find_person
from geogame.games.broadcast import group_name
from geogame.games.models import Game
from geogame.games.snapshots import snapshot
from geogame.live.messages import BadMessage, SnapshotRequest, parse, snapshot_frame

NOT_FOUND = 4404


class GameConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        self.token: str = self.scope["url_route"]["kwargs"]["token"]
        await self.accept()
        # Join first: what happens between the snapshot and the group would be lost.
        await self.channel_layer.group_add(group_name(self.token), self.channel_name)
        if not await self.send_snapshot():
            await self.close(NOT_FOUND)

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

    async def send_snapshot(self) -> bool:
        frame = await database_sync_to_async(self._snapshot)()
        if frame is None:
            return False
        await self.send_json(frame)
        return True

    def _snapshot(self) -> dict[str, Any] | None:
        player = find_person(session=self.scope["session"], user=self.scope["user"])
        game = Game.objects.select_related("map").filter(token=self.token, seats__player=player).first()
        return snapshot_frame(snapshot(game, player)) if player and game else None
