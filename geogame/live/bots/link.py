"""A room's socket as a program speaks it: it comes again when it was cut, and sends each command until it is
answered. The server does the same id once, however often it comes.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from geogame.live.bots.site import Site
from geogame.live.closing import FINAL, KICKED, LEFT, NOT_FOUND
from geogame.live.replies import PASSING

RESEND_S = 2.5
REST_S = 0.2
LONGEST_REST_S = 5.0

Frame = dict[str, Any]
REASONS = {
    KICKED: "The host has removed this player from the room.",
    LEFT: "This player has left the room.",
    NOT_FOUND: "The room is closed, or this player is not in it.",
}


class Closed(Exception):
    """The server does not want this player in the room any more: its closing code."""

    def __init__(self, code: int) -> None:
        super().__init__(REASONS[code])
        self.code = code


class Refused(Exception):
    """A command that the server refuses for good."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(f"{frame['code']}: {frame['message']}")
        self.code: str = frame["code"]


@dataclass
class Pending:
    text: str
    reply: asyncio.Future[Frame] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Link:
    def __init__(self, site: Site, code: str, *, hear: Callable[[Frame], None] = lambda frame: None) -> None:
        self._site = site
        self._code = code
        self._hear = hear
        self._socket: ClientConnection | None = None
        self._pending: dict[str, Pending] = {}
        self._news = asyncio.Event()
        self._end: Closed | None = None
        self.state: dict[str, Any] | None = None
        self.private: dict[str, Any] | None = None
        self.connections = 0
        self.snapshot_after_s: list[float] = []

    async def run(self) -> None:
        """Stay connected until the task is cancelled; Closed where the server says that this is the end."""
        failures = 0
        while True:
            before = len(self.snapshot_after_s)
            code = await self._one_connection()
            if code in FINAL:
                raise self._ended(code)
            failures = 0 if len(self.snapshot_after_s) > before else failures + 1
            await asyncio.sleep(min(LONGEST_REST_S, REST_S * 2**failures))

    def _ended(self, code: int) -> Closed:
        """Nobody waits for a reply that will never come."""
        self._end = Closed(code)
        for pending in self._pending.values():
            if not pending.reply.done():
                pending.reply.set_exception(self._end)
        self._news.set()
        return self._end

    async def _one_connection(self) -> int:
        begun = time.perf_counter()
        headers = {"Cookie": self._site.cookie_header}
        url = self._site.socket_url(self._code)
        try:
            async with connect(url, origin=self._site.origin, additional_headers=headers) as socket:  # type: ignore[arg-type]
                self._socket = socket
                self.connections += 1
                for pending in list(self._pending.values()):
                    await socket.send(pending.text)
                is_new = True
                async for text in socket:
                    frame = json.loads(text)
                    if is_new and frame["type"] == "snapshot":
                        self.snapshot_after_s.append(time.perf_counter() - begun)
                        is_new = False
                    self._receive(frame)
            return socket.close_code or 0
        except InvalidStatus as error:
            return error.response.status_code
        except (OSError, WebSocketException):
            return self._socket.close_code or 0 if self._socket else 0
        finally:
            self._socket = None

    async def drop(self) -> None:
        """Cut the connection, as a network does: no closing word."""
        if self._socket:
            self._socket.transport.abort()

    def _receive(self, frame: Frame) -> None:
        self._hear(frame)
        if frame["type"] in {"snapshot", "room.changed"}:
            self._learn(frame)
        pending = self._pending.get(frame.get("id") or "")
        if pending and not pending.reply.done():
            pending.reply.set_result(frame)

    def _learn(self, frame: Frame) -> None:
        if "private" in frame:
            self.private = frame["private"]
        if self.state is None or frame["version"] >= self.state["version"]:
            self.state = frame["state"]
            self._news.set()

    async def news(self, timeout_s: float) -> bool:
        """Whether the room has changed within that time."""
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return False
        self._news.clear()
        return True

    async def send(self, type_: str, **fields: object) -> Frame:
        """The server's answer to a command, sent as often as it takes. Refused where it is an error, Closed
        where there will be none.
        """
        id_ = secrets.token_hex(10)
        text = json.dumps({"type": type_, "id": id_, **fields})
        while True:
            frame = await self._answer(id_, text)
            if frame["type"] != "error":
                return frame
            if frame["code"] not in PASSING:
                raise Refused(frame)
            await asyncio.sleep(RESEND_S)

    async def _answer(self, id_: str, text: str) -> Frame:
        if self._end:
            raise self._end
        pending = self._pending[id_] = Pending(text)
        try:
            while True:
                await self._transmit(text)
                done, _ = await asyncio.wait({pending.reply}, timeout=RESEND_S)
                if done:
                    return pending.reply.result()
        finally:
            del self._pending[id_]

    async def _transmit(self, text: str) -> None:
        if self._socket is None:
            return  # it goes with the next connection
        try:
            await self._socket.send(text)
        except WebSocketException:
            return
