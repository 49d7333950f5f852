"""What is drawn is called drawn wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.games.services import place_guess, start_game
from geogame.games.snapshots import snapshot
from geogame.pages import startup
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.reports.rows import rows_of
from geogame.world.models import WorldJob
from geogame.world.services import MAP_NAME
from procedural_earth import play_set
from procedural_earth.clues import CLUES
from tests.geogame.world.conftest import shipped  # noqa: F401  (a fixture)

MakeMap = Callable[..., Map]
LABEL = "Drawn from facts, not photographed"


def test_the_map_card_says_drawn(client: Client, make_map: MakeMap) -> None:
    make_map(drawn=True)
    assert LABEL in client.get("/").content.decode()


def test_a_map_of_photographs_does_not(client: Client, make_map: MakeMap) -> None:
    make_map()
    assert 'data-testid="drawn-' not in client.get("/").content.decode()


def test_a_mixed_map_counts_the_drawn_ones(client: Client, make_map: MakeMap) -> None:
    map_ = make_map(3)
    Panorama.objects.filter(pk=map_.panoramas.order_by("pk")[0].pk).update(drawn=True)
    assert "1 of them is drawn from facts" in client.get("/").content.decode()


@pytest.mark.parametrize("drawn", [True, False])
def test_a_round_its_result_and_its_rows_say_it(alice: Player, make_map: MakeMap, drawn: bool) -> None:
    game: Game = start_game(player=alice, map_=make_map(drawn=drawn))
    state = snapshot(game, alice)
    assert state["round"]["drawn"] is drawn
    place_guess(game=game, player=alice, round_token=game.rounds.get().token, lat=1, lng=2)
    game.refresh_from_db()
    (result,) = snapshot(game, alice)["results"]
    assert result["drawn"] is drawn
    assert {row.source for row in rows_of()} == {"drawn" if drawn else "photo"}


def test_the_model_that_learnt_from_drawings_says_so(client: Client, model_version: ModelVersion) -> None:
    assert "does not carry over" not in client.get("/").content.decode()
    ModelVersion.objects.update(trained_on_drawings=True)
    assert "does not carry over to photographs" in client.get("/").content.decode()


def test_the_page_of_the_clues_shows_them_all(static_files: None, client: Client, db: None) -> None:
    page = client.get("/learn/").content.decode()
    for clue in CLUES:
        assert clue.title in page
        assert f"/static/learn/{clue.file}" in page
    assert page.count("Rule of thumb:") == sum(clue.sure == "unchecked" for clue in CLUES)
    assert client.get("/static/learn/sun.jpg").status_code == 200


def test_home_and_game_lead_to_the_clues(client: Client, make_map: MakeMap) -> None:
    assert 'href="/learn/"' in client.get("/").content.decode()
    page = client.post("/games/", {"map": make_map().slug}, follow=True).content.decode()
    assert 'href="/learn/"' in page


class TestFirstStart:
    @pytest.fixture(autouse=True)
    def _world(self, db: None, shipped: Path, settings: Any, tmp_path: Path) -> None:  # noqa: F811
        settings.WORLD_COUNT = 10
        settings.WORLD_MODEL = settings.WORLD_ALBUM_MODEL = tmp_path / "no model"
        settings.WORLD_TRIPS = tmp_path / "no trips"

    def test_the_map_is_there_and_the_rest_is_queued(self) -> None:
        said: list[str] = []
        startup.prepare_world(said.append)
        map_ = Map.objects.get(name=MAP_NAME)
        assert map_.is_published
        assert map_.panoramas.filter(drawn=True).count() == 3
        job = WorldJob.objects.get()
        assert (job.state, job.count, job.done) == ("queued", 10, 3)
        assert said == ["Putting the pictures of “Procedural Earth” in place …"]
        startup.prepare_world(said.append)
        assert (len(said), WorldJob.objects.count()) == (1, 1)

    def test_0_turns_it_off(self, settings: Any) -> None:
        settings.WORLD_COUNT = 0
        startup.prepare_world(print)
        assert not Map.objects.exists()

    def test_fewer_than_are_shipped(self, settings: Any) -> None:
        settings.WORLD_COUNT = 2
        startup.prepare_world(print)
        assert Map.objects.get().panoramas.count() == 2
        assert not WorldJob.objects.exists()

    def test_the_shipped_model_plays(self, settings: Any, model_directory: Path) -> None:
        settings.WORLD_MODEL = model_directory
        said: list[str] = []
        startup.prepare_world(said.append)
        assert ModelVersion.objects.get().is_active
        assert said[-1].endswith("plays against people.")

    def test_damage_is_said_and_stops_no_start(self, settings: Any) -> None:
        (settings.WORLD_PLAY_SET / play_set.MANIFEST).write_text("broken")
        said: list[str] = []
        startup.prepare_world(said.append)
        assert said[0].startswith("The drawn world stays as it is: ")
        assert "places.json is damaged" in said[0]
