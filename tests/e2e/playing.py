"""What a player does on the pages, as steps that tests are written in."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import ARTEFACTS, Arena

SIZES = [(1280, 800), (390, 844)]
SMALLEST = {"width": 360, "height": 640}


def phase(page: Page, name: str) -> None:
    expect(page.locator(f"body[data-phase={name}]")).to_be_attached(timeout=20_000)


def picture_is_shown(page: Page) -> None:
    phase(page, "guessing")
    expect(page.locator("#curtain")).to_be_hidden(timeout=20_000)


def keep(page: Page, name: str, *, full_page: bool = False) -> None:
    """A screenshot for who looks at them; `make test` does without."""
    if os.environ.get("SCREENSHOTS", "1") != "0":
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=full_page)


def shoot(page: Page, name: str, *, smallest: bool = False) -> None:
    """Keep a screenshot; of a phone at 360 x 640 as well, where that is asked for."""
    keep(page, name)
    size = page.viewport_size
    if smallest and size and is_phone(page):
        page.set_viewport_size(SMALLEST)
        assert_nothing_scrolls_sideways(page)
        keep(page, name.replace(name_of(size), name_of(SMALLEST)))
        page.set_viewport_size(size)


def name_of(size: Any) -> str:
    return f"{size['width']}x{size['height']}"


def assert_nothing_scrolls_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def is_phone(page: Page) -> bool:
    return bool(page.viewport_size and page.viewport_size["width"] < 600)


# --- Starting ------------------------------------------------------------------------------------
def start(page: Page, arena: Arena, map_: str = "drawn-europe") -> None:
    page.goto(arena.url)
    page.get_by_test_id(f"start-game-{map_}").click()
    phase(page, "guessing")


def set_up(page: Page, arena: Arena, **choices: str) -> None:
    """Choose on the page that sets a game up, as map="drawn-europe", mode="country"; then start."""
    page.goto(f"{arena.url}/play/")
    for name, value in choices.items():
        page.locator(f"label:has(input[name={name}][value='{value}'])").click()
    page.get_by_test_id("start-game").click()
    phase(page, "guessing")


def game_token(page: Page) -> str:
    match = re.search(r"/games/([^/]+)/", page.url)
    assert match, page.url
    return match[1]


# --- A round ---------------------------------------------------------------------------------------
def open_map(page: Page) -> None:
    panel = page.locator("#map-panel")
    if is_phone(page):
        if panel.get_attribute("data-sheet") != "open":
            page.locator("#map-open-button").click()
        expect(panel).to_have_attribute("data-sheet", "open")
    else:
        page.get_by_test_id("guess-map").hover()
        expect(panel).to_have_attribute("data-size", "large")


def pin_with_mouse(page: Page) -> None:
    if is_phone(page):
        page.locator("#map-open-button").click()
    world = page.get_by_test_id("guess-map")
    world.hover()
    box = world.bounding_box()
    assert box
    world.click(position={"x": box["width"] * 0.52, "y": box["height"] * 0.4})


def pin_at(page: Page, lat: float, lng: float) -> None:
    """Bring the place under the crosshair, and set the pin there: exact, however large the map is."""
    if is_phone(page):
        open_map(page)
    page.get_by_test_id("guess-map").focus()
    page.keyboard.press("+")
    page.evaluate("place => window.arenaMap.setView(place, 5, { animate: false })", [lat, lng])
    page.keyboard.press("Enter")


def guess_with_mouse(page: Page) -> None:
    page.get_by_test_id("guess-button").click()


def guess_at(page: Page, lat: float, lng: float) -> None:
    pin_at(page, lat, lng)
    guess_with_mouse(page)
    phase(page, "result")


def play_round(page: Page, end: str = "result") -> None:
    picture_is_shown(page)
    pin_with_mouse(page)
    guess_with_mouse(page)
    phase(page, end)


def go_on(page: Page) -> None:
    page.get_by_test_id("next-button").click()


def play_to_the_end(page: Page, rounds: int) -> None:
    for _ in range(rounds):
        play_round(page)
        go_on(page)
    phase(page, "summary")


# --- What only the server knows --------------------------------------------------------------------
def truth(arena: Arena, page: Page) -> tuple[float, float]:
    """Where the picture of the open round was taken."""
    ((lat, lng),) = arena.sql(
        "SELECT p.lat, p.lng FROM games_round r JOIN panoramas_panorama p ON p.id = r.panorama_id "
        "JOIN games_game g ON g.id = r.game_id WHERE g.token = ? AND r.state = 'open'",
        game_token(page),
    )
    return lat, lng


def leave_seconds(arena: Arena, page: Page, seconds: float) -> None:
    """Move the end of the open round, rather than wait for it."""
    deadline = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S.%f")
    arena.sql(
        "UPDATE games_round SET deadline_at = ? WHERE state = 'open' AND deadline_at IS NOT NULL "
        "AND game_id = (SELECT id FROM games_game WHERE token = ?)",
        deadline,
        game_token(page),
    )
