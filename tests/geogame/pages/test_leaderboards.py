from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.accounts.services import delete_account, player_of_model
from geogame.games.dailies import start_daily
from geogame.games.models import Game
from geogame.games.services import start_game
from geogame.pages.leaderboards import CONDITIONS
from geogame.panoramas.models import Map
from geogame.panoramas.services import unpublish_map
from geogame.ratings.leaderboards import MODES, PERIODS, start_of
from geogame.ratings.models import Ladder, Rating
from geogame.ratings.services import rate_games
from geogame.registry.models import ModelVersion
from tests.geogame.games.playing import at, play
from tests.geogame.profiles.games import Answer
from tests.geogame.ratings.playing import FAIR, LOST, add

MakeMap = Callable[..., Map]
MakePlayer = Callable[..., Player]
SignIn = Callable[[Client, Player], None]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def ada(make_player: MakePlayer) -> Player:
    return make_player("Ada", account=True)


@pytest.fixture
def bob(make_player: MakePlayer) -> Player:
    return make_player("Bob", account=True)


@pytest.fixture
def model(model_version: ModelVersion) -> Player:
    return player_of_model(model_version)


@pytest.fixture
def map_(make_map: MakeMap) -> Map:
    return make_map(12)


def ago(**time: float) -> Any:
    return timezone.now() - timedelta(**time)


def asked(client: Client, **choice: str) -> Any:
    response = client.get("/leaderboards/", choice)
    assert response.status_code == 200
    return response


def names(lines: Any) -> list[tuple[int | None, str]]:
    return [(line.place, line.who.name) for line in lines]


def make_certain() -> None:
    Rating.objects.update(deviation=60)


# --- who is shown --------------------------------------------------------------------------------
def test_nobody_is_rated_yet(client: Client, ada: Player) -> None:
    page = asked(client).content.decode()
    assert 'data-testid="no-ladder"' in page
    assert "Make an account" in page
    client.force_login(ada.user)  # type: ignore[arg-type]
    assert "yours may be the first" in asked(client).content.decode()


def test_people_and_models_stand_on_one_ladder_models_marked_as_such(
    client: Client, ada: Player, bob: Player, model: Player, map_: Map
) -> None:
    add(ada, map_, model, at=ago(hours=3))
    add(bob, map_, model, at=ago(hours=2), answers=[LOST] * 5)
    rate_games()
    make_certain()
    response = asked(client)
    assert names(response.context["lines"]) == [(1, "Ada"), (2, "PlaNet tiny"), (3, "Bob")]
    page = response.content.decode()
    assert page.count('class="badge badge-model"') == 1
    assert f"#{model.model_version.digest[:8]}" in page  # type: ignore[union-attr]
    assert f"/players/{ada.profile_token}/" in page
    assert ada.token not in page, "the pseudonym of reports is nobody's name here"


def test_provisional_ratings_stand_apart_and_have_no_place(
    client: Client, ada: Player, model: Player, map_: Map
) -> None:
    add(ada, map_, model, at=ago(hours=1))
    rate_games()
    Rating.objects.filter(player=model).update(deviation=60)
    response = asked(client)
    assert names(response.context["lines"]) == [(1, "PlaNet tiny")]
    assert names(response.context["provisional"]) == [(None, "Ada")]
    assert "Provisional: not enough games" in response.content.decode()


def test_who_stays_away_long_enough_is_provisional_again(
    client: Client, ada: Player, model: Player, map_: Map
) -> None:
    add(ada, map_, model, at=ago(days=2000))
    rate_games()
    make_certain()
    assert names(asked(client).context["provisional"]) == [(None, "Ada"), (None, "PlaNet tiny")]


def test_who_deleted_the_account_or_is_shut_out_is_not_shown(
    client: Client, ada: Player, bob: Player, model: Player, map_: Map
) -> None:
    for number, player in enumerate((ada, bob)):
        add(player, map_, model, at=ago(hours=number + 1))
    rate_games()
    before = Rating.objects.get(player=model).rating
    delete_account(user=ada.user)  # type: ignore[arg-type]
    User.objects.filter(player=bob).update(is_active=False)
    for mode in ("all", "classic"):
        page = asked(client, mode=mode, period="month").content.decode()
        assert "Ada" not in page
        assert "Bob" not in page
        assert "Deleted player" not in page
    assert Rating.objects.get(player=model).rating == before, "the other half of a game stays"


def test_guests_are_on_no_board(
    client: Client, make_player: MakePlayer, model_version: ModelVersion, map_: Map
) -> None:
    guest = make_player("Anonymous")
    play(start_game(player=guest, map_=map_), guest, version=model_version)
    rate_games()
    assert "Anonymous" not in asked(client).content.decode()


def test_the_ladder_of_a_closed_map_is_closed(client: Client, ada: Player, model: Player, map_: Map) -> None:
    add(ada, map_, model, at=ago(hours=1))
    rate_games()
    unpublish_map(map_)
    assert 'data-testid="no-ladder"' in asked(client, map=map_.slug).content.decode()


# --- which board ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "choice", [{}, {"map": "no-such", "view": "x", "mode": "'", "period": "9", "page": "-1"}]
)
def test_what_is_not_there_becomes_the_most_played(
    client: Client, ada: Player, model: Player, make_map: MakeMap, choice: dict[str, str]
) -> None:
    seldom, often = make_map(5), make_map(5, name="Often")
    add(ada, seldom, model, at=ago(hours=9))
    for hours in (1, 2):
        add(ada, often, model, at=ago(hours=hours))
    rate_games()
    response = asked(client, **choice)
    assert response.context["ladder"].map == often
    assert response.context["choice"] == {"map": "often", "view": "fair", "mode": "all", "period": "all"}


def test_every_board_can_be_reached_by_its_links(
    client: Client, ada: Player, model: Player, make_map: MakeMap
) -> None:
    maps = [make_map(5), make_map(5, name="Other & more")]
    for map_ in maps:
        add(ada, map_, model, at=timezone.now())
        add(
            ada,
            map_,
            model,
            at=timezone.now(),
            answers=[Answer(points=2, model_points=1, condition="free")] * 5,
        )
    rate_games()
    assert Ladder.objects.count() == 4
    waiting, seen = [""], set()
    while waiting:
        query = waiting.pop()
        if query in seen:
            continue
        seen.add(query)
        response = client.get(f"/leaderboards/?{query}")
        assert "Ada" in response.content.decode() or re.search("mode=(daily|duel)", query), query
        waiting += [option["query"] for one in response.context["filters"] for option in one["options"]]
    assert len(seen) == 1 + len(maps) * len(CONDITIONS) * len(MODES) * len(PERIODS)


def test_a_view_that_nobody_played_is_empty_and_says_so(
    client: Client, ada: Player, model: Player, map_: Map
) -> None:
    add(ada, map_, model, at=ago(hours=1))
    rate_games()
    response = asked(client, view="free")
    assert "Nobody has finished a rated game on this map with this view" in response.content.decode()
    response = asked(client, mode="daily")
    assert "Nobody has finished such a game in this time" in response.content.decode()
    assert "Best totals" in response.content.decode()


def test_periods_begin_at_midnight_weeks_on_monday() -> None:
    sunday = at("2026-11-22 15:30")
    assert start_of("today", sunday) == at("2026-11-22 00:00")
    assert start_of("week", sunday) == at("2026-11-16 00:00")
    assert start_of("month", sunday) == at("2026-11-01 00:00")
    assert start_of("all", sunday) is None


# --- of late -------------------------------------------------------------------------------------
def test_changes_of_a_time_leave_out_what_was_provisional(
    client: Client, ada: Player, bob: Player, model: Player, map_: Map
) -> None:
    """A newcomer's leaps are no achievement: only what a certain rating gained counts."""
    for number in range(14):
        add(ada, map_, model, at=ago(days=60) + number * HOUR, answers=[FAIR if number % 2 else LOST] * 5)
    add(ada, map_, model, at=timezone.now())
    add(bob, map_, model, at=timezone.now())
    rate_games()
    response = asked(client, period="today")
    lines = {line.who.name: line for line in response.context["lines"]}
    assert "Bob" not in lines
    assert names(response.context["provisional"]) == [(None, "Bob")]
    assert (lines["Ada"].won, lines["Ada"].games, lines["Ada"].place) == (1, 1, 1)
    assert 0 < lines["Ada"].change < 60
    assert lines["PlaNet tiny"].change < 0


# --- totals --------------------------------------------------------------------------------------
def test_the_best_total_stands_beside_what_the_model_had_then(
    client: Client, ada: Player, bob: Player, model: Player, map_: Map
) -> None:
    add(ada, map_, model, at=ago(days=40), answers=[Answer(points=5000, model_points=4999)] * 5)
    add(ada, map_, model, at=timezone.now(), answers=[Answer(points=3000, model_points=100)] * 5)
    add(ada, map_, model, at=timezone.now(), answers=[Answer(points=2000, model_points=2500)] * 5)
    add(bob, map_, model, at=timezone.now(), answers=[Answer(points=4000, model_points=700)] * 5)
    rate_games()
    response = asked(client, mode="classic", period="today")
    found = [
        (line.place, line.who.name, line.best, line.opponent, line.games)
        for line in response.context["lines"]
    ]
    assert found == [(1, "Bob", 20_000, 3_500, 1), (2, "Ada", 15_000, 500, 2)]
    assert response.context["lines"][1].mean == 12_500
    (of_model,) = response.context["models"]
    assert (of_model.games, of_model.mean) == (3, (500 + 12_500 + 3_500) / 3)
    assert [line.best for line in asked(client, mode="classic").context["lines"]] == [25_000, 20_000]


def test_games_that_were_left_or_not_rated_have_no_total(
    client: Client, ada: Player, model: Player, map_: Map
) -> None:
    add(ada, map_, model, at=ago(days=20), answers=[FAIR] * 3, state="playing")
    Game.objects.update(rounds_total=5)
    add(ada, map_, model, at=ago(days=2), answers=[Answer(points=5000, model_points=1, seen=1)] * 5)
    add(ada, map_, model, at=ago(days=1))
    rate_games()
    (line,) = asked(client, mode="classic").context["lines"]
    assert (line.best, line.games) == (20_000, 1)


def test_todays_daily_is_on_no_board_until_the_viewer_has_finished_it(
    client: Client, ada: Player, bob: Player, model_version: ModelVersion, make_map: MakeMap
) -> None:
    """Its totals would say how hard it is, before one plays."""
    make_map(12)
    play(start_daily(player=ada), ada, version=model_version, lat=45.0, lng=5.0)
    rate_games()
    boards = [{"mode": "daily"}, {"mode": "daily", "period": "today"}, {"period": "week"}]
    client.force_login(bob.user)  # type: ignore[arg-type]
    for choice in boards:
        assert "Ada" not in asked(client, **choice).content.decode()
    game = start_daily(player=bob)
    assert "Ada" not in asked(client, mode="daily").content.decode()
    play(game, bob, version=model_version)
    for choice in boards:
        assert "Ada" in asked(client, **choice).content.decode()
    assert "Ada" not in asked(Client(), mode="daily").content.decode()


# --- pages ---------------------------------------------------------------------------------------
def test_many_players_come_in_pages_and_the_own_row_is_always_there(
    client: Client, make_player: MakePlayer, model: Player, map_: Map
) -> None:
    people = [make_player(f"Player {number:02}", account=True) for number in range(24)]
    for number, player in enumerate(people):
        answers = [Answer(points=100 * number, model_points=5000)] * 5
        add(player, map_, model, at=ago(hours=number + 1), answers=answers)
    rate_games()
    make_certain()
    last = asked(client).context["page"]
    assert (len(last.rows), last.pages) == (20, 2)
    second = asked(client, page="2")
    assert len(second.context["lines"]) == 5
    unlucky = next(p for p in people if p.name == second.context["lines"][-1].who.name)
    client.force_login(unlucky.user)  # type: ignore[arg-type]
    first = asked(client)
    assert names(first.context["own"]) == [(25, unlucky.name)]
    assert 'data-testid="own-row"' in first.content.decode()
    assert "mode=all&amp;period=all&amp;page=2" in first.content.decode()
    assert asked(client, page="2").context["own"] == []
    totals = asked(client, mode="classic", page="2")
    assert [line.opponent for line in totals.context["lines"]] == [25_000] * 4
    client.force_login(people[0].user)  # type: ignore[arg-type]
    assert [(line.place, line.best) for line in asked(client, mode="classic").context["own"]] == [(24, 0)]


# --- the own game --------------------------------------------------------------------------------
def test_a_finished_game_tells_what_it_changed(
    client: Client, ada: Player, model_version: ModelVersion, map_: Map
) -> None:
    client.force_login(ada.user)  # type: ignore[arg-type]
    game = start_game(player=ada, map_=map_)
    address = f"/api/games/{game.token}/rating/"
    assert client.get(address).status_code == 409
    play(game, ada, version=model_version, lat=46.0, lng=8.0, model=(-80.0, 170.0))
    nothing = {"state": "coming", "text": "", "reason": None, "change": None, "rating": None}
    assert client.get(address).json() == nothing
    rate_games()
    told = client.get(address).json()
    rating = Rating.objects.get(player=ada)
    assert told == {
        "state": "rated",
        "text": f"Rated: +{told['change']}, now {round(rating.rating):,}, still provisional.",
        "reason": None,
        "change": round(rating.rating) - 1500,
        "rating": round(rating.rating),
    }
    profile = client.get("/players/me/").content.decode()
    assert f"Rated +{told['change']}" in profile
    assert "provisional" in profile
    assert 'data-testid="ratings"' in Client().get(f"/players/{ada.profile_token}/").content.decode()


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ([FAIR] * 3 + [Answer(model_points=1, seen=1)] * 2, "you had seen 2 of these places"),
        ([FAIR] * 4 + [Answer(model_points=None)], "the model was absent in 1 round."),
        (
            [FAIR] * 4 + [Answer(model_points=1, trained_on=True)],
            "the model had trained on 1 of these places",
        ),
        ([FAIR] * 3, "a rated game has 5 rounds"),
    ],
)
def test_an_unrated_game_tells_why(
    client: Client, ada: Player, model: Player, map_: Map, answers: list[Answer], text: str
) -> None:
    client.force_login(ada.user)  # type: ignore[arg-type]
    game = add(ada, map_, model, answers=answers)
    rate_games()
    told = client.get(f"/api/games/{game.token}/rating/").json()
    assert told["state"] == "unrated"
    assert text in told["text"]
    assert (told["change"], told["rating"]) == (None, None)
    assert text in client.get("/players/me/").content.decode()


def test_the_rating_of_a_game_is_told_to_its_player_alone(
    client: Client, ada: Player, bob: Player, model: Player, map_: Map
) -> None:
    game = add(ada, map_, model)
    rate_games()
    assert client.get(f"/api/games/{game.token}/rating/").status_code == 404
    client.force_login(bob.user)  # type: ignore[arg-type]
    assert client.get(f"/api/games/{game.token}/rating/").status_code == 404


def test_a_game_that_was_left_says_nothing_while_it_can_be_played(
    client: Client, ada: Player, model: Player, map_: Map
) -> None:
    game = add(ada, map_, model, at=ago(days=30), answers=[FAIR] * 2, state="playing")
    Game.objects.update(rounds_total=5)
    rate_games()
    client.force_login(ada.user)  # type: ignore[arg-type]
    assert client.get(f"/api/games/{game.token}/rating/").status_code == 409
    Game.objects.update(state="finished", finished_at=timezone.now())
    assert "you left it for a week" in client.get(f"/api/games/{game.token}/rating/").json()["text"]


def test_the_export_has_the_ratings(client: Client, ada: Player, model: Player, map_: Map) -> None:
    add(ada, map_, model)
    rate_games()
    client.force_login(ada.user)  # type: ignore[arg-type]
    found = client.get("/account/data/export.json").json()
    (place,) = found["ratings"]
    assert (place["map"], place["condition"], place["won"]) == ("Test", "fair", 1)
    assert found["games"][0]["rating"]["after"] == pytest.approx(place["rating"])
    assert found["games"][0]["rating"]["not_rated_because"] is None


def test_the_admin_shows_ratings_and_changes_none(
    admin_client: Client, ada: Player, model: Player, map_: Map
) -> None:
    game = add(ada, map_, model)
    rate_games()
    for address in ("rating", "ratedresult"):
        assert admin_client.get(f"/admin/ratings/{address}/").status_code == 200
        assert admin_client.get(f"/admin/ratings/{address}/add/").status_code == 403
    for row, name in ((Rating.objects.get(player=ada).pk, "rating"), (game.rated.pk, "ratedresult")):
        assert admin_client.get(f"/admin/ratings/{name}/{row}/change/").status_code == 200
        assert admin_client.post(f"/admin/ratings/{name}/{row}/change/", {"rating": 9999}).status_code == 403
        assert admin_client.post(f"/admin/ratings/{name}/{row}/delete/", {"post": "yes"}).status_code == 403
