from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from geogame.accounts.models import Player
from geogame.accounts.services import delete_account, player_of_model
from geogame.games.services import start_game
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from tests.geogame.profiles.games import Answer, add_game

MakeMap = Callable[..., Map]
SignIn = Callable[[Client, Player], None]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Player:
    return Player.objects.create(kind="person", name="Ada", user=User.objects.create_user("ada"))


def full_history(player: Player, map_: Map, model: Player, games: int = 3) -> None:
    fair = Answer(points=4000, model_points=2000)
    free = Answer(points=5000, model_points=2000, condition="free")
    for _ in range(games):
        add_game(player, map_, [fair] * 5, model=model)
        add_game(player, map_, [free] * 5, model=model)
        add_game(player, map_, [Answer(km=None, points=0, correct=True)] * 6, mode="streak")


def test_who_never_played_is_told_how_to_begin(client: Client) -> None:
    page = client.get("/players/me/").content.decode()
    assert "None yet" in page
    assert not Player.objects.exists()


def test_a_guest_has_a_profile_too(client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn) -> None:
    add_game(alice, make_map(5), [Answer(points=4000)] * 5)
    sign_in(client, alice)
    page = client.get("/players/me/").content.decode()
    assert "20,000 points" in page
    assert "make an account" in page


def test_the_profile_shows_conditions_apart(
    client: Client, ada: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = make_map(6)
    Panorama.objects.update(country="PT")
    full_history(ada, map_, player_of_model(model_version))
    client.force_login(ada.user)
    response = client.get("/players/me/")
    page = response.content.decode()
    assert [(sheet.condition, sheet.total.points) for sheet in response.context["sheets"]] == [
        ("fair", 4000),
        ("free", 5000),
    ]
    assert [chart.condition for chart in response.context["charts"]] == ["fair", "free"]
    assert response.context["best_streaks"] == {"fair": 6}
    assert "Portugal" in page
    assert model_version.name in page
    assert page.count('<svg class="course-drawing" role="img"') == 2
    assert page.count('class="course-table"') == 2, "each figure has its numbers as a table"


def test_percentages_in_the_drawing_are_written_as_svg_reads_them(
    client: Client, ada: Player, make_map: MakeMap
) -> None:
    map_ = make_map(5)
    for points in (1111, 2222, 3333):
        add_game(ada, map_, [Answer(points=points)] * 5)
    client.force_login(ada.user)
    page = client.get("/players/me/", headers={"accept-language": "de"}).content.decode()
    drawing = page[page.index("course-drawing") : page.index("</svg>")]
    assert 'cx="12.0%"' in drawing
    assert ",0%" not in drawing


def test_the_public_page_says_only_what_is_harmless(
    client: Client, ada: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = make_map(6, name="Secret map")
    Panorama.objects.update(country="PT")
    full_history(ada, map_, player_of_model(model_version))
    page = client.get(f"/players/{ada.profile_token}/").content.decode()
    assert "Ada" in page
    assert "9 finished games" in page
    for private in ("Secret map", "Portugal", "<time", ada.token, "/games/", "ada<"):
        assert private not in page


def test_only_accounts_have_a_public_page(client: Client, alice: Player, ada: Player) -> None:
    assert client.get(f"/players/{ada.profile_token}/").status_code == 200
    assert client.get(f"/players/{alice.profile_token}/").status_code == 404, "a guest"
    assert client.get(f"/players/{ada.token}/").status_code == 404, "the pseudonym of reports"
    delete_account(user=ada.user)
    assert client.get(f"/players/{ada.profile_token}/").status_code == 404


def test_a_name_is_text(client: Client, ada: Player) -> None:
    Player.objects.update(name="<script>alert(1)</script>")
    assert "<script>alert" not in client.get(f"/players/{ada.profile_token}/").content.decode()


@pytest.mark.parametrize(("wanted", "shown"), [("", 1), ("2", 2), ("9", 1), ("x", 1), ("-1", 1), ("٢", 1)])
def test_a_finished_game_is_looked_at_again(
    client: Client, ada: Player, make_map: MakeMap, wanted: str, shown: int
) -> None:
    game = add_game(ada, make_map(2), [Answer(), Answer()])
    client.force_login(ada.user)
    response = client.get(f"/games/{game.token}/replay/", {"round": wanted})
    assert response["Location"] == f"/games/{game.token}/?round={shown}"
    assert client.get(response["Location"]).status_code == 200


def test_no_replay_of_a_game_that_runs_or_is_anothers(
    client: Client, ada: Player, alice: Player, make_map: MakeMap
) -> None:
    client.force_login(ada.user)
    running = start_game(player=ada, map_=make_map())
    anothers = add_game(alice, running.map, [Answer()])
    for game in (running, anothers):
        assert client.get(f"/games/{game.token}/replay/").status_code == 404


def test_a_profile_asks_the_database_the_same_for_more_games(
    client: Client,
    ada: Player,
    make_map: MakeMap,
    model_version: ModelVersion,
    django_assert_max_num_queries: Any,
) -> None:
    map_ = make_map(6)
    client.force_login(ada.user)
    for path in ("/players/me/", f"/players/{ada.profile_token}/"):
        asked = set()
        for _ in range(2):
            full_history(ada, map_, player_of_model(model_version), games=1)
            with django_assert_max_num_queries(8) as queries:
                client.get(path)
            asked.add(len(queries))
        assert len(asked) == 1


def test_no_page_about_a_player_tells_the_truth_of_a_round_that_is_open(
    client: Client, ada: Player, make_map: MakeMap, make_panorama: Callable[..., Panorama]
) -> None:
    secrets = {"author": "Secretname", "place": "Secretville", "country": "QX", "group": "secret-walk"}
    map_ = Map.objects.create(name="Secrets", slug="secrets", is_published=True, scale_km=100.0)
    map_.panoramas.add(make_panorama(47.6543219, -122.1234567, **secrets))
    add_game(ada, make_map(1), [Answer()])
    game = start_game(player=ada, map_=map_)
    client.force_login(ada.user)
    paths = ("players/me/", f"players/{ada.profile_token}/", "account/data/", "account/data/export.json")
    sent = "".join(client.get(f"/{path}").content.decode() for path in paths)
    assert game.token in sent, "the export knows of the game"
    for secret in ("47.65", "122.12", "Secretname", "Secretville", "secret-walk"):
        assert secret not in sent
    assert not re.search(r"(?<![\w-])QX(?![\w-])", sent), "two letters may be part of a random token"
