"""Ratings kept up to date, game by game.

Whoever writes holds the book: one writer at a time. What is late in order, or was looked at again because its
facts changed, takes the ladder back to where it belongs and plays it forward from there, so that the numbers
are always those that the games alone give (`recompute.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from geogame.games.models import Game
from geogame.lib.queue import DEFAULT, RATE_GAMES, enqueue
from geogame.ratings import ladder as course
from geogame.ratings.facts import played_games, to_settle
from geogame.ratings.ladder import Contest, Standing
from geogame.ratings.models import Book, Ladder, RatedResult, RatedSide, Rating
from geogame.ratings.rows import as_rating, result_row, side_rows, standing_before, standing_of
from geogame.ratings.rules import PAIR_WINDOW, RULES_VERSION, PlayedGame, Reason, score_of_first, verdict

MOST_AT_ONCE = 200
ASK_AGAIN_AFTER = timedelta(seconds=10)
Key = tuple[datetime, int]


def take_book() -> Book:
    """Nobody else writes ratings until the transaction ends."""
    Book.objects.get_or_create(pk=1, defaults={"rules_version": RULES_VERSION})
    return Book.objects.select_for_update().get(pk=1)


def rate_games(*, most: int = MOST_AT_ONCE, now: datetime | None = None) -> int:
    """Rate the games that wait for it, those that ended first at first. How many they were."""
    now = now or timezone.now()
    with transaction.atomic():
        take_book()
        waiting = list(to_settle(now).order_by("finished_at", "pk").values_list("pk", flat=True)[:most])
        # Claimed before they are read: whoever changes a game from now on waits, and has it looked at again.
        Game.objects.filter(pk__in=waiting).update(settled=True)
        played = list(played_games(sorted(waiting), now))
        _settle(played)
        not_over = set(waiting) - {one.game for one in played}
        Game.objects.filter(pk__in=not_over).update(settled=False)
    return len(played)


def ask_again() -> int:
    """For the clock: a message was lost, or a game has been left for too long."""
    now = timezone.now()
    waiting = to_settle(now).exclude(finished_at__gt=now - ASK_AGAIN_AFTER)
    if not waiting.exists():
        return 0
    Book.objects.get_or_create(pk=1, defaults={"rules_version": RULES_VERSION})
    due = Q(asked_at=None) | Q(asked_at__lt=now - ASK_AGAIN_AFTER)
    asked = Book.objects.filter(due, pk=1).update(asked_at=now)
    if asked:
        enqueue(RATE_GAMES, queue=DEFAULT)
    return asked


def look_again(games: Iterable[int]) -> None:
    """Facts of these games have changed: their ratings are made anew, and all that follow from them."""
    if Game.objects.filter(pk__in=list(games)).update(settled=False):
        enqueue(RATE_GAMES, queue=DEFAULT)


def _settle(played: Sequence[PlayedGame]) -> None:
    """Store what the games say, then the course of every ladder that they touch, from the first one on."""
    numbers = [one.game for one in played]
    stored = {result.game_id: result for result in RatedResult.objects.filter(game__in=numbers)}
    since: dict[int, Key] = {}
    fresh: dict[int, list[PlayedGame]] = defaultdict(list)
    results = []
    for one in played:
        ladder = ladder_of(one)
        result = result_row(one, ladder)
        results.append(result)
        if ladder:
            fresh[ladder.pk].append(one)
            _touch(since, ladder.pk, (one.settled_at, one.game))
        before = stored.get(one.game)
        if before and before.ladder_id:
            _touch(since, before.ladder_id, (before.settled_at, one.game))
    taken_back = {number: _take_back(number, key) for number, key in since.items()}
    RatedResult.objects.bulk_create(
        results,
        update_conflicts=True,
        unique_fields=["game"],
        update_fields=["ladder", "settled_at", "reason", "reason_count", "weight", "left"],
    )
    for number, key in since.items():
        _play_forward(number, key, taken_back[number], fresh[number], set(numbers))


def ladder_of(played: PlayedGame) -> Ladder | None:
    """None where the game alone says that it is not rated."""
    return ladder_named(played.map, played.condition) if verdict(played).is_rated else None


def ladder_named(map_: int, condition: str) -> Ladder:
    return Ladder.objects.get_or_create(map_id=map_, condition=condition)[0]


def _touch(since: dict[int, Key], ladder: int, key: Key) -> None:
    since[ladder] = min(key, since.get(ladder, key))


def _from(key: Key) -> Q:
    moment, game = key
    return Q(settled_at__gt=moment) | Q(settled_at=moment, game__gte=game)


def _take_back(ladder: int, key: Key) -> list[RatedSide]:
    """The sides of all games from there on, in order; they are no longer stored."""
    results = RatedResult.objects.filter(_from(key), ladder=ladder)
    sides = list(
        RatedSide.objects.filter(result__in=results)
        .select_related("result")
        .order_by("result__settled_at", "result__game", "number")
    )
    RatedSide.objects.filter(pk__in=[side.pk for side in sides]).delete()
    return sides


def _play_forward(
    ladder: int, key: Key, taken_back: Sequence[RatedSide], fresh: Sequence[PlayedGame], again: set[int]
) -> None:
    results = {result.game_id: result for result in RatedResult.objects.filter(_from(key), ladder=ladder)}
    points = {(side.result.game_id, side.player_id): side.points for side in taken_back}
    points |= {(one.game, side.player): side.score for one in fresh for side in one.sides}
    contests = [contest_of(one) for one in fresh]
    contests += _contests([side for side in taken_back if side.result.game_id not in again])
    standings = _standings(ladder, contests, taken_back)
    touched = set(standings)
    rated = list(course.run(contests, standings, _met_before(ladder, key)))
    sides = [row for one in rated for row in side_rows(one, results[one.contest.game], points)]
    for one in rated:
        results[one.contest.game].weight = one.weight
        results[one.contest.game].reason = Reason.NONE if one.weight else Reason.PAIR_DECAY
        standings |= dict(zip((one.contest.first, one.contest.second), one.after, strict=True))
    RatedResult.objects.bulk_update(
        [results[one.contest.game] for one in rated], ["weight", "reason"], batch_size=200
    )
    RatedSide.objects.bulk_create(sides, batch_size=500)
    _store_ratings(ladder, standings, touched | set(standings))


def contest_of(played: PlayedGame) -> Contest:
    first, second = played.sides
    return Contest(played.game, played.settled_at, first.player, second.player, score_of_first(played.sides))


def _contests(sides: Sequence[RatedSide]) -> list[Contest]:
    """Of stored sides, two by two."""
    pairs = zip(sides[::2], sides[1::2], strict=True)
    return [
        Contest(one.result.game_id, one.result.settled_at, one.player_id, other.player_id, one.score)
        for one, other in pairs
    ]


def _standings(
    ladder: int, contests: Sequence[Contest], taken_back: Sequence[RatedSide]
) -> dict[int, Standing]:
    """Where everybody concerned stood before the games that were taken back."""
    players = {player for contest in contests for player in (contest.first, contest.second)}
    players |= {side.player_id for side in taken_back}
    rows = Rating.objects.filter(ladder=ladder, player__in=players)
    standings = {row.player_id: standing_of(row) for row in rows}
    for side in reversed(taken_back):
        standings[side.player_id] = standing_before(side, standings[side.player_id])
    return standings


def _met_before(ladder: int, key: Key) -> list[tuple[course.Pair, datetime]]:
    """The pairs whose games counted within the window before, in order."""
    moment, _ = key
    results = RatedResult.objects.filter(
        ~_from(key), ladder=ladder, weight__gt=0, settled_at__gt=moment - PAIR_WINDOW
    )
    sides = list(
        RatedSide.objects.filter(result__in=results)
        .select_related("result")
        .order_by("result__settled_at", "result__game", "number")
    )
    return [(contest.pair, contest.settled_at) for contest in _contests(sides)]


def _store_ratings(ladder: int, standings: dict[int, Standing], players: set[int]) -> None:
    """Who has no game left that counts has no rating."""
    unrated = [player for player in players if not standings[player].games]
    Rating.objects.filter(ladder=ladder, player__in=unrated).delete()
    Rating.objects.bulk_create(
        [as_rating(ladder, player, standings[player]) for player in sorted(players - set(unrated))],
        update_conflicts=True,
        unique_fields=["ladder", "player"],
        update_fields=["rating", "deviation", "volatility", "won", "drawn", "lost", "played_at"],
    )
