"""What one socket has still to be told: never much, however slowly it reads."""

from __future__ import annotations

import asyncio
from collections import deque

from geogame.live.hub import News

MOST = 32
"""Whoever is further behind loses the oldest: a gap in the versions tells the page to ask."""
WHOLE = frozenset({"room.changed"})
"""Of these, which tell everything, only the latest waits."""


class Inbox:
    def __init__(self) -> None:
        self._news: deque[News] = deque(maxlen=MOST)
        self._some = asyncio.Event()

    def put(self, news: News) -> None:
        if news.type in WHOLE:
            earlier = next((one for one in self._news if one.type == news.type), None)
            if earlier and earlier.version >= news.version:
                return
            if earlier:
                self._news.remove(earlier)
        self._news.append(news)
        self._some.set()

    async def wait(self) -> None:
        """Until there is something."""
        await self._some.wait()

    def take(self) -> News:
        news = self._news.popleft()
        if not self._news:
            self._some.clear()
        return news
