from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.accounts.services import choose_reports
from geogame.games.models import Game, Guess
from geogame.games.services import next_round, place_guess, start_game
from geogame.pages import tryout, world_picture
from geogame.pages.maps import map_cards
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.reports.models import StoredReport
from geogame.reports.stored import refresh_all
from geogame.reports.tallies import tallies
from planet_core.land import land_rings
from procedural_earth.clues import HERO
from tests.geogame.reports.played import play_rounds

MakeMap = Callable[..., Map]
SignIn = Callable[[Client, Player], None]


def played(player: Player, map_: Map, *, rounds: int = 5, lat: float = 1.0) -> Game:
    game = start_game(player=player, map_=map_, version=None)
    for number in range(1, rounds + 1):
        round_ = game.rounds.get(number=number)
        place_guess(game=game, player=player, round_token=round_.token, lat=lat, lng=2)
        if number < rounds:
            next_round(game=game, player=player, after=round_.token)
    game.refresh_from_db()
    return game


# --- Cards -------------------------------------------------------------------------------------------
def test_a_card_tells_of_the_map(make_map: MakeMap) -> None:
    map_ = make_map(6, licence="CC0")
    panorama = map_.panoramas.first()
    assert panorama is not None
    panorama.licence = "CC BY 4.0"
    panorama.save()
    (card,) = map_cards(None)
    assert (card.panoramas, card.rounds, card.unseen, card.best) == (6, 5, None, None)
    assert card.licences == ["CC BY 4.0", "CC0"]
    assert card.cover_url is None


def test_a_card_shows_a_picture_only_after_its_round(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map()
    game = start_game(player=alice, map_=map_, version=None)
    assert map_cards(alice)[0].cover_url is None
    round_ = game.rounds.get(number=1)
    place_guess(game=game, player=alice, round_token=round_.token, lat=1, lng=2)
    (card,) = map_cards(alice)
    assert card.cover_url
    assert round_.picture_token in card.cover_url


def test_a_card_has_the_best_whole_game(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(16)
    points = []
    for lat in (1.0, 45.0):
        game = played(alice, map_, lat=lat)
        assert game.state == Game.State.FINISHED
        points.append(sum(Guess.objects.filter(round__game=game).values_list("points", flat=True)))
    started = start_game(player=alice, map_=map_, version=None)
    assert started.state == Game.State.PLAYING
    (card,) = map_cards(alice)
    assert points[0] != points[1]
    assert card.best == max(points)
    assert card.unseen == 16 - 11


def test_a_game_about_countries_has_no_best_points(alice: Player, make_map: MakeMap) -> None:
    played(alice, make_map(16))
    Game.objects.update(mode=Game.Mode.COUNTRY)
    assert map_cards(alice)[0].best is None


# --- The page ------------------------------------------------------------------------------------------
def line(model: str, rounds: int, **changes: object) -> dict[str, object]:
    """A line of a report, in which people won a quarter."""
    rate = {"value": 0.75, "low": 0.5, "high": 0.9}
    found = {"model": model, "rounds": rounds, "wins": 3, "losses": 1, "ties": 1, "win_rate": rate}
    return found | changes


def test_tallies_are_of_one_map_one_condition_and_one_model(client: Client, make_map: MakeMap) -> None:
    small, large = make_map(name="Small"), make_map(name="Large")
    for map_, condition, source, summary in (
        (small, "fair", "photo", [line("A", 5), line("B", 4)]),
        (large, "fair", "photo", [line("A", 70), line("Robot (outside player)", 90)]),
        (small, "free", "drawn", [line("A", 80, wins=8)]),
        (large, "free", "photo", [line("A", 0)]),
    ):
        StoredReport.objects.create(
            map=map_, condition=condition, source=source, summary=summary, made_at=timezone.now()
        )
    found = [(one.report.map.name, one.report.condition, one.model, one.rounds) for one in tallies()]
    assert found == [("Small", "free", "A", 80), ("Large", "fair", "A", 70)]
    page = client.get("/").content.decode()
    assert page.count("<strong>25\u202f%</strong>") == 2
    assert "10\u202f% to 50\u202f%" in page
    assert "1 round was tied" in page
    assert "On the map <strong>Large</strong> against A." in page
    assert page.index("tally-free-drawn") < page.index("tally-fair-photo")


def test_who_leaves_the_reports_leaves_the_tally_with_them(
    client: Client, make_map: MakeMap, model_version: ModelVersion, alice: Player
) -> None:
    play_rounds(make_map(6), model_version, [alice], each=5)
    assert "No round counts yet" in client.get("/").content.decode(), "nothing is computed in a request"
    refresh_all()
    assert "won by people" in client.get("/").content.decode()
    choose_reports(player=alice, in_reports=False)
    refresh_all()
    page = client.get("/").content.decode()
    assert "won by people" not in page
    assert "No round counts yet" in page


def test_without_rounds_the_tally_says_so(client: Client, make_map: MakeMap) -> None:
    make_map()
    assert "No round counts yet" in client.get("/").content.decode()


@pytest.mark.parametrize("path", ["/", "/play/", "/learn/", "/help/", "/about/", "/settings/", "/nowhere/"])
def test_every_page_has_its_frame_and_no_inline_code(client: Client, make_map: MakeMap, path: str) -> None:
    make_map()
    page = client.get(path).content.decode()
    assert page.count("<h1") == 1
    assert '<a class="skip-link" href="#main">' in page
    assert '<main id="main"' in page
    assert '<footer class="page-footer">' in page
    assert "style=" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count('type="application/json"')


def test_home_asks_the_database_the_same_for_more_maps(
    client: Client,
    alice: Player,
    make_map: MakeMap,
    sign_in: SignIn,
    django_assert_num_queries: Callable[..., object],
) -> None:
    sign_in(client, alice)
    for number in range(3):
        played(alice, make_map(name=f"Map {number}"), rounds=2)
    with django_assert_num_queries(16):  # type: ignore[attr-defined]
        client.get("/")


# --- One round to try ------------------------------------------------------------------------------------
def test_a_press_is_measured() -> None:
    x, y = world_picture.to_pixel(HERO.lat, HERO.lng)
    found = tryout.tried({"spot.x": str(x), "spot.y": str(y)})
    assert found is not None
    assert found.distance_km == pytest.approx(0, abs=0.01)
    assert found.points == 5000
    far = tryout.tried({"spot.x": "280", "spot.y": "90"})
    assert far is not None
    assert far.distance_km > 15_000


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"spot.x": "3"},
        {"spot.x": "nan", "spot.y": "3"},
        {"spot.x": "1e999", "spot.y": "3"},
        {"spot.x": "-1", "spot.y": "3"},
        {"spot.x": "3", "spot.y": "121"},
        {"spot.x": "a", "spot.y": "b"},
    ],
)
def test_what_is_no_press_is_passed_over(query: dict[str, str]) -> None:
    assert tryout.tried(query) is None


def test_the_result_of_a_press_is_shown_in_the_units_of_the_visitor(client: Client, db: None) -> None:
    assert "Try it" in client.get("/").content.decode()
    page = client.get("/?spot.x=280&spot.y=90").content.decode()
    assert "Málaga" in page
    assert "\u202fkm off" in page
    client.cookies["units"] = "mi"
    assert "\u202fmi off" in client.get("/?spot.x=280&spot.y=90").content.decode()


def test_places_and_pixels_of_the_small_world_are_inverse() -> None:
    assert world_picture.to_place(*world_picture.to_pixel(48.5, -11.25)) == pytest.approx((48.5, -11.25))


def test_the_small_world_is_drawn_whole() -> None:
    rings = land_rings("110m")
    assert rings, "npm's world-atlas is not installed"
    picture = world_picture.svg(rings)
    assert picture.startswith("<svg ")
    assert 20_000 < len(picture) < 60_000
    assert "nan" not in picture
