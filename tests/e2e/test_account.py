"""A guest who registers keeps the games; what was played can be looked at again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Arena
from tests.e2e.playing import (
    SIZES,
    assert_nothing_scrolls_sideways,
    game_token,
    keep,
    phase,
    play_to_the_end,
    set_up,
    shoot,
    start,
)

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]
PASSWORD = "quiet harbour at noon"


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_guest_registers_and_keeps_the_games(
    open_page: OpenPage, arena: Arena, width: int, height: int
) -> None:
    name, person = f"profile-{width}x{height}", f"ada{width}"
    page = open_page(width, height, tolerates="400")
    start(page, arena, "drawn-all-around")
    play_to_the_end(page, 3)
    page.goto(f"{arena.url}/players/me/")
    expect(page.locator(".played-game")).to_have_count(1)
    assert_nothing_scrolls_sideways(page)
    shoot(page, f"{name}-guest", smallest=True)
    keep(page, f"{name}-whole", full_page=True)

    page.get_by_role("link", name="Keep this: make an account").click()
    page.locator("#id_username").fill(person)
    page.locator("#id_new_password").fill(PASSWORD)
    page.locator("#id_new_password_again").fill("another one")
    page.get_by_test_id("register").click()
    expect(page.locator(".field-wrong")).to_have_count(1)
    shoot(page, f"{name}-register-wrong", smallest=True)
    page.locator("#id_new_password").fill(PASSWORD)
    page.locator("#id_new_password_again").fill(PASSWORD)
    page.get_by_test_id("register").click()
    expect(page.get_by_text("Your account is ready.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(person)
    expect(page.locator(".played-game")).to_have_count(1)
    shoot(page, f"{name}-own")

    page.goto(f"{arena.url}/account/")
    shoot(page, f"{name}-account", smallest=True)
    page.get_by_test_id("log-out").click()
    page.goto(f"{arena.url}/players/me/")
    expect(page.locator(".played-game")).to_have_count(0)
    log_in(page, arena, person)
    expect(page.locator(".played-game")).to_have_count(1)


def log_in(page: Page, arena: Arena, person: str) -> None:
    page.goto(f"{arena.url}/account/login/")
    page.locator("#id_username").fill(person)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_test_id("log-in").click()
    page.wait_for_url(f"{arena.url}/players/me/")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_game_of_an_account_is_rated(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    """By the worker, a moment after its end; the model stands beside the person on the ladder."""
    person = f"rated{width}"
    page = open_page(width, height)
    page.goto(f"{arena.url}/account/register/")
    page.locator("#id_username").fill(person)
    for name in ("new_password", "new_password_again"):
        page.locator(f"#id_{name}").fill(PASSWORD)
    page.get_by_test_id("register").click()
    expect(page.get_by_text("Your account is ready.")).to_be_visible()
    set_up(page, arena, map="drawn-europe", condition="fair")
    play_to_the_end(page, 5)
    expect(page.get_by_test_id("rating")).to_contain_text("still provisional")
    shoot(page, f"rated-{width}x{height}-summary")
    page.get_by_test_id("rating").get_by_role("link").click()
    expect(page.get_by_test_id("provisional").locator(".board-own")).to_contain_text(person)
    expect(page.get_by_test_id("ladder").locator(".badge-model").first).to_be_visible()
    assert_nothing_scrolls_sideways(page)
    shoot(page, f"rated-{width}x{height}-leaderboards", smallest=True)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_replay_of_a_finished_game(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    page = open_page(width, height)
    start(page, arena, "drawn-all-around")
    token = game_token(page)
    play_to_the_end(page, 3)
    page.goto(f"{arena.url}/players/me/")
    page.get_by_role("link", name="Look again").click()
    phase(page, "result")
    assert game_token(page) == token
    expect(page.get_by_test_id("round-label")).to_contain_text("1/3")
    for key, number in (("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2)):
        page.keyboard.press(key)
        expect(page.get_by_test_id("round-label")).to_contain_text(f"{number}/3")
    shoot(page, f"replay-{width}x{height}", smallest=True)
    page.get_by_test_id("next-button").click()
    phase(page, "summary")
    page.get_by_test_id("summary-table").get_by_role("button").nth(2).click()
    phase(page, "result")
    expect(page.get_by_test_id("round-label")).to_contain_text("3/3")
