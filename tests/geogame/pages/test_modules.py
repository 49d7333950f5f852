"""Every module of a page is announced to the browser, none twice, none that is not there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from geogame.pages.templatetags.modules import imported_by, module_preloads
from geogame.panoramas.models import Map
from tests.conftest import ROOT


def test_all_modules_that_the_game_imports_are_announced() -> None:
    paths = imported_by("js/game.js")
    assert len(paths) == len(set(paths)) > 30
    assert {"js/core/state.js", "js/net/vault.js", "js/core/units.js"} <= set(paths)
    assert "js/game.js" not in paths
    assert all(finders.find(path) for path in paths)


def test_no_module_is_left_out() -> None:
    known = {"js/game.js", *imported_by("js/game.js")}
    for path in known:
        for name in re.findall(
            r'^[^*\n]*from "(\.[^"]+)"', (ROOT / "static" / path).read_text(), re.MULTILINE
        ):
            assert (
                str((ROOT / "static" / path).parent.joinpath(name).resolve().relative_to(ROOT / "static"))
                in known
            )


def test_the_tag_writes_links() -> None:
    links = module_preloads("js/game.js")
    assert links.count('rel="modulepreload"') == len(imported_by("js/game.js"))
    assert '"/static/js/core/dom.js"' in links


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"js/nothing\.js"):
        imported_by("js/nothing.js")


HREF = re.compile(r'<link rel="prefetch" href="([^"]+)">')
OF_A_PAGE = re.compile(
    r'(?:<link rel="(?:stylesheet|modulepreload)" href|<script[^>]* src|data-\w+)="(/static/[^"]+)"'
)


def test_what_a_game_needs_is_fetched_while_its_player_chooses(
    make_map: Callable[..., Map], client: Client, settings: Any
) -> None:
    map_ = make_map()
    settings.STATIC_VERSION = "0123456789ab"
    before = client.get(reverse("play")).content.decode()
    game = client.post(reverse("start"), {"map": map_.slug}, follow=True).content.decode()
    assert 'id="picture"' in game
    of_all_pages = set(OF_A_PAGE.findall(client.get(reverse("help")).content.decode()))
    assert (
        set(OF_A_PAGE.findall(game)) - of_all_pages
        <= set(HREF.findall(before))
        <= set(OF_A_PAGE.findall(game))
    )
    for page in ("home", "daily"):
        assert HREF.findall(client.get(reverse(page)).content.decode()) == HREF.findall(before)


def test_what_would_have_to_be_asked_for_again_is_not_fetched_ahead(
    make_map: Callable[..., Map], client: Client
) -> None:
    make_map()
    assert not HREF.findall(client.get(reverse("play")).content.decode())
