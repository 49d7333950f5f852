"""The strict policy in a real browser: nothing that the game or the admin does breaks it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response

from tests.e2e.conftest import Arena
from tests.e2e.test_play import guess_with_mouse, phase, pin_with_mouse, start

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]
WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


def violations(page: Page) -> list[str]:
    return list(page.evaluate("window.violations"))


def test_five_rounds_break_no_rule(open_page: OpenPage, arena: Arena) -> None:
    page = open_page()
    page.add_init_script(WATCH)
    pages: list[Response] = []
    page.on(
        "response", lambda answer: pages.append(answer) if answer.request.is_navigation_request() else None
    )
    start(page, arena)
    projections = set()
    for number in range(1, 6):
        phase(page, "guessing")
        projections.add("360" if page.locator(".picture-panorama canvas").count() else "flat")
        pin_with_mouse(page)
        guess_with_mouse(page)
        phase(page, "result")
        page.locator("#tab-beliefs").click()
        page.locator("#tab-seal").click()
        assert violations(page) == [], f"round {number}"
        page.get_by_test_id("next-button").click()
    phase(page, "summary")
    assert violations(page) == []
    assert all("default-src 'none'" in answer.headers.get("content-security-policy", "") for answer in pages)
    assert "360" in projections


def test_the_admin_breaks_no_rule(open_page: OpenPage, arena: Arena) -> None:
    page = open_page()
    page.add_init_script(WATCH)
    page.goto(f"{arena.url}/admin/")
    page.locator("#id_username").fill("keeper")
    page.locator("#id_password").fill("only-for-tests")
    page.locator("[type=submit]").click()
    page.wait_for_url(f"{arena.url}/admin/")
    links = page.locator("#content-main a[href^='/admin/']")
    paths = sorted({str(link.get_attribute("href")) for link in links.all()})
    assert "/admin/panoramas/map/" in paths
    for path in paths:
        page.goto(arena.url + path)
        assert violations(page) == [], path
        first = page.locator("#result_list tbody th a").first
        if first.count():
            first.click()
            page.wait_for_load_state()
            assert violations(page) == [], page.url
            page.go_back()
    page.locator("button.theme-toggle").first.click()
    assert violations(page) == []
