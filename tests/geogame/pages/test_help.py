"""What helps a player: the keys, whose borders count, what is stored."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from geogame.panoramas.models import Map

MakeMap = Callable[..., Map]
KEYS = re.compile(r'<dl class="(?:keys|terms terms-keys)">(.*?)</dl>', re.DOTALL)


def keys_of(page: str) -> str:
    found = KEYS.search(page)
    assert found, "no list of keys"
    return found.group(1).strip()


def game_page(client: Client, map_: Map, **settings: str) -> str:
    return str(client.post("/games/", {"map": map_.slug, **settings}, follow=True).content.decode())


def test_the_game_and_the_page_of_help_list_the_same_keys(client: Client, make_map: MakeMap) -> None:
    in_game = keys_of(game_page(client, make_map()))
    assert in_game == keys_of(client.get("/help/").content.decode())
    for key in ("Space", "M", "Enter", "←", "→", "↑", "↓", "+", "R", "Esc", "?"):
        assert f"<kbd>{key}</kbd>" in in_game, key


@pytest.mark.parametrize("mode", ["country", "streak"])
def test_results_of_countries_lead_to_the_borders(client: Client, make_map: MakeMap, mode: str) -> None:
    page = game_page(client, make_map(country="FR"), mode=mode)
    for where in ("borders-of-result", "borders-of-game"):
        assert re.search(rf'<a href="/borders/"[^>]*data-testid="{where}"', page), where


def test_a_game_of_points_needs_no_borders(client: Client, make_map: MakeMap) -> None:
    assert "borders-of-" not in game_page(client, make_map())


def test_the_page_on_privacy_leads_to_what_is_stored(client: Client, db: None) -> None:
    page = client.get("/about/").content.decode()
    assert 'href="/account/data/"' in page[page.index('id="privacy"') : page.index("<footer")]
