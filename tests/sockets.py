"""A websocket of the game for tests, spoken to through ASGI without a server."""

from __future__ import annotations

import itertools
import json
from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.conf import settings
from django.test import Client

# Until a test fails: machines that build things are slow.
PATIENCE_S = 60
MARK = "mark"


class Socket:
    def __init__(self, path: str, client: Client | None = None, origin: str = "http://testserver") -> None:
        from geogame.asgi import application

        session = {settings.SESSION_COOKIE_NAME: ""}
        cookies = {
            **session,
            **{name: kept.value for name, kept in (client.cookies if client else {}).items()},
        }
        headers = {
            "host": "testserver",
            "origin": origin,
            "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        }
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": [],
        }
        self.asgi = ApplicationCommunicator(application, scope)

    async def connect(self) -> bool:
        await self.asgi.send_input({"type": "websocket.connect"})
        return bool((await self.asgi.receive_output(PATIENCE_S))["type"] == "websocket.accept")

    async def send(self, text: str) -> None:
        await self.asgi.send_input({"type": "websocket.receive", "text": text})

    async def receive(self) -> dict[str, Any]:
        """The next frame's content, or the closing event."""
        event = await self.asgi.receive_output(PATIENCE_S)
        content: dict[str, Any] = json.loads(event["text"]) if "text" in event else event
        return content

    async def nothing_more(self) -> bool:
        return bool(await self.asgi.receive_nothing(0.2))

    async def close(self) -> None:
        await self.asgi.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.asgi.wait(PATIENCE_S)


class RoomSocket(Socket):
    """The socket of a room. What comes beside the awaited frame is kept in `heard`."""

    def __init__(
        self, code: str, client: Client | None, origin: str = "http://testserver", *, group: str = ""
    ) -> None:
        super().__init__(f"/ws/rooms/{code}/", client, origin)
        self.group = group
        self.heard: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)

    async def enter(self) -> dict[str, Any]:
        """The snapshot that comes first."""
        assert await self.connect()
        frame = await self.next("snapshot")
        assert frame["id"] is None
        return frame

    async def next(self, type_: str) -> dict[str, Any]:
        while True:
            frame = await self.receive()
            self.heard.append(frame)
            if frame["type"] == type_:
                return frame

    async def command(self, type_: str, *, id_: str | None = None, **fields: Any) -> dict[str, Any]:
        """The one reply to it."""
        id_ = id_ or f"c{next(self._numbers)}"
        await self.send(json.dumps({"type": type_, "id": id_, **fields}))
        while True:
            frame = await self.receive()
            self.heard.append(frame)
            if frame.get("id") == id_:
                return frame

    async def drain(self) -> list[dict[str, Any]]:
        """What came by itself by now: all that was sent before two marks, one on each way to the consumer."""
        mark = f"{MARK}-{id(self)}-{next(self._numbers)}"
        news = {"type": "reaction", "from": mark, "reaction": "", "group": self.group}
        await get_channel_layer().group_send(self.group, news)
        await self.send(json.dumps({"type": "ping", "id": mark}))
        marks = 0
        while marks < 2:
            frame = await super().receive()
            if mark in (frame.get("id"), frame.get("from")):
                marks += 1
            elif not is_mark(frame):
                self.heard.append(frame)
        return self.heard

    async def receive(self) -> dict[str, Any]:
        while is_mark(frame := await super().receive()):
            pass
        return frame

    async def closing_code(self) -> int:
        while True:
            frame = await self.receive()
            if frame["type"] == "websocket.close":
                return int(frame["code"])
            self.heard.append(frame)


def is_mark(frame: dict[str, Any]) -> bool:
    """What `drain` sends to a room is heard by its other sockets, too."""
    return str(frame.get("from")).startswith(MARK)
