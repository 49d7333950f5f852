"""A websocket of the game for tests, spoken to through ASGI without a server."""

from __future__ import annotations

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client


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
        return bool((await self.asgi.receive_output(2))["type"] == "websocket.accept")

    async def send(self, text: str) -> None:
        await self.asgi.send_input({"type": "websocket.receive", "text": text})

    async def receive(self) -> dict[str, Any]:
        """The next frame's content, or the closing event."""
        event = await self.asgi.receive_output(2)
        content: dict[str, Any] = json.loads(event["text"]) if "text" in event else event
        return content

    async def nothing_more(self) -> bool:
        return bool(await self.asgi.receive_nothing(0.2))

    async def close(self) -> None:
        await self.asgi.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.asgi.wait(2)
