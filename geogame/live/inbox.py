"""What one socket has still to be told: never much, however slowly it reads."""

from __future__ import annotations

import asyncio
from collections import deque

from geogame.live.hub import News

MOST = 32
"""Whoever is further behind loses the oldest: a gap in the versions tells the page to ask."""
STATE = "room.changed"
BURST = 4
"""So many states in a row are told one by one: a page that misses one asks for a snapshot. To whom this is
too fast only the latest is told.
"""


class Inbox:
    def __init__(self, most: int = MOST) -> None:
        self._news: deque[News] = deque(maxlen=most)
        self._some = asyncio.Event()

    def put(self, news: News) -> None:
        if news.type == STATE:
            states = [one for one in self._news if one.type == STATE]
            if states and states[-1].version >= news.version:
                return
            if len(states) == BURST:
                self._news = deque((one for one in self._news if one.type != STATE), self._news.maxlen)
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
