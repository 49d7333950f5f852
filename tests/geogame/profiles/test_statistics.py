from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from geogame.profiles.played import ModelsRound, PlayedGame, PlayedRound
from geogame.profiles.statistics import Days, best_streaks, days, medals, sheets, streak_medals
from planet_core.intervals import wilson_interval

PLANET = ModelsRound("PlaNet", "abcd1234", distance_km=1000.0, points=1000, correct=None, trained_on=False)
ROUND = PlayedRound(
    round=1,
    game=1,
    condition="fair",
    pictures="photo",
    about_countries=False,
    country="PT",
    lat=40.0,
    lng=-8.0,
    distance_km=100.0,
    points=4000,
    correct=True,
    known_before=False,
    model=PLANET,
)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOON.date()
GAME = PlayedGame(
    token="t",
    mode="classic",
    map="Test",
    finished_at=NOON,
    day=None,
    is_challenge=False,
    rounds=[ROUND] * 5,
)


def streak(*right: bool, condition: str = "fair", **changes: object) -> PlayedGame:
    rounds = [
        replace(ROUND, correct=correct, about_countries=True, points=0, distance_km=None, condition=condition)
        for correct in right
    ]
    return replace(GAME, mode="streak", rounds=rounds, **changes)


def daily(day: date) -> PlayedGame:
    return replace(GAME, mode="daily", day=day)


# --- sheets --------------------------------------------------------------------------------------
def test_conditions_and_kinds_of_pictures_are_never_pooled() -> None:
    rounds = [
        ROUND,
        replace(ROUND, condition="free", distance_km=300.0),
        replace(ROUND, pictures="drawn", distance_km=900.0),
    ]
    found = {(sheet.condition, sheet.pictures): sheet for sheet in sheets(rounds)}
    assert {kind: sheet.total.median_km for kind, sheet in found.items()} == {
        ("fair", "photo"): 100.0,
        ("free", "photo"): 300.0,
        ("fair", "drawn"): 900.0,
    }
    assert all(sheet.total.rounds == 1 for sheet in found.values())


def test_a_country_has_rounds_median_right_share_and_lead() -> None:
    rounds = [
        replace(ROUND, distance_km=100.0, points=4000),
        replace(ROUND, distance_km=300.0, points=3000, correct=False),
        replace(ROUND, distance_km=700.0, points=2000, correct=False, model=None),
        replace(ROUND, country="ES", points=500),
    ]
    (sheet,) = sheets(rounds)
    portugal, spain = sheet.countries
    assert (portugal.code, portugal.rounds, portugal.median_km) == ("PT", 3, 300.0)
    assert portugal.right_share == pytest.approx(1 / 3)
    assert portugal.points == 3000
    assert portugal.lead == (4000 - 1000 + 3000 - 1000) / 2, "only where both played"
    assert (spain.code, spain.lead) == ("ES", -500)


def test_no_answer_is_infinitely_far() -> None:
    answered, timeout = ROUND, replace(ROUND, distance_km=None, points=0, lat=None, lng=None)
    assert sheets([answered, answered, timeout])[0].total.median_km == 100.0
    assert sheets([answered, timeout])[0].total.median_km is None


def test_a_round_about_countries_has_no_distance_and_no_points() -> None:
    about = replace(ROUND, about_countries=True, distance_km=None, points=0, correct=True)
    (sheet,) = sheets([ROUND, about])
    assert (sheet.total.median_km, sheet.total.points) == (100.0, 4000)
    assert (sheet.total.right, sheet.total.asked) == (2, 2)


def test_a_picture_at_sea_is_in_no_country() -> None:
    (sheet,) = sheets([replace(ROUND, country="", correct=None)])
    assert sheet.countries == []
    assert sheet.total.right_share is None


# --- against the model ---------------------------------------------------------------------------
def test_wins_ties_and_losses_with_the_interval_of_wilson() -> None:
    won, lost = ROUND, replace(ROUND, distance_km=2000.0)
    tied = replace(ROUND, distance_km=1000.0)
    (sheet,) = sheets([won, won, won, lost, tied])
    (against,) = sheet.against
    assert (against.won, against.tied, against.lost) == (3, 1, 1)
    assert against.share == 0.75
    assert against.interval == wilson_interval(3, 4)


def test_a_time_out_is_lost_to_a_model_that_answered() -> None:
    (against,) = sheets([replace(ROUND, distance_km=None)])[0].against
    assert (against.won, against.lost) == (0, 1)


@pytest.mark.parametrize(
    "known",
    [replace(ROUND, known_before=True), replace(ROUND, model=replace(PLANET, trained_on=True))],
)
def test_what_one_of_the_two_knew_before_is_not_counted(known: PlayedRound) -> None:
    (against,) = sheets([known, ROUND])[0].against
    assert (against.rounds, against.apart) == (1, 1)


def test_two_models_are_not_pooled_and_nobody_is_no_model() -> None:
    other = replace(ROUND, model=replace(PLANET, digest="ffff0000"))
    (sheet,) = sheets([ROUND, other, replace(ROUND, model=None)])
    assert [(one.digest, one.rounds) for one in sheet.against] == [("abcd1234", 1), ("ffff0000", 1)]


def test_distance_and_country_are_not_pooled() -> None:
    about = replace(
        ROUND, about_countries=True, distance_km=None, model=replace(PLANET, correct=False, distance_km=None)
    )
    by_distance, by_country = sheets([ROUND, about])[0].against
    assert (by_distance.about_countries, by_distance.won) == (False, 1)
    assert (by_country.about_countries, by_country.won) == (True, 1)


def test_without_a_decided_round_there_is_no_share() -> None:
    (against,) = sheets([replace(ROUND, distance_km=1000.0)])[0].against
    assert against.share is None
    assert against.interval == (0.0, 1.0)


# --- medals and streaks --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("points", "medal"),
    [(2999, None), (3000, "bronze"), (4000, "silver"), (4800, "gold"), (4999, "gold"), (5000, "platinum")],
)
def test_a_game_of_five_rounds_earns_its_best_medal(points: int, medal: str | None) -> None:
    game = replace(GAME, rounds=[replace(ROUND, points=points)] * 5)
    earned = {line.medal: line.counts["fair"] for line in medals([game]) if line.total}
    assert earned == ({medal: 1} if medal else {})


def test_medals_of_conditions_stand_apart() -> None:
    free = replace(GAME, rounds=[replace(ROUND, condition="free")] * 5)
    both = replace(GAME, rounds=[ROUND] * 4 + [replace(ROUND, condition="free")])
    silver = next(line for line in medals([GAME, free, free, both]) if line.medal == "silver")
    assert silver.counts == {"fair": 1, "free": 2, "mixed": 1}


@pytest.mark.parametrize(
    "game",
    [
        replace(GAME, rounds=[replace(ROUND, points=5000)] * 4),
        replace(GAME, finished_at=None),
        replace(GAME, mode="country"),
    ],
)
def test_no_medal_for_other_games(game: PlayedGame) -> None:
    assert not any(line.total for line in medals([game]))


def test_a_streak_counts_to_the_first_wrong_country() -> None:
    games = [streak(True, True, False), streak(True, True, True, finished_at=None)]
    assert best_streaks(games) == {"fair": 3}
    assert best_streaks([streak(False), streak(True, False, condition="free")]) == {"free": 1}


def test_a_challenge_is_no_streak_of_ones_own() -> None:
    assert best_streaks([streak(True, is_challenge=True)]) == {}


def test_a_long_streak_earns_a_medal() -> None:
    games = [streak(*[True] * length, False) for length in (4, 5, 10, 40)]
    earned = {line.medal: line.total for line in streak_medals(games)}
    assert earned == {"platinum": 1, "gold": 0, "silver": 1, "bronze": 1}


def test_days_in_a_row() -> None:
    games = [daily(TODAY - timedelta(days=ago)) for ago in (1, 2, 5, 6, 7)]
    assert days(games, TODAY) == Days(running=2, longest=3)
    assert days([*games, daily(TODAY)], TODAY).running == 3
    assert days([replace(daily(TODAY), finished_at=None)], TODAY) == Days(running=0, longest=0)
