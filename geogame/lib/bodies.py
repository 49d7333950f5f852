"""Requests may be as long as what they are for: Django keeps a whole body before it asks who sent it, so that
anybody could fill the disk.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 5_000_000
"""Of all pages that take no file; Django refuses forms that are much shorter."""
AROUND_A_FILE = 1_000_000
"""What else a form with a file may hold."""


class LimitedBodies:
    """An ASGI application in front of another one. `files` says of addresses that take a file how many bytes
    it may have; it is asked once, when the addresses are known.
    """

    def __init__(self, app: App, files: Callable[[], Mapping[str, int]]) -> None:
        self.app, self._ask = app, files
        self._files: Mapping[str, int] | None = None

    def most(self, path: str) -> int:
        if self._files is None:
            self._files = self._ask()
        return self._files[path] + AROUND_A_FILE if path in self._files else MOST_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self.most(scope["path"])
        if _declared(scope) > most:
            await _refuse(send, most)
            return
        taken = 0

        async def count() -> Message:
            nonlocal taken
            if taken > most:
                return {"type": "http.disconnect"}
            message = await receive()
            taken += len(message.get("body", b""))
            # As if the client had gone: Django lets go of what it has and answers nothing.
            return {"type": "http.disconnect"} if taken > most else message

        await self.app(scope, count, send)
        if taken > most:
            await _refuse(send, most)


def _declared(scope: Scope) -> int:
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() else 0


async def _refuse(send: Send, most: int) -> None:
    text = f"This is too much to send: {most / 10**6:,.0f} MB are allowed here.\n".encode()
    headers = [
        *((b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))),
        *((b"x-content-type-options", b"nosniff"), (b"connection", b"close")),
    ]
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
