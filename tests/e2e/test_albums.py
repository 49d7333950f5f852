"""A whole album round, from the start page to the three ways over the map, on a laptop and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import TRIP, Arena
from tests.e2e.playing import (
    SIZES,
    assert_nothing_scrolls_sideways,
    is_phone,
    phase,
    picture_is_shown,
    pin_at,
    pin_with_mouse,
    shoot,
)
from tests.e2e.test_accessible import Audit, OpenPage

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_trip(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    name, audit = f"trip-{width}x{height}", Audit()
    page = open_page(width, height, bypass_csp=True)
    page.goto(arena.url)
    page.get_by_test_id("start-trip-drawn-trips").click()
    picture_is_shown(page)
    expect(page.get_by_test_id("round-label")).to_have_text("Photo 1 of 4")
    expect(page.get_by_test_id("model-seal")).to_contain_text("sealed")
    promised = seen_digests(page)
    assert len(promised) == 2
    shoot(page, f"{name}-first", smallest=True)

    pin_with_mouse(page)
    shoot(page, f"{name}-pinned", smallest=True)
    for number, (lat, lng) in enumerate(TRIP[1:], start=2):
        next_photo(page, number)
        pin_at(page, lat, lng)
    expect(page.get_by_test_id("gap")).to_have_text("1 hour later")
    go_back_and_move(page)
    shoot(page, f"{name}-moved", smallest=True)
    audit.look(page, "a trip")
    assert_nothing_scrolls_sideways(page)

    page.get_by_test_id("hand-in-button").click()
    expect(page.locator("dialog#hand-in")).to_be_visible()
    page.get_by_test_id("hand-in-yes").click()
    phase(page, "result")
    expect(page.get_by_test_id("trip-title")).to_have_text("You win this trip")
    expect(page.get_by_test_id("trip-help")).to_contain_text("You moved 1 earlier pin: 1 nearer")
    expect(page.get_by_test_id("trip-help")).to_contain_text("The album brought PlaNet")
    expect(page.locator("path.way-truth")).to_have_count(1)
    shoot(page, f"{name}-result", smallest=True)
    slide(page, name)
    page.locator("#trip-seals summary").click()
    expect(page.locator(".seal-verdict").first).to_contain_text("match the one shown before")
    audit.look(page, "the result of a trip")
    assert_nothing_scrolls_sideways(page)
    told = page.locator(".trip-seal .code").all_inner_texts()
    assert promised <= set(told), "the seals are those that were shown before"
    assert audit.found == []


def next_photo(page: Page, number: int) -> None:
    page.get_by_test_id("guess-button").click()
    expect(page.get_by_test_id("round-label")).to_have_text(f"Photo {number} of 4")
    picture_is_shown(page)


def go_back_and_move(page: Page) -> None:
    """Back to the first photo by the strip, where its pin still stands; it moves to its true place."""
    if is_phone(page):
        page.locator("#map-fold-button").click()
    page.get_by_test_id("strip").get_by_label("Photo 1 of 4, pin set").click()
    expect(page.get_by_test_id("round-label")).to_have_text("Photo 1 of 4")
    expect(page.locator(".leaflet-marker-icon")).to_have_count(1)
    pin_at(page, *TRIP[0])
    expect(page.locator("#voice")).to_contain_text("41.42")
    if is_phone(page):
        page.locator("#map-fold-button").click()


def slide(page: Page, name: str) -> None:
    """To the first photo by keyboard: only its stop is left on the map."""
    slider = page.get_by_test_id("trip-slider")
    expect(slider).to_have_value("4")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_value("1")
    assert "Photo 1 of 4" in (slider.get_attribute("aria-valuetext") or "")
    expect(page.locator("path.stop-truth")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("path.stop-truth")).to_have_count(2)
    page.get_by_test_id("trip-single").check()
    expect(page.locator("path.way-single")).to_have_count(1)
    shoot(page, f"{name}-slid")


def seen_digests(page: Page) -> set[str]:
    """Of both sides, as the page showed them before the first photo."""
    title = page.locator("#model-seal").get_attribute("title") or ""
    return {line.rpartition(": ")[2] for line in title.splitlines()}
