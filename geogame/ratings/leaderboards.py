"""Boards of one ladder: who stands where, who rose in a time or by duels, the best totals of one way to play.

A viewer who has not finished a daily game learns nothing of it: `hidden_dailies` are left out of all that is
of a time or of one way to play.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.db.models import Avg, Count, F, FloatField, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from geogame.accounts.models import Player
from geogame.games.models import Daily, DailyAttempt, Game
from geogame.ratings.models import Ladder, RatedSide, Rating
from geogame.ratings.rows import standing_of
from geogame.ratings.rules import CERTAIN_DEVIATION, is_provisional

MODES = ("all", "classic", "daily", "duel")
PERIODS = ("all", "month", "week", "today")
SHOWN = Q(player__kind=Player.Kind.MODEL) | Q(player__user__is_active=True, player__deleted_at=None)


@dataclass(frozen=True)
class Who:
    """A player as a board names them: a model by its digest, too; an account by the address of its page."""

    player: int
    name: str
    is_model: bool
    digest: str
    profile_token: str


@dataclass(frozen=True)
class RatingLine:
    """`place` is None while the rating is provisional. `change` is that of the period, None over all time."""

    who: Who
    rating: float
    deviation: float
    provisional: bool
    won: int
    drawn: int
    lost: int
    change: float | None = None
    place: int | None = None

    @property
    def games(self) -> int:
        return self.won + self.drawn + self.lost


@dataclass(frozen=True)
class PointsLine:
    """The best total of a player, and what the opponent had in that very game."""

    who: Who
    best: int
    games: int
    mean: float
    opponent: int | None = None
    place: int | None = None


Line = TypeVar("Line", RatingLine, PointsLine)


def ladders() -> list[Ladder]:
    """Those of open maps, the most played first."""
    rows = Ladder.objects.filter(map__is_published=True).select_related("map")
    return list(rows.annotate(games=Count("results")).order_by("-games", "map__name", "condition"))


def start_of(period: str, now: datetime) -> datetime | None:
    """When the period began, in UTC; None for all time."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "today": midnight,
        "week": midnight - timedelta(days=midnight.weekday()),
        "month": midnight.replace(day=1),
    }
    return starts.get(period)


def hidden_dailies(viewer: Player | None, now: datetime) -> list[int]:
    """Daily games that the viewer may still play: today's, and those begun before and not finished."""
    attempts = DailyAttempt.objects.filter(player=viewer) if viewer else DailyAttempt.objects.none()
    finished = attempts.filter(game__state=Game.State.FINISHED).values("daily")
    begun = attempts.filter(game__state=Game.State.PLAYING).values("daily")
    open_ = Daily.objects.filter(Q(date=now.astimezone(UTC).date()) | Q(pk__in=begun))
    return list(open_.exclude(pk__in=finished).values_list("pk", flat=True))


# --- ratings -------------------------------------------------------------------------------------
def standings(ladder: Ladder, now: datetime) -> list[RatingLine]:
    """Over all time: by rating, the provisional ones apart behind."""
    return _ranked(_standings(ladder, now), lambda line: line.rating)


def _standings(ladder: Ladder, now: datetime) -> list[RatingLine]:
    rows = Rating.objects.filter(SHOWN, ladder=ladder).select_related("player__model_version", "player__user")
    lines = []
    for row in rows:
        at_present = standing_of(row).at(now)
        lines.append(
            RatingLine(
                who=_who(row.player),
                rating=at_present.rating,
                deviation=at_present.deviation,
                provisional=is_provisional(at_present.deviation),
                won=row.won,
                drawn=row.drawn,
                lost=row.lost,
            )
        )
    return lines


def changes(
    ladder: Ladder, since: datetime | None, hidden: Collection[int], now: datetime, *, mode: str = "all"
) -> list[RatingLine]:
    """Who rose the most since then, by all games or by those of one mode. What moved a rating while it was
    provisional does not count: a newcomer's rating is found, not won.
    """
    lines = {line.who.player: line for line in _standings(ladder, now)}
    certain = Q(deviation_after__lte=CERTAIN_DEVIATION)
    sides = _sides(ladder, since, hidden).filter(result__weight__gt=0)
    rows = (
        (sides if mode == "all" else sides.filter(result__game__mode=mode))
        .values("player")
        .annotate(
            risen=Coalesce(
                Sum(F("rating_after") - F("rating_before"), filter=certain), 0.0, output_field=FloatField()
            ),
            won=Count("pk", filter=Q(score=1.0)),
            drawn=Count("pk", filter=Q(score=0.5)),
            lost=Count("pk", filter=Q(score=0.0)),
        )
        .order_by("player")
    )
    found = [
        replace(
            lines[row["player"]],
            change=row["risen"],
            won=row["won"],
            drawn=row["drawn"],
            lost=row["lost"],
        )
        for row in rows
        if row["player"] in lines
    ]
    return _ranked(found, lambda line: line.change or 0.0)


def _ranked(lines: Sequence[RatingLine], value: Callable[[RatingLine], float]) -> list[RatingLine]:
    certain = [line for line in lines if not line.provisional]
    others = [line for line in lines if line.provisional]
    return [*_placed(certain, value), *sorted(others, key=lambda line: (-line.rating, line.who.player))]


# --- totals --------------------------------------------------------------------------------------
def best_totals(
    ladder: Ladder, mode: str, since: datetime | None, hidden: Collection[int]
) -> list[PointsLine]:
    """The best total of each person over games that may be rated: on pictures that were new to them."""
    sides = _totals(ladder, mode, since, hidden).filter(player__kind=Player.Kind.PERSON)
    keys = ("player", "player__name", "player__profile_token")
    rows = sides.values(*keys).annotate(best=Max("points"), games=Count("pk"), mean=Avg("points"))
    lines = [
        PointsLine(
            who=Who(row["player"], row["player__name"], False, "", row["player__profile_token"]),
            best=row["best"],
            games=row["games"],
            mean=row["mean"],
        )
        for row in rows.order_by("player")
    ]
    return _placed(lines, lambda line: line.best)


def with_opponents(
    lines: Sequence[PointsLine], ladder: Ladder, mode: str, since: datetime | None, hidden: Collection[int]
) -> list[PointsLine]:
    """What the model had in the game of each best total; of equal ones, in the first."""
    wanted = Q(pk__in=[])
    for line in lines:
        wanted |= Q(player=line.who.player, points=line.best)
    sides = _totals(ladder, mode, since, hidden).filter(wanted)
    best = {side.player_id: side.result_id for side in sides.order_by("-result__settled_at", "-result__game")}
    both: dict[int, list[RatedSide]] = {}
    for side in RatedSide.objects.filter(result__in=best.values()):
        both.setdefault(side.result_id, []).append(side)
    opponents = {
        player: side.points
        for player, result in best.items()
        for side in both[result]
        if side.player_id != player
    }
    return [replace(line, opponent=opponents.get(line.who.player)) for line in lines]


def means_of_models(
    ladder: Ladder, mode: str, since: datetime | None, hidden: Collection[int]
) -> list[PointsLine]:
    """A model plays in every game: not its best total says how good it is, but the mean."""
    sides = _totals(ladder, mode, since, hidden).filter(player__kind=Player.Kind.MODEL)
    keys = ("player", "player__name", "player__model_version__digest")
    rows = sides.values(*keys).annotate(best=Max("points"), games=Count("pk"), mean=Avg("points"))
    return [
        PointsLine(
            who=Who(row["player"], row["player__name"], True, row["player__model_version__digest"][:8], ""),
            best=row["best"],
            games=row["games"],
            mean=row["mean"],
        )
        for row in rows.order_by("-mean", "player")
    ]


def _totals(
    ladder: Ladder, mode: str, since: datetime | None, hidden: Collection[int]
) -> QuerySet[RatedSide]:
    return _sides(ladder, since, hidden).filter(result__game__mode=mode, result__left=False)


def _sides(ladder: Ladder, since: datetime | None, hidden: Collection[int]) -> QuerySet[RatedSide]:
    sides = RatedSide.objects.filter(SHOWN, result__ladder=ladder).exclude(result__game__daily__in=hidden)
    return sides.filter(result__settled_at__gte=since) if since else sides


def _placed(lines: Sequence[Line], value: Callable[[Line], float]) -> list[Line]:
    """The highest first; who has the same shares the place."""
    ordered = sorted(lines, key=lambda line: (-value(line), line.who.player))
    placed: list[Line] = []
    for number, line in enumerate(ordered, start=1):
        same = placed and value(placed[-1]) == value(line)
        placed.append(replace(line, place=placed[-1].place if same else number))
    return placed


def _who(player: Player) -> Who:
    version = player.model_version
    return Who(
        player=player.pk,
        name=player.name,
        is_model=version is not None,
        digest=version.digest[:8] if version else "",
        profile_token=player.profile_token if version is None else "",
    )
