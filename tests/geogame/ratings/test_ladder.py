from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogame.ratings.glicko2 import Rating
from geogame.ratings.ladder import Contest, Rated, Standing, run
from geogame.ratings.rules import CERTAIN_DEVIATION, PAIR_WINDOW, is_provisional

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ESTABLISHED = Standing(Rating(1500, 60, 0.06), NOON)


def contests(*scores: float, every: timedelta = timedelta(days=1)) -> list[Contest]:
    """Games of the players 1 and 2, with these scores of the first."""
    return [
        Contest(number, NOON + number * every, 1, 2, score) for number, score in enumerate(scores, start=1)
    ]


def last(rated: list[Rated], player: int) -> Standing:
    found = Standing()
    for one in rated:
        for number, after in zip((one.contest.first, one.contest.second), one.after, strict=True):
            found = after if number == player else found
    return found


some_contests = st.lists(
    st.builds(
        lambda hour, pair, score: (hour, *pair, score),
        st.integers(0, 24 * 30),
        st.sampled_from([(1, 9), (2, 9), (3, 9), (1, 2)]),
        st.sampled_from([0.0, 0.5, 1.0]),
    ),
    max_size=30,
).map(
    lambda rows: [
        Contest(number, NOON + timedelta(hours=hour), first, second, score)
        for number, (hour, first, second, score) in enumerate(rows)
    ]
)


@given(some_contests, st.integers(0, 2**32))
def test_the_order_in_which_games_are_told_is_nothing(games: list[Contest], seed: int) -> None:
    shuffled = random.Random(seed).sample(games, len(games))
    assert list(run(shuffled)) == list(run(games))


@settings(max_examples=50)
@given(some_contests, st.integers(0, 30))
def test_a_course_can_be_taken_up_anywhere(games: list[Contest], cut: int) -> None:
    """With standings and the pairs of the week before, the rest comes out the same."""
    whole = list(run(games))
    head, tail = whole[:cut], whole[cut:]
    standings = {}
    for one in head:
        standings[one.contest.first], standings[one.contest.second] = one.after
    met = [(one.contest.pair, one.contest.settled_at) for one in head if one.weight]
    assert list(run([one.contest for one in tail], standings, met)) == tail


@given(some_contests)
def test_the_sides_of_a_game_are_alike(games: list[Contest]) -> None:
    mirrored = [Contest(c.game, c.settled_at, c.second, c.first, 1 - c.score) for c in games]
    assert [one.after[::-1] for one in run(mirrored)] == [one.after for one in run(games)]


@given(some_contests)
def test_every_game_is_won_drawn_or_lost_by_both(games: list[Contest]) -> None:
    rated = list(run(games))
    counted = sum(one.weight > 0 for one in rated)
    ends = [last(rated, player) for player in (1, 2, 3, 9)]
    assert sum(end.games for end in ends) == 2 * counted
    assert sum(end.won for end in ends) == sum(end.lost for end in ends)


def test_a_game_moves_both_and_the_winner_up() -> None:
    (rated,) = run(contests(1.0))
    assert rated.after[0].rating.rating > 1500 > rated.after[1].rating.rating
    assert (rated.after[0].won, rated.after[1].lost) == (1, 1)


@pytest.mark.parametrize(
    ("scores", "games"), [([1.0, 0.0] * 10, 6), ([1.0] * 20, 11)], ids=["even", "all won"]
)
def test_a_rating_is_certain_after_some_games(scores: list[float], games: int) -> None:
    """What docs/ratings.md says of how long a rating is provisional."""
    rated = list(run(contests(*scores), {2: ESTABLISHED}))
    provisional = [is_provisional(one.after[0].rating.deviation) for one in rated]
    assert provisional.index(False) + 1 == games


def test_who_stays_away_becomes_provisional_again() -> None:
    """What docs/ratings.md says: from 60 in almost three years."""
    weeks = next(
        week for week in range(200) if is_provisional(ESTABLISHED.at(NOON + timedelta(weeks=week)).deviation)
    )
    assert weeks == 148
    assert CERTAIN_DEVIATION == 140


# --- farming -------------------------------------------------------------------------------------
@pytest.mark.parametrize("farmer", [1, 2], ids=["a person a model", "a model a person"])
def test_a_thousand_games_of_two_in_a_week_are_worth_thirteen(farmer: int) -> None:
    score = 1.0 if farmer == 1 else 0.0
    every = PAIR_WINDOW / 1001
    start = {1: ESTABLISHED, 2: ESTABLISHED}
    many = list(run(contests(*[score] * 1000, every=every), start))
    few = list(run(contests(*[score] * 13, every=every), start))
    assert sum(one.weight > 0 for one in many) == 13
    assert last(many, farmer) == last(few, farmer)
    assert last(many, farmer).rating.rating - 1500 < 120


def test_a_game_that_counts_nothing_leaves_both_as_they_are() -> None:
    rated = list(run(contests(*[1.0] * 20, every=timedelta(minutes=1))))
    assert rated[-1].weight == 0
    assert rated[-1].before == rated[-1].after == rated[-2].after


def test_other_pairs_are_not_touched_by_the_decay() -> None:
    farmed = contests(*[1.0] * 20, every=timedelta(minutes=1))
    stranger = Contest(99, NOON + timedelta(hours=1), 3, 2, 1.0)
    assert list(run([*farmed, stranger]))[-1].weight == 1.0
