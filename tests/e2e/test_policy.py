"""The strict policy in a real browser: nothing that the game or the admin does breaks it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from tests.e2e.addresses import FOR_ANYBODY, NOT_THERE
from tests.e2e.conftest import Arena
from tests.e2e.playing import go_on, phase, picture_is_shown, play_round, start

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]
WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


def violations(page: Page) -> list[str]:
    return list(page.evaluate("window.violations"))


def test_a_game_with_panoramas_breaks_no_rule(open_page: OpenPage, arena: Arena) -> None:
    page = open_page()
    page.add_init_script(WATCH)
    pages: list[Response] = []
    page.on(
        "response", lambda answer: pages.append(answer) if answer.request.is_navigation_request() else None
    )
    start(page, arena, "drawn-all-around")
    for number in range(1, 4):
        picture_is_shown(page)
        assert page.locator(".picture-panorama canvas").count() == 1
        play_round(page)
        page.locator("#tab-looked").click()
        expect(page.locator("#looked-heat")).to_be_visible(timeout=60_000)  # worked out with low priority
        page.locator("#tab-beliefs").click()
        page.locator("#tab-seal").click()
        assert violations(page) == [], f"round {number}"
        go_on(page)
    phase(page, "summary")
    page.get_by_test_id("challenge").click()
    expect(page.locator("#challenge-made")).to_be_visible()
    assert violations(page) == []
    assert all("default-src 'none'" in answer.headers.get("content-security-policy", "") for answer in pages)


def test_the_pages_break_no_rule(open_page: OpenPage, arena: Arena) -> None:
    page = open_page(tolerates="404")
    page.add_init_script(WATCH)
    for path in [*FOR_ANYBODY.values(), NOT_THERE]:
        answer = page.goto(arena.url + path)
        assert answer
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert violations(page) == [], path


def test_what_breaks_a_rule_is_seen(open_page: OpenPage, arena: Arena) -> None:
    page = open_page(tolerates="Content Security Policy")
    page.add_init_script(WATCH)
    page.goto(arena.url)
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: '1' }))")
    page.wait_for_function("window.violations.length === 1")


def test_the_admin_breaks_no_rule(open_page: OpenPage, arena: Arena) -> None:
    page = open_page()
    page.add_init_script(WATCH)
    page.goto(f"{arena.url}/admin/")
    page.locator("#id_username").fill("keeper")
    page.locator("#id_password").fill("only-for-tests")
    page.locator("[type=submit]").click()
    page.wait_for_url(f"{arena.url}/admin/")
    links = page.locator("#nav-sidebar-apps a[href^='/admin/']")
    paths = sorted({str(link.get_attribute("href")) for link in links.all()})
    assert "/admin/panoramas/map/" in paths
    for path in paths:
        page.goto(arena.url + path)
        assert violations(page) == [], path
        first = page.locator("#result_list tbody a").first
        if first.count():
            first.click()
            page.wait_for_load_state()
            assert violations(page) == [], page.url
            page.go_back()
    page.get_by_role("button", name="Account and settings").click()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html.dark").count() == 1
    assert violations(page) == []
