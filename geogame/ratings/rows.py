"""Between the rows of the database and what the pure modules speak of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from geogame.ratings import glicko2
from geogame.ratings.ladder import Rated, Standing
from geogame.ratings.models import Ladder, RatedResult, RatedSide, Rating
from geogame.ratings.rules import PlayedGame, verdict


def result_row(played: PlayedGame, ladder: Ladder | None) -> RatedResult:
    """As far as the game alone can say; weight and pairs are the ladder's."""
    found = verdict(played)
    return RatedResult(
        game_id=played.game,
        ladder=ladder,
        settled_at=played.settled_at,
        reason=found.reason.value,
        reason_count=found.count,
        left=any(side.left for side in played.sides),
    )


def side_rows(rated: Rated, result: RatedResult, points: Mapping[tuple[int, int], int]) -> list[RatedSide]:
    contest = rated.contest
    both = (
        (contest.first, contest.score, rated.before[0], rated.after[0]),
        (contest.second, 1.0 - contest.score, rated.before[1], rated.after[1]),
    )
    return [
        RatedSide(
            result=result,
            player_id=player,
            number=number,
            points=points[contest.game, player],
            score=score,
            rating_before=before.rating.rating,
            deviation_before=before.rating.deviation,
            volatility_before=before.rating.volatility,
            played_before=before.played_at,
            rating_after=after.rating.rating,
            deviation_after=after.rating.deviation,
            volatility_after=after.rating.volatility,
        )
        for number, (player, score, before, after) in enumerate(both, start=1)
    ]


def standing_of(row: Rating) -> Standing:
    return Standing(
        rating=glicko2.Rating(row.rating, row.deviation, row.volatility),
        played_at=row.played_at,
        won=row.won,
        drawn=row.drawn,
        lost=row.lost,
    )


def standing_before(side: RatedSide, after: Standing) -> Standing:
    """Where the player of a side stood before its game."""
    before = glicko2.Rating(side.rating_before, side.deviation_before, side.volatility_before)
    earlier = after.counted(side.score, times=-1) if side.result.weight else after
    return replace(earlier, rating=before, played_at=side.played_before)


def as_rating(ladder: int, player: int, standing: Standing) -> Rating:
    """Of somebody who has played."""
    assert standing.played_at is not None
    return Rating(
        ladder_id=ladder,
        player_id=player,
        rating=standing.rating.rating,
        deviation=standing.rating.deviation,
        volatility=standing.rating.volatility,
        won=standing.won,
        drawn=standing.drawn,
        lost=standing.lost,
        played_at=standing.played_at,
    )
