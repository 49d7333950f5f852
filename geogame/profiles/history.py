"""The finished games of a player, page by page."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Page, Paginator

from geogame.profiles.played import PlayedGame

PAGE_SIZE = 20


def finished(games: Sequence[PlayedGame]) -> list[PlayedGame]:
    """The latest first."""
    done = [(game.finished_at, game) for game in games if game.finished_at]
    return [game for _, game in sorted(done, key=lambda pair: pair[0], reverse=True)]


def history_page(games: Sequence[PlayedGame], number: str | None) -> Page[PlayedGame]:
    """That page, or the nearest there is."""
    return Paginator(finished(games), PAGE_SIZE).get_page(number)
