from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogame.games.models import Game
from geogame.games.rules import ROUNDS
from geogame.ratings.rules import (
    LEFT_AFTER,
    PAIR_FULL,
    PAIR_LEAST,
    PAIR_WINDOW,
    RATED_MODES,
    PlayedGame,
    Reason,
    Side,
    pair_weight,
    score_of_first,
    settled_at,
    verdict,
)

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
YOU = Side(player=1, is_model=False, registered=True, score=20_000)
MODEL = Side(player=2, is_model=True, registered=False, score=15_000)
GOOD = PlayedGame(
    game=1,
    map=1,
    mode="classic",
    is_challenge=False,
    is_private=False,
    settled_at=NOON,
    conditions=frozenset({"fair"}),
    rounds=ROUNDS,
    planned=ROUNDS,
    void_rounds=0,
    sides=(YOU, MODEL),
)
moments = st.integers(0, 60 * 24 * 40).map(lambda minutes: NOON + timedelta(minutes=minutes))


def test_a_whole_first_game_against_a_model_is_rated() -> None:
    assert verdict(GOOD).is_rated
    assert verdict(replace(GOOD, mode="daily")).is_rated
    two = (YOU, replace(YOU, player=3, score=0))
    assert verdict(replace(GOOD, mode="duel", rounds=2, planned=20, sides=two)).is_rated, "short, but whole"
    assert verdict(replace(GOOD, mode="duel", rounds=2, planned=20)).is_rated, "against a model, too"


def test_the_modes_are_modes_of_the_game() -> None:
    assert set(Game.Mode.values) >= RATED_MODES
    assert Game.Mode.COUNTRY not in RATED_MODES
    assert Game.Mode.STREAK not in RATED_MODES


@pytest.mark.parametrize(
    ("changes", "reason", "count"),
    [
        ({"mode": "duel", "is_private": True}, Reason.PRIVATE, 1),
        ({"mode": "room", "is_private": True}, Reason.PRIVATE, 1),
        ({"mode": "room"}, Reason.OTHER_MODE, 1),
        ({"mode": "crowd"}, Reason.OTHER_MODE, 1),
        ({"mode": "country"}, Reason.OTHER_MODE, 1),
        ({"mode": "streak"}, Reason.OTHER_MODE, 1),
        ({"is_challenge": True}, Reason.CHALLENGE, 1),
        ({"sides": (YOU,)}, Reason.ALONE, 1),
        ({"sides": (YOU, replace(YOU, player=3), MODEL)}, Reason.ALONE, 1),
        ({"sides": (MODEL, replace(MODEL, player=3))}, Reason.ALONE, 1),
        ({"sides": (replace(YOU, registered=False), MODEL)}, Reason.GUEST, 1),
        ({"rounds": 0, "conditions": frozenset()}, Reason.NOT_BEGUN, 1),
        ({"rounds": 4, "planned": 4, "void_rounds": 1}, Reason.VOID_ROUNDS, 1),
        ({"rounds": 3, "planned": 3}, Reason.SHORT, 1),
        ({"conditions": frozenset({"fair", "free"})}, Reason.MIXED_VIEW, 1),
        ({"sides": (YOU, replace(MODEL, absent_rounds=2))}, Reason.MODEL_ABSENT, 2),
        ({"sides": (YOU, replace(MODEL, known_rounds=3))}, Reason.TRAINED_ON, 3),
        ({"sides": (replace(YOU, known_rounds=2), MODEL)}, Reason.KNOWN_PLACES, 2),
    ],
)
def test_what_is_not_rated_and_why(changes: dict[str, object], reason: Reason, count: int) -> None:
    found = verdict(replace(GOOD, **changes))  # type: ignore[arg-type]
    assert (found.reason, found.count) == (reason, count)
    assert not found.is_rated


def test_a_round_that_was_replaced_does_no_harm() -> None:
    assert verdict(replace(GOOD, void_rounds=1)).is_rated


def test_two_people_who_meet_are_a_game_too() -> None:
    """A duel needs no more than its mode among those that are rated."""
    assert verdict(replace(GOOD, sides=(YOU, replace(YOU, player=3, score=1)))).is_rated


@given(you=st.integers(0, 25_000), model=st.integers(0, 25_000))
def test_the_higher_total_wins_and_sides_are_alike(you: int, model: int) -> None:
    sides = replace(YOU, score=you), replace(MODEL, score=model)
    assert score_of_first(sides) == (0.5 if you == model else float(you > model))
    assert score_of_first(sides) + score_of_first(sides[::-1]) == 1.0


@given(you=st.integers(0, 25_000), model=st.integers(0, 25_000))
def test_who_leaves_has_lost_whatever_the_points(you: int, model: int) -> None:
    sides = replace(YOU, score=you, left=True), replace(MODEL, score=model)
    assert score_of_first(sides) == 0.0
    assert score_of_first(sides[::-1]) == 1.0


# --- when a game is over -------------------------------------------------------------------------
def test_a_finished_game_is_over_at_its_end() -> None:
    assert settled_at([NOON], finished_at=NOON + LEFT_AFTER, now=NOON + 2 * LEFT_AFTER) == NOON + LEFT_AFTER


def test_a_game_that_is_left_is_over_a_week_after_its_last_event() -> None:
    last = NOON + timedelta(days=1)
    assert settled_at([NOON, last], finished_at=None, now=last + LEFT_AFTER) is None
    assert settled_at([NOON, last], finished_at=None, now=last + 2 * LEFT_AFTER) == last + LEFT_AFTER


@given(
    events=st.lists(moments, min_size=1, max_size=8), later=st.timedeltas(timedelta(0), timedelta(days=30))
)
def test_who_comes_back_changes_nothing_of_a_game_that_was_over(
    events: list[datetime], later: timedelta
) -> None:
    """What was said at some time stays said, whatever happens after."""
    events.sort()
    for number in range(1, len(events)):
        now = events[number]
        said = settled_at(events[:number], finished_at=None, now=now)
        if said is not None:
            assert settled_at(events, finished_at=events[-1] + later, now=events[-1] + later) == said


# --- the same two again --------------------------------------------------------------------------
def test_the_weights_of_a_day_of_games() -> None:
    times: list[datetime] = []
    weights = []
    for number in range(30):
        weights.append(pair_weight(times, NOON + timedelta(minutes=number)))
        if weights[-1]:
            times.append(NOON + timedelta(minutes=number))
    assert weights[:14] == [1.0] * PAIR_FULL + [0.5, 0.25, 0.125, 0.0]
    assert sum(weights) == 10.875


@given(st.lists(moments, max_size=120))
def test_no_pair_counts_for_more_than_eleven_games_within_any_week(times: list[datetime]) -> None:
    counted: list[tuple[datetime, float]] = []
    for moment in sorted(times):
        weight = pair_weight([time for time, _ in counted], moment)
        assert weight == 0 or PAIR_LEAST <= weight <= 1
        if weight:
            counted.append((moment, weight))
    for start, _ in counted:
        within = [weight for time, weight in counted if start <= time < start + PAIR_WINDOW]
        assert len(within) <= PAIR_FULL + 3
        assert sum(within) <= 10.875


@given(st.lists(moments, max_size=40), moments)
def test_who_has_met_less_counts_no_less(times: list[datetime], moment: datetime) -> None:
    earlier = [time for time in times if time <= moment]
    assert pair_weight(earlier, moment) <= pair_weight(earlier[1:], moment)
