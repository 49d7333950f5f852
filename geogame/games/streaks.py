"""Country streaks: the longest rows of countries that a player got right."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.panoramas.models import Map


@dataclass(frozen=True)
class BestStreak:
    map: Map
    condition: str
    countries: int


def best_streak(player: Player, map_: Map, condition: str) -> int:
    """0 before the first right country. A streak that still runs counts with what it has."""
    games = _streaks(player).filter(map=map_, condition=condition)
    return max((countries for _, _, countries in _lengths(games, player)), default=0)


def best_streaks(player: Player) -> list[BestStreak]:
    """For each map and condition that the player has a streak on, the longest."""
    best: dict[tuple[int, str], int] = {}
    for map_pk, condition, countries in _lengths(_streaks(player), player):
        best[map_pk, condition] = max(countries, best.get((map_pk, condition), 0))
    maps = Map.objects.in_bulk({map_pk for map_pk, _ in best})
    found = [
        BestStreak(maps[map_pk], condition, countries) for (map_pk, condition), countries in best.items()
    ]
    return sorted(found, key=lambda streak: (streak.map.name, streak.condition))


def _streaks(player: Player) -> QuerySet[Game]:
    """A challenge repeats the rounds of somebody else: it is no streak of one's own."""
    return Game.objects.filter(seats__player=player, mode=Game.Mode.STREAK, challenge=None)


def _lengths(games: QuerySet[Game], player: Player) -> list[tuple[int, str, int]]:
    """(map, condition, countries right) of each streak that has any. What the player knew already is none."""
    guessed = Q(rounds__guesses__player=player, rounds__guesses__times_revealed=0)
    right = guessed & Q(rounds__guesses__correct=True)
    counted = games.annotate(countries=Count("rounds__guesses", filter=right)).filter(countries__gt=0)
    return list(counted.values_list("map_id", "condition", "countries"))
