"""Colours, miles, German: chosen once, kept on all pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Arena
from tests.e2e.playing import SIZES, assert_nothing_scrolls_sideways, play_round, shoot, start

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_theme_units_and_language(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    name = f"settings-{width}x{height}"
    page = open_page(width, height, color_scheme="light")
    page.goto(arena.url)
    light = background(page)
    page.locator(".settings-button").click()
    menu = page.locator("#settings-menu")
    shoot(page, f"{name}-menu", smallest=True)
    menu.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert background(page) != light
    shoot(page, f"{name}-dark")
    page.goto(f"{arena.url}/settings/")
    page.locator("main").get_by_role("button", name="Miles").click()
    expect(page.locator("main").get_by_role("button", name="Miles")).to_have_attribute("aria-pressed", "true")
    page.locator("main").get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", level=1)).to_have_text("Einstellungen")
    assert_nothing_scrolls_sideways(page)
    shoot(page, f"{name}-german", smallest=True)
    start(page, arena)
    play_round(page)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#result-scores .score-you")).to_contain_text("mi")
    assert " km" not in page.locator("#result-scores").inner_text()
    shoot(page, f"{name}-result")


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
