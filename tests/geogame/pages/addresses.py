"""Every address of the game but the admin's, for tests that walk all pages: a new one is walked by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
TOKEN = "token"
# What the variables of an address may be, but for tokens: a new one is to be named here.
VALUES: dict[str, list[str]] = {
    "day": [date.today().isoformat(), "2026-11-01"],
    "name": ["probability", "view"],
    "ending": ["webp", "jpg"],
    "code": ["ABC234"],
    "map": ["secrets", "test"],
    "view": ["fair", "free"],
    "source": ["photo", "drawn"],
    "rows": ["pairs", "told", "all"],
    "format": ["csv", "jsonl"],
    "version": ["0123456789ab"],
}
TOKENS = {"token", "round_token"}
ADMIN = "admin/"


@dataclass(frozen=True)
class Address:
    """`route` has its variables in angle brackets, as in geogame/urls.py."""

    route: str
    name: str
    view: Callable[..., Any]

    def __str__(self) -> str:
        return self.route

    @property
    def variables(self) -> list[str]:
        return VARIABLE.findall(self.route)

    def path(self, **values: object) -> str:
        """The address with a value for each variable; `token` stands in for a missing one."""
        token = values.get(TOKEN, "x" * 22)
        samples = {name: several[0] for name, several in VALUES.items()} | values
        return VARIABLE.sub(lambda match: str(samples.get(match[1], token)), self.route)


def addresses() -> list[Address]:
    found = list(_walk(get_resolver().url_patterns, "/"))
    assert len(found) >= 12
    unknown = {name for address in found for name in address.variables} - TOKENS - set(VALUES)
    assert not unknown, f"say in VALUES what these may be: {unknown}"
    return found


def _walk(patterns: list[Any], prefix: str) -> Iterator[Address]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver) and str(entry.pattern) != ADMIN:
            yield from _walk(entry.url_patterns, route)
        if isinstance(entry, URLPattern):
            yield Address(route, entry.name or "", entry.callback)
