"""All ratings from the games alone, made in memory, then compared with what is stored or put in its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from geogame.games.models import Game
from geogame.ratings.facts import BATCH, played_games, settled, to_settle
from geogame.ratings.ladder import Rated, Standing, run
from geogame.ratings.models import Book, Ladder, RatedResult, RatedSide, Rating
from geogame.ratings.rows import as_rating, result_row, side_rows
from geogame.ratings.rules import RULES_VERSION, PlayedGame, Reason, verdict
from geogame.ratings.services import contest_of, ladder_named, take_book

Progress = Callable[[int], object]
LadderKey = tuple[int, str]
STILL_COMING = timedelta(minutes=1)
"""What ended a moment ago may not be rated yet, and what was rated a moment ago may not have been read."""


@dataclass
class Course:
    """What the games say: each game, and the course of each ladder."""

    until: datetime
    played: dict[int, PlayedGame] = field(default_factory=dict)
    rated: dict[int, Rated] = field(default_factory=dict)
    standings: dict[LadderKey, dict[int, Standing]] = field(default_factory=dict)

    def reason(self, game: int) -> Reason:
        rated = self.rated.get(game)
        if rated and not rated.weight:
            return Reason.PAIR_DECAY
        return verdict(self.played[game]).reason


def number_of_games(now: datetime) -> int:
    return settled(now).count()


def from_games(now: datetime, *, done: Progress = lambda games: None) -> Course:
    """Reads games, seats, rounds, guesses and exposures, and nothing that the ratings stored."""
    course = Course(until=now)
    ladders: dict[LadderKey, list[PlayedGame]] = defaultdict(list)
    numbers = list(settled(now).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(numbers), BATCH):
        some = numbers[start : start + BATCH]
        for played in played_games(some, now):
            course.played[played.game] = played
            if verdict(played).is_rated:
                ladders[played.map, played.condition].append(played)
        done(len(some))
    for key, of_ladder in ladders.items():
        standings = course.standings[key] = {}
        for rated in run(map(contest_of, of_ladder)):
            course.rated[rated.contest.game] = rated
            standings[rated.contest.first], standings[rated.contest.second] = rated.after
    return course


# --- compared ------------------------------------------------------------------------------------
def differences(course: Course) -> Iterator[str]:
    """What is stored and not what the games say, one sentence each; nothing where all is the same. Games of
    the last minute are left out.
    """
    before = course.until - STILL_COMING
    made_by = Book.objects.filter(pk=1).values_list("rules_version", flat=True).first()
    if made_by not in (None, RULES_VERSION):
        yield f"The stored ratings were made by rules of version {made_by}; these are {RULES_VERSION}."
    results = {result.game_id: result for result in RatedResult.objects.filter(settled_at__lt=before)}
    sides: dict[int, list[RatedSide]] = defaultdict(list)
    for side in RatedSide.objects.filter(result__settled_at__lt=before).order_by("number"):
        sides[side.result_id].append(side)
    asked_to_look = set(to_settle(course.until).values_list("pk", flat=True))
    for game in sorted(set(results) | set(course.played)):
        played = course.played.get(game)
        if played and played.settled_at >= before:
            continue
        if game in asked_to_look:
            yield f"Game {game} waits to be rated."
        elif difference := _difference(course, game, results.get(game), sides):
            yield f"Game {game}: {difference}."
    yield from _standings_apart()


def _difference(
    course: Course, game: int, stored: RatedResult | None, sides: dict[int, list[RatedSide]]
) -> str:
    played = course.played.get(game)
    if stored is None or played is None:
        return "it has no stored result" if stored is None else "it has a stored result and is not over"
    if (stored.settled_at, stored.reason) != (played.settled_at, course.reason(game).value):
        return (
            f"stored is {stored.reason or 'rated'!r}, the games say {course.reason(game).value or 'rated'!r}"
        )
    rated = course.rated.get(game)
    expected = _rows(course, game, stored) if rated else []
    if stored.weight != (rated.weight if rated else 0.0):
        return f"stored is weight {stored.weight:g}, the games say {rated.weight if rated else 0.0:g}"
    if list(map(_numbers, sides[stored.pk])) != list(map(_numbers, expected)):
        return "its ratings are not those that the games give"
    return ""


def _numbers(side: RatedSide) -> tuple[object, ...]:
    return (
        *(side.player_id, side.number, side.points, side.score, side.played_before),
        *(side.rating_before, side.deviation_before, side.volatility_before),
        *(side.rating_after, side.deviation_after, side.volatility_after),
    )


def _standings_apart() -> Iterator[str]:
    """Where a player stands must be where the last game left them, and count all of them."""
    last: dict[tuple[int | None, int], tuple[object, ...]] = {}
    games: dict[tuple[int | None, int], int] = defaultdict(int)
    sides = RatedSide.objects.filter(result__weight__gt=0).select_related("result")
    for side in sides.order_by("result__settled_at", "result__game").iterator(chunk_size=2000):
        key = side.result.ladder_id, side.player_id
        last[key] = side.rating_after, side.deviation_after, side.volatility_after, side.result.settled_at
        games[key] += 1
    stored: dict[tuple[int | None, int], Rating] = {
        (rating.ladder_id, rating.player_id): rating for rating in Rating.objects.all()
    }
    for key in sorted(set(last) | set(stored), key=str):
        rating = stored.get(key)
        now = rating and (rating.rating, rating.deviation, rating.volatility, rating.played_at)
        count = rating.won + rating.drawn + rating.lost if rating else 0
        if now != last.get(key) or count != games.get(key, 0):
            yield f"Player {key[1]} on ladder {key[0]} does not stand where the last game left them."


# --- put in place --------------------------------------------------------------------------------
def replace_stored(course: Course) -> None:
    """All at once or not at all. What ended meanwhile is rated next, by itself."""
    with transaction.atomic():
        take_book()
        for model in (RatedSide, RatedResult, Rating, Ladder):
            model.objects.all().delete()
        ladders = {key: ladder_named(*key) for key in course.standings}
        _store_results(course, ladders)
        _store_ratings(course, ladders)
        Game.objects.filter(settled=True).update(settled=False)
        numbers = sorted(course.played)
        for start in range(0, len(numbers), BATCH):
            Game.objects.filter(pk__in=numbers[start : start + BATCH]).update(settled=True)
        Book.objects.filter(pk=1).update(rules_version=RULES_VERSION)


def _store_results(course: Course, ladders: dict[LadderKey, Ladder]) -> None:
    results = []
    for game, played in sorted(course.played.items()):
        rated = course.rated.get(game)
        ladder = ladders[played.map, played.condition] if rated else None
        result = result_row(played, ladder)
        result.reason, result.weight = course.reason(game).value, rated.weight if rated else 0.0
        results.append(result)
    RatedResult.objects.bulk_create(results, batch_size=BATCH)
    stored = RatedResult.objects.exclude(ladder=None)
    sides = [row for result in stored for row in _rows(course, result.game_id, result)]
    RatedSide.objects.bulk_create(sides, batch_size=BATCH)


def _rows(course: Course, game: int, result: RatedResult) -> list[RatedSide]:
    points = {(game, side.player): side.score for side in course.played[game].sides}
    return side_rows(course.rated[game], result, points)


def _store_ratings(course: Course, ladders: dict[LadderKey, Ladder]) -> None:
    for key, standings in course.standings.items():
        number = ladders[key].pk
        rows = [as_rating(number, player, standing) for player, standing in standings.items()]
        Rating.objects.bulk_create(rows, batch_size=BATCH)
