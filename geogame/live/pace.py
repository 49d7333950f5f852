"""How often anybody may open a socket, and speak over it: the same for games and for rooms."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from geogame.lib.limits import address_of, wait_s
from geogame.live.bucket import TokenBucket, Verdict
from geogame.live.closing import TOO_OFTEN

RATE_LIMITED = "rate-limited"
TOO_FAST = "Too many messages: wait a moment."


def comes_too_often(scope: Mapping[str, Any]) -> bool:
    """Count one more connection of this player and address. Synchronous: it may read the user."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
    peer = (scope.get("client") or ("", 0))[0]
    address = address_of(peer, headers.get(b"x-forwarded-for", ""))
    user, session = scope["user"], scope["session"]
    player = f"user {user.pk}" if user.is_authenticated else session.get("player", "")
    return wait_s("socket", address=address, player=player) > 0


class Pace:
    """Of one connection, from its beginning."""

    def __init__(self) -> None:
        self._bucket = TokenBucket(time.monotonic())

    async def may_speak(
        self, *, refuse: Callable[[str, str], Awaitable[None]], hang_up: Callable[[int], Awaitable[None]]
    ) -> bool:
        """Whether one more message is taken. If not, the client is told by `refuse`, or it is hung up on."""
        verdict = self._bucket.take(time.monotonic())
        if verdict is Verdict.HANG_UP:
            await hang_up(TOO_OFTEN)
        elif verdict is Verdict.REFUSE:
            await refuse(RATE_LIMITED, TOO_FAST)
        return verdict is Verdict.TAKE
