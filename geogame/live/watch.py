"""One watch for the sockets of a process: every few seconds it looks into the database, which makes up for
what the broker lost, and notes who is here. Few queries, however many sockets there are.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from channels.db import database_sync_to_async
from django.db import Error as DatabaseError

from geogame.live.desk import Guest, look
from geogame.live.hub import Listener, News
from geogame.live.loops import one_per_loop

log = logging.getLogger(__name__)
LOOK_S = 2.0
LOOKS_PER_BEAT = 5


class Watched(Listener, Protocol):
    guest: Guest
    version: int


class Watch:
    def __init__(self) -> None:
        self._sockets: set[Watched] = set()
        self._task: asyncio.Task[None] | None = None
        self._looks = 0

    def add(self, socket: Watched) -> None:
        self._sockets.add(socket)
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    def remove(self, socket: Watched) -> None:
        self._sockets.discard(socket)
        if not self._sockets and self._task:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except DatabaseError as error:
                log.error("The database does not answer, trying again: %s", error)

    async def look(self) -> None:
        self._looks += 1
        sockets = list(self._sockets)
        versions: dict[int, int] = {}
        for socket in sockets:
            room = socket.guest.room_id
            versions[room] = min(socket.version, versions.get(room, socket.version))
        found = await database_sync_to_async(look)(
            versions=versions,
            members={socket.guest.member_id for socket in sockets},
            is_beat=self._looks % LOOKS_PER_BEAT == 0,
        )
        told = {room: News(frame) for room, frame in found.states.items()}
        for socket in self._sockets.intersection(sockets):
            if code := found.gone.get(socket.guest.member_id):
                socket.hear(News({"type": "gone", "code": code}))
            elif news := told.get(socket.guest.room_id):
                socket.hear(news)


watch = one_per_loop(Watch)
"""The one of this event loop."""
