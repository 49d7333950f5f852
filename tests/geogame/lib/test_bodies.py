from __future__ import annotations

import asyncio
from typing import Any

import pytest

from geogame.lib.bodies import AROUND_A_FILE, MOST_BYTES, LimitedBodies

PIECE = 500_000


def send(pieces: int, *, path: str = "/", declared: int | None = None) -> tuple[list[int], int]:
    """(statuses that the client gets, bytes that the application behind took)."""
    statuses: list[int] = []
    taken = 0

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        nonlocal taken
        while (message := await receive())["type"] == "http.request":
            taken += len(message["body"])
            if not message["more_body"]:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return

    left = pieces

    async def receive() -> dict[str, Any]:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": b"x" * PIECE, "more_body": left > 0}

    async def answer(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [] if declared is None else [(b"content-length", str(declared).encode())]
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(LimitedBodies(app, lambda: {"/upload/": 20 * PIECE})(scope, receive, answer))
    return statuses, taken


def test_a_body_within_the_limit_comes_through() -> None:
    assert send(MOST_BYTES // PIECE) == ([200], MOST_BYTES)
    assert send(1, declared=PIECE) == ([200], PIECE)


def test_one_that_says_it_is_too_long_is_refused_unread() -> None:
    assert send(1, declared=MOST_BYTES + 1) == ([413], 0)


@pytest.mark.parametrize("declared", [None, 1])
def test_one_that_does_not_say_so_is_cut_off(declared: int | None) -> None:
    statuses, taken = send(1000, declared=declared)
    assert (statuses, taken <= MOST_BYTES) == ([413], True)


def test_where_a_file_is_taken_more_may_come() -> None:
    most = 20 * PIECE + AROUND_A_FILE
    assert send(most // PIECE, path="/upload/") == ([200], most)
    assert send(most // PIECE + 1, path="/upload/")[0] == [413]
    assert send(21, path="/upload/other/")[0] == [413]
