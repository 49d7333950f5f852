"""What goes wrong between browser and server: slow, broken, gone. The game stays safe and says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.e2e.conftest import Arena
from tests.e2e.playing import (
    SIZES,
    game_token,
    go_on,
    guess_with_mouse,
    phase,
    picture_is_shown,
    pin_with_mouse,
    play_round,
    shoot,
    start,
)

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]
BROKEN = "Failed to load resource|ERR_|WebSocket"
at_all_sizes = pytest.mark.parametrize(("width", "height"), SIZES)


def throttle(browser: CDPSession, bytes_per_s: int, latency_ms: int = 0) -> None:
    speed = {"downloadThroughput": bytes_per_s, "uploadThroughput": -1, "latency": latency_ms}
    browser.send("Network.emulateNetworkConditions", {"offline": False, **speed})


@at_all_sizes
def test_a_slow_network_shows_its_progress(
    open_page: OpenPage, arena: Arena, width: int, height: int
) -> None:
    page = open_page(width, height, tolerates=BROKEN)
    page.route("**/pictures/*.bin*", lambda route: route.abort())
    start(page, arena, "drawn-all-around")
    play_round(page)
    browser = page.context.new_cdp_session(page)
    browser.send("Network.enable")
    throttle(browser, 2500, latency_ms=300)
    go_on(page)
    phase(page, "guessing")
    expect(page.locator("#curtain-title")).to_have_text("Loading the picture…")
    expect(page.locator("#curtain-progress")).to_be_visible()
    slow = "The network is slow today. Nothing is lost."
    expect(page.locator("#curtain-hint")).to_contain_text(slow, timeout=10_000)
    shoot(page, f"slow-{width}x{height}", smallest=True)
    throttle(browser, -1)
    picture_is_shown(page)


@at_all_sizes
def test_a_picture_that_does_not_come_can_be_asked_for_again(
    open_page: OpenPage, arena: Arena, width: int, height: int
) -> None:
    name = f"no-picture-{width}x{height}"
    page = open_page(width, height, tolerates=BROKEN)
    page.route("**/pictures/**", lambda route: route.abort())
    start(page, arena)
    expect(page.locator("#picture-trouble")).to_be_visible()
    shoot(page, name, smallest=True)
    page.locator("#picture-skip").click()
    expect(page.locator("#message")).to_contain_text("The picture is on the server")
    shoot(page, f"{name}-skip")
    page.unroute("**/pictures/**")
    page.locator("#picture-retry").click()
    picture_is_shown(page)
    expect(page.locator("#message")).to_be_hidden()
    play_round(page)


def test_a_round_whose_picture_is_gone_does_not_count(open_page: OpenPage, arena: Arena) -> None:
    page = open_page(tolerates=BROKEN)
    page.route("**/pictures/**", lambda route: route.abort())
    start(page, arena)
    expect(page.locator("#picture-trouble")).to_be_visible()
    with file_of_open_round_away(page, arena):
        page.locator("#picture-skip").click()
        phase(page, "result")
    expect(page.get_by_test_id("winner")).to_have_text("This round does not count")
    shoot(page, "void-round")
    page.unroute("**/pictures/**")
    go_on(page)
    picture_is_shown(page)
    expect(page.get_by_test_id("round-label")).to_contain_text("2/6")


@contextmanager
def file_of_open_round_away(page: Page, arena: Arena) -> Iterator[None]:
    ((file,),) = arena.sql(
        "SELECT p.file FROM games_round r JOIN panoramas_panorama p ON p.id = r.panorama_id "
        "JOIN games_game g ON g.id = r.game_id WHERE g.token = ? AND r.state = 'open'",
        game_token(page),
    )
    path = arena.data / "media" / file
    away = path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        away.rename(path)


@at_all_sizes
def test_without_a_network_the_pin_is_kept(
    open_page: OpenPage, arena: Arena, width: int, height: int
) -> None:
    name = f"offline-{width}x{height}"
    page = open_page(width, height, tolerates=BROKEN)
    start(page, arena)
    picture_is_shown(page)
    pin_with_mouse(page)
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_contain_text("You are offline. Your pin stays where it is.")
    guess_with_mouse(page)
    expect(page.locator("#message")).to_contain_text("Your pin is safe: press Retry.")
    shoot(page, name, smallest=True)
    page.context.set_offline(False)
    expect(page.locator("#banner")).to_be_hidden()
    page.locator("#message-retry").click()
    phase(page, "result")
    go_on(page)
    picture_is_shown(page)


def test_somebody_elses_game_is_not_there(open_page: OpenPage, arena: Arena) -> None:
    owner, other = open_page(), open_page(tolerates="404")
    start(owner, arena)
    answer = other.goto(owner.url)
    assert answer
    assert answer.status == 404
    expect(other.get_by_role("link", name="To the start page")).to_be_visible()
