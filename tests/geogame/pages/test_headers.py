"""Every page has the strict policy, and nothing in a template or a script would break it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib import admin
from django.test import Client

from geogame.games.models import Game
from geogame.lib.headers import ADMIN
from geogame.panoramas.models import Map
from tests.conftest import ROOT
from tests.geogame.pages.addresses import addresses

TEMPLATES = sorted((ROOT / "templates").rglob("*.html")) + sorted((ROOT / "templates").rglob("*.svg"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def assert_strict(response: object, *, admin: bool = False) -> None:
    headers = response.headers  # type: ignore[attr-defined]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    unsafe = re.findall(r"([\w-]+) [^;]*?'(unsafe-[\w-]+)'", policy)
    # What unfold needs and no more: functions made of attributes by Alpine, widths as attributes.
    assert unsafe == ([("script-src", "unsafe-eval"), ("style-src-attr", "unsafe-inline")] if admin else [])
    assert {name: headers.get(name) for name in EXPECTED} == EXPECTED
    assert "camera=()" in headers["Permissions-Policy"]


def inline_of(page: str, *, styles: bool = False) -> list[str]:
    """What a strict policy forbids: inline styles, handlers, and scripts without the nonce.

    `styles`: the policy of this page allows attributes of style, no style sheets.
    """
    tags = re.findall(r"<[a-z][^>]*>", page, re.IGNORECASE)
    inline = r"\son[a-z]+\s*=|javascript:" if styles else r"\s(style|on[a-z]+)\s*=|javascript:"
    attributes = [tag for tag in tags if re.search(inline, tag, re.IGNORECASE)]
    scripts = [
        tag
        for tag in tags
        if re.match(r"<script", tag, re.IGNORECASE)
        and not re.search(r'\snonce="|\ssrc="|type="application/json"', tag)
    ]
    return attributes + scripts + re.findall(r"<style[^>]*>", page, re.IGNORECASE)


def test_every_page_has_the_policy(client: Client, make_map: Callable[..., Map]) -> None:
    client.post("/games/", {"map": make_map().slug})
    game = Game.objects.get()
    for address in addresses():
        for token in (game.token, game.rounds.get().picture_token, "x" * 22):
            for ask in (client.get, client.post):
                path = address.path(token=token)
                response = ask(path)
                assert_strict(response, admin=path.startswith(ADMIN))
                if response["Content-Type"].startswith("text/html"):
                    assert not inline_of(response.content.decode()), address


def test_the_game_page_bears_the_nonce_of_its_policy(client: Client, make_map: Callable[..., Map]) -> None:
    response = client.post("/games/", {"map": make_map().slug}, follow=True)
    nonces = set(re.findall(r'nonce="([^"]*)"', response.content.decode()))
    (nonce,) = nonces
    assert len(nonce) >= 22
    assert f"'nonce-{nonce}'" in response["Content-Security-Policy"]


def test_the_admin_has_a_policy_of_its_own(admin_client: Client, make_map: Callable[..., Map]) -> None:
    make_map()
    lists = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]
    for path in ["/admin/", "/admin/login/", *lists, "/admin/panoramas/panorama/1/change/", "/admin/jsi18n/"]:
        response = admin_client.get(path, follow=True)
        assert_strict(response, admin=True)
        assert "blob:" not in response["Content-Security-Policy"]
        assert not inline_of(response.content.decode(), styles=True)


def test_static_files_have_it_too(static_files: None, client: Client) -> None:
    response = client.get("/static/icons/favicon.svg")
    assert response.status_code == 200
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_inline_styles_or_scripts(path: Path) -> None:
    text = re.sub(r"{%.*?%}|{#.*?#}", "", path.read_text())
    assert not inline_of(re.sub(r"{{.*?}}", "x", text))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_writes_what_the_policy_forbids(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"""\bstyle=["'`$]|setAttribute\(["'`](style|on\w+)|\beval\(|new Function\(""", text)
    assert not re.search(r"""createElement\(["'`](script|style)["'`]|set(Timeout|Interval)\(["'`]""", text)


@pytest.mark.parametrize(
    "page",
    [
        '<p style="color: red">',
        "<p STYLE='x'>",
        '<img src="x" onerror="y()">',
        "<script>go()</script>",
        '<a href="javascript:go()">',
        "<style>p {}</style>",
    ],
)
def test_the_search_would_find_them(page: str) -> None:
    assert inline_of(page)
