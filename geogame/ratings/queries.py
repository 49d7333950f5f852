"""What pages ask of the ratings: where a player stands, and what a game changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.panoramas.models import Map
from geogame.ratings.glicko2 import MIDDLE
from geogame.ratings.models import RatedResult, RatedSide, Rating
from geogame.ratings.rows import standing_of
from geogame.ratings.rules import Reason, is_provisional


@dataclass(frozen=True)
class Place:
    """Where a player stands on a ladder now."""

    map: str
    slug: str
    condition: str
    rating: float
    deviation: float
    provisional: bool
    won: int
    drawn: int
    lost: int

    @property
    def games(self) -> int:
        return self.won + self.drawn + self.lost


@dataclass(frozen=True)
class Outcome:
    """What a finished game changed for one player, or why nothing. Numbers are of the player alone, who has
    lost by leaving where `left` says so.
    """

    reason: Reason
    count: int = 0
    is_duel: bool = False
    left: bool = False
    weight: float = 0.0
    before: float = 0.0
    after: float = 0.0
    deviation: float = 0.0

    @property
    def is_rated(self) -> bool:
        return not self.reason

    @property
    def change(self) -> int:
        """As it is shown: between the two ratings as they are shown."""
        return round(self.after) - round(self.before)

    @property
    def provisional(self) -> bool:
        return is_provisional(self.deviation)


def rating_of(player: Player, map_: Map, condition: str) -> float:
    """How good a player is under a condition, else under the other one: flat pictures are always fair."""
    found = Rating.objects.filter(player=player, ladder__map=map_)
    by_condition = dict(found.values_list("ladder__condition", "rating"))
    return by_condition.get(condition) or next(iter(by_condition.values()), MIDDLE)


def places_of(player: Player, now: datetime) -> list[Place]:
    """On every ladder, the most played first."""
    rows = Rating.objects.filter(player=player).select_related("ladder__map").order_by("pk")
    found = []
    for row in rows:
        at_present = standing_of(row).at(now)
        found.append(
            Place(
                map=row.ladder.map.name,
                slug=row.ladder.map.slug,
                condition=row.ladder.condition,
                rating=at_present.rating,
                deviation=at_present.deviation,
                provisional=is_provisional(at_present.deviation),
                won=row.won,
                drawn=row.drawn,
                lost=row.lost,
            )
        )
    return sorted(found, key=lambda place: -place.games)


def outcome_of(game: Game, player: Player) -> Outcome | None:
    """None until the game is rated, and for a game that is not finished."""
    return outcomes([game.token], player).get(game.token)


def outcomes(tokens: Iterable[str], player: Player) -> dict[str, Outcome]:
    """By the token of the game; of finished games alone. Two queries."""
    results = list(
        RatedResult.objects.filter(
            game__token__in=list(tokens), game__state=Game.State.FINISHED
        ).select_related("game")
    )
    sides = RatedSide.objects.filter(result__in=[result.pk for result in results], player=player)
    own = {side.result_id: side for side in sides}
    return {result.game.token: _outcome(result, own.get(result.pk)) for result in results}


def _outcome(result: RatedResult, side: RatedSide | None) -> Outcome:
    reason = Reason(result.reason)
    is_duel = result.game.mode == Game.Mode.DUEL
    if side is None:
        return Outcome(reason, result.reason_count, is_duel)
    return Outcome(
        reason=reason,
        count=result.reason_count,
        is_duel=is_duel,
        left=result.left and not side.score,
        weight=result.weight,
        before=side.rating_before,
        after=side.rating_after,
        deviation=side.deviation_after,
    )
