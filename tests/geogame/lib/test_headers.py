from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from geogame.lib.headers import policy, security_headers, tile_source


def sources(text: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (part.split() for part in text.split("; "))}


@pytest.mark.parametrize("path", ["/", "/games/x/", "/administration/", "/players/admin/"])
def test_nothing_is_allowed_that_would_undo_the_policy(path: str) -> None:
    found = sources(policy(path, "abc"))
    everything = {source for allowed in found.values() for source in allowed}
    assert not everything & {"'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "*", "https:", "http:"}
    assert "data:" not in found["script-src"]
    for directive in ("default-src", "base-uri", "frame-ancestors"):
        assert found[directive] == ["'none'"]
    assert found["script-src"] == ["'self'", "'nonce-abc'"]
    assert found["style-src"] == found["form-action"] == ["'self'"]


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/games/game/"])
def test_the_admin_may_do_what_its_templates_need_and_nothing_else(path: str) -> None:
    game, found = sources(policy("/", "abc")), sources(policy(path, "abc"))
    assert found["script-src"] == ["'self'", "'unsafe-eval'", "'nonce-abc'"]
    assert found["style-src-attr"] == ["'unsafe-inline'"]
    for directive in set(found) - {"script-src", "style-src-attr"}:
        assert set(found[directive]) <= set(game[directive]), directive
    assert found["style-src"] == ["'self'"]


def test_only_a_page_that_writes_its_nonce_allows_it() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{request.csp_nonce} {request.csp_nonce}" if request.path == "/with" else "")  # type: ignore[attr-defined]

    answers: dict[str, Any] = {}
    for path in ("/with", "/without"):
        request = HttpRequest()
        request.path = path
        answers[path] = security_headers(view)(request)
    first, second = answers["/with"].content.decode().split()
    assert first == second
    assert f"'nonce-{first}'" in answers["/with"]["Content-Security-Policy"]
    assert "nonce" not in answers["/without"]["Content-Security-Policy"]


def test_every_answer_has_a_nonce_of_its_own() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(request.csp_nonce))  # type: ignore[attr-defined]

    nonces = {security_headers(view)(HttpRequest()).content for _ in range(20)}
    assert len(nonces) == 20


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://tiles.example.org/{z}/{x}/{y}.png", "https://tiles.example.org"),
        ("https://{s}.tiles.example.org:8443/{z}/{x}/{y}{r}.png?k=1", "https://*.tiles.example.org:8443"),
        ("/tiles/{z}/{x}/{y}.png", "'self'"),
    ],
)
def test_the_server_of_the_map_is_allowed_and_no_other(settings: Any, url: str, source: str) -> None:
    settings.MAP_TILE_URL = url
    assert tile_source(url) == source
    assert sources(policy("/"))["img-src"][-1] == source
    assert sources(policy("/admin/"))["img-src"] == ["'self'", "data:"]


def test_developers_see_the_pages_of_django_about_errors(settings: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=500)

    settings.DEBUG = True
    assert "Content-Security-Policy" not in security_headers(view)(HttpRequest())
    settings.DEBUG = False
    assert "Content-Security-Policy" in security_headers(view)(HttpRequest())
