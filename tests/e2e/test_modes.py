"""Every way to play, from its start to its end, on a laptop and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Arena
from tests.e2e.playing import (
    SIZES,
    assert_nothing_scrolls_sideways,
    game_token,
    go_on,
    guess_at,
    guess_with_mouse,
    keep,
    leave_seconds,
    open_map,
    phase,
    picture_is_shown,
    pin_at,
    pin_with_mouse,
    play_round,
    play_to_the_end,
    set_up,
    shoot,
    start,
    truth,
)

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]
at_all_sizes = pytest.mark.parametrize(("width", "height"), SIZES)
COUNT_UPLOADS = """
    const upload = WebGLRenderingContext.prototype.texImage2D;
    window.uploads = 0;
    WebGLRenderingContext.prototype.texImage2D = function (...pixels) {
        window.uploads++;
        upload.apply(this, pixels);
    };
"""
SEA, MADRID, BERLIN = (30.0, -40.0), (40.4, -3.7), (52.5, 13.4)


@at_all_sizes
def test_free_look(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    name = f"free-{width}x{height}"
    page = open_page(width, height)
    page.add_init_script(COUNT_UPLOADS)
    start(page, arena, "drawn-all-around")
    picture_is_shown(page)
    expect(page.get_by_test_id("condition")).to_contain_text("Free")
    view = page.locator(".picture-panorama")
    before = view.screenshot()
    page.keyboard.press("ArrowLeft", delay=300)
    assert view.screenshot() != before, "the panorama turns"
    assert page.evaluate("window.uploads") == 1, "a frame sends no picture to the graphics card again"
    shoot(page, f"{name}-turned", smallest=True)
    pin_with_mouse(page)
    guess_with_mouse(page)
    phase(page, "result")
    see_all_of_the_result(page, name)
    go_on(page)
    play_to_the_end(page, 2)
    assert_nothing_scrolls_sideways(page)
    shoot(page, f"{name}-summary", smallest=True)


def see_all_of_the_result(page: Page, name: str) -> None:
    shoot(page, f"{name}-place", smallest=True)
    page.locator("#tab-looked").click()
    expect(page.locator("#looked-heat")).to_be_visible(timeout=60_000)  # worked out with low priority
    shoot(page, f"{name}-looked")
    page.locator("#tab-beliefs").click()
    expect(page.locator("#beliefs-list li").first).to_be_visible()
    expect(page.locator("#heat-tools")).to_be_visible(timeout=60_000)
    shoot(page, f"{name}-beliefs")
    page.locator("#tab-seal").click()
    expect(page.locator("#seal-verdict")).to_contain_text("match the one shown before the round")
    shoot(page, f"{name}-seal")


@at_all_sizes
def test_fair_view_against_the_clock(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    name = f"fair-{width}x{height}"
    page = open_page(width, height)
    set_up(page, arena, map="drawn-all-around", condition="fair", time_limit="30")
    picture_is_shown(page)
    expect(page.get_by_test_id("condition")).to_contain_text("Fair")
    expect(page.get_by_test_id("clock")).to_be_visible()
    image = page.get_by_test_id("picture").locator("img")
    assert image.evaluate("image => image.naturalWidth === image.naturalHeight"), "a view out of the panorama"
    assert page.locator(".picture-panorama").count() == 0
    shoot(page, f"{name}-picture", smallest=True)
    leave_seconds(arena, page, -5)
    phase(page, "result")
    expect(page.locator("#result-notes")).to_contain_text("The time was up before you guessed: 0 points.")
    expect(page.get_by_test_id("winner")).to_have_text("PlaNet wins this round")
    shoot(page, f"{name}-time-out")
    go_on(page)
    the_pin_counts_when_the_time_is_up(page, arena, name)
    go_on(page)
    play_to_the_end(page, 1)
    shoot(page, f"{name}-summary")


def the_pin_counts_when_the_time_is_up(page: Page, arena: Arena, name: str) -> None:
    picture_is_shown(page)
    leave_seconds(arena, page, 6)
    page.reload()
    picture_is_shown(page)
    pin_with_mouse(page)
    shoot(page, f"{name}-last-seconds")
    phase(page, "result")
    expect(page.locator("#result-scores .score-you")).to_contain_text("km")
    assert "time was up" not in page.get_by_test_id("result-card").inner_text()


@at_all_sizes
def test_country_guess(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    name = f"country-{width}x{height}"
    page = open_page(width, height, tolerates="409")
    set_up(page, arena, map="drawn-all-around", mode="country")
    picture_is_shown(page)
    pin_at(page, *SEA)
    expect(page.get_by_test_id("pin-country")).to_have_text("Your pin: open sea")
    guess_with_mouse(page)
    expect(page.locator("#message")).to_contain_text("open sea")
    shoot(page, f"{name}-sea", smallest=True)
    for number in range(1, 4):
        picture_is_shown(page)
        guess_at(page, *truth(arena, page))
        expect(page.get_by_test_id("winner")).to_contain_text("Right country")
        shoot(page, f"{name}-{number}-result", smallest=number == 1)
        go_on(page)
    phase(page, "summary")
    expect(page.locator("#your-points")).to_have_text("3")
    shoot(page, f"{name}-summary", smallest=True)


@at_all_sizes
def test_country_streak(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    name = f"streak-{width}x{height}"
    page = open_page(width, height)
    set_up(page, arena, map="drawn-europe", mode="streak")
    picture_is_shown(page)
    guess_at(page, *truth(arena, page))
    expect(page.get_by_test_id("streak")).to_contain_text("1 in a row")
    go_on(page)
    picture_is_shown(page)
    _lat, lng = truth(arena, page)
    guess_at(page, *(BERLIN if lng < 5 else MADRID))
    expect(page.get_by_test_id("winner")).to_contain_text("Wrong country")
    shoot(page, f"{name}-wrong")
    go_on(page)
    phase(page, "summary")
    expect(page.locator("#summary-title")).to_have_text("1 country in a row")
    expect(page.locator("#summary-best")).to_contain_text("1 in a row")
    shoot(page, f"{name}-summary", smallest=True)
    page.get_by_test_id("play-again").click()
    phase(page, "guessing")
    expect(page.get_by_test_id("streak")).to_contain_text("0 in a row")


@at_all_sizes
def test_challenge(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    """The one who takes the challenge has this size, the sender the other."""
    name = f"challenge-{width}x{height}"
    sender = open_page(*next(size for size in SIZES if size != (width, height)))
    start(sender, arena, "drawn-all-around")
    play_to_the_end(sender, 3)
    sender.get_by_test_id("challenge").click()
    expect(sender.locator("#challenge-made")).to_be_visible()
    address = sender.locator("#challenge-link").input_value()
    shoot(sender, f"{name}-sent")

    friend = open_page(width, height)
    friend.goto(address)
    expect(friend.get_by_test_id("invitation")).to_be_visible()
    assert friend.get_by_test_id("board").count() == 0, "results only after the own run"
    assert_nothing_scrolls_sideways(friend)
    shoot(friend, f"{name}-invitation", smallest=True)
    friend.get_by_test_id("accept-challenge").click()
    picture_is_shown(friend)
    before = friend.request.get(f"{arena.url}/api/games/{game_token(friend)}/").json()
    assert before["results"] == []
    assert before["round"]["result"] is None
    play_round(friend)
    expect(friend.locator("#result-scores .score-ghost")).to_be_visible()
    shoot(friend, f"{name}-ghost", smallest=True)
    go_on(friend)
    play_to_the_end(friend, 2)
    expect(friend.locator("#summary-totals .score-ghost")).to_be_visible()
    shoot(friend, f"{name}-summary", smallest=True)
    friend.goto(address)
    expect(friend.get_by_test_id("board").locator("tbody tr")).to_have_count(2)
    assert_nothing_scrolls_sideways(friend)
    shoot(friend, f"{name}-board", smallest=True)


@at_all_sizes
def test_daily(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    name = f"daily-{width}x{height}"
    page = open_page(width, height)
    page.goto(f"{arena.url}/daily/")
    shoot(page, f"{name}-start", smallest=True)
    page.get_by_test_id("start-daily").click()
    phase(page, "guessing")
    expect(page.get_by_test_id("clock")).to_be_visible()
    token = game_token(page)
    play_to_the_end(page, 5)
    shoot(page, f"{name}-summary")
    page.goto(f"{arena.url}/daily/")
    expect(page.get_by_test_id("daily-points")).to_be_visible()
    expect(page.get_by_test_id("histogram")).to_be_visible()
    assert page.get_by_test_id("start-daily").count() == 0
    assert_nothing_scrolls_sideways(page)
    shoot(page, f"{name}-result", smallest=True)
    keep(page, f"{name}-whole", full_page=True)
    token_field = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    again = page.request.post(f"{arena.url}/daily/start/", form={"csrfmiddlewaretoken": str(token_field)})
    assert again.url == f"{arena.url}/games/{token}/", "a second attempt is the first one"
    page.goto(f"{arena.url}/daily/archive/")
    expect(page.get_by_test_id("daily-archive").locator("tbody tr")).to_have_count(1)


def test_the_map_grows_only_where_it_is_used(open_page: OpenPage, arena: Arena) -> None:
    page = open_page()
    start(page, arena)
    picture_is_shown(page)
    panel = page.locator("#map-panel")
    expect(panel).to_have_attribute("data-size", "small")
    open_map(page)
    shoot(page, "map-large")
    page.mouse.move(200, 300)
    expect(panel).to_have_attribute("data-size", "small")
