"""The replies that a connection gave, by the ids that its client chose: who asks twice hears the same."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

MOST = 64
PASSING = frozenset({"rate-limited", "server-error"})
"""Errors that the next attempt need not meet: kept, they would answer it for ever."""


class Replies:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def find(self, id_: str) -> dict[str, Any] | None:
        return self._kept.get(id_)

    def keep(self, id_: str, reply: dict[str, Any]) -> None:
        if reply.get("code") in PASSING:
            return
        self._kept[id_] = reply
        self._kept.move_to_end(id_)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
