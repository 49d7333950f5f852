from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Response, Route, WebSocket, expect

from tests.e2e.conftest import Arena
from tests.e2e.playing import (
    SIZES,
    assert_nothing_scrolls_sideways,
    go_on,
    guess_with_mouse,
    phase,
    pin_with_mouse,
    shoot,
    start,
)

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]


def pin_with_keys(page: Page) -> None:
    page.keyboard.press("m")
    expect(page.get_by_test_id("guess-map")).to_be_focused()
    page.keyboard.press("+")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")


def guess_with_keys(page: Page) -> None:
    page.keyboard.press("Space")


def go_on_with_keys(page: Page) -> None:
    """A result takes no key at first, so that a held one does not skip it: press until it does."""
    for _ in range(20):
        page.keyboard.press("Space")
        page.wait_for_timeout(100)
        if page.locator("body[data-phase=result]").count() == 0:
            return


WITH_MOUSE = (pin_with_mouse, guess_with_mouse, go_on)
WITH_KEYS = (pin_with_keys, guess_with_keys, go_on_with_keys)


@pytest.mark.parametrize(("way", "width", "height"), [("keyboard", *SIZES[0]), ("mouse", *SIZES[1])])
def test_five_rounds(open_page: OpenPage, arena: Arena, way: str, width: int, height: int) -> None:
    """Nearly all other tests play on the laptop with the mouse."""
    page = open_page(width, height)
    pin, guess, to_next = WITH_MOUSE if way == "mouse" else WITH_KEYS
    name = f"{way}-{width}x{height}"
    start(page, arena)
    for number in range(1, 6):
        phase(page, "guessing")
        expect(page.get_by_test_id("round-label")).to_contain_text(f"{number}/5")
        expect(page.get_by_test_id("model-seal")).to_contain_text("sealed")
        shoot(page, f"{name}-{number}-picture")
        pin(page)
        expect(page.get_by_test_id("guess-button")).to_contain_text("Guess")
        shoot(page, f"{name}-{number}-pin")
        guess(page)
        phase(page, "result")
        expect(page.get_by_test_id("result-card")).to_be_visible()
        expect(page.get_by_test_id("result-card")).to_contain_text("km")
        expect(page.get_by_test_id("result-card")).to_contain_text("Ada Example")
        expect(page.get_by_test_id("winner")).not_to_be_empty()
        assert_nothing_scrolls_sideways(page)
        shoot(page, f"{name}-{number}-result")
        to_next(page)
    phase(page, "summary")
    expect(page.get_by_test_id("summary-table").locator("tbody tr")).to_have_count(5)
    assert_nothing_scrolls_sideways(page)
    shoot(page, f"{name}-summary")


def test_a_reload_goes_on_where_the_game_was(open_page: OpenPage, arena: Arena) -> None:
    page = open_page()
    start(page, arena)
    pin_with_mouse(page)
    guess_with_mouse(page)
    phase(page, "result")
    page.reload()
    phase(page, "result")
    page.get_by_test_id("next-button").click()
    phase(page, "guessing")
    page.reload()
    phase(page, "guessing")
    expect(page.get_by_test_id("round-label")).to_contain_text("2/5")


def test_no_byte_before_the_guess_tells_the_place(open_page: OpenPage, arena: Arena) -> None:
    page = open_page()
    sent: list[bytes] = []
    arriving: set[Response] = set()

    def keep(response: Response) -> None:
        arriving.add(response)
        sent.append(repr(response.headers).encode())
        if response.ok and response.request.resource_type == "document":
            sent.append(response.body())
        arriving.discard(response)

    def pass_on(route: Route) -> None:
        # The browser keeps no bodies of what a page asked for that it has left.
        if route.request.resource_type == "document":
            route.fallback()
            return
        response = route.fetch(max_redirects=0)
        sent.append(response.body())
        route.fulfill(response=response)

    def everything_sent() -> str:
        page.wait_for_load_state("networkidle")
        while arriving:
            page.wait_for_timeout(20)
        return b"\n".join(sent).decode("latin-1")

    def listen(socket: WebSocket) -> None:
        socket.on(
            "framereceived", lambda frame: sent.append(frame if isinstance(frame, bytes) else frame.encode())
        )

    page.on("response", keep)
    page.route(re.compile(r"^(?!.*/static/)"), pass_on)
    page.on("websocket", listen)
    start(page, arena)
    pin_with_mouse(page)
    everything = everything_sent()
    assert '"type": "snapshot"' in everything or '"type":"snapshot"' in everything
    assert "\xff\xd8\xff" in everything, "the picture itself was among it"
    assert found_truths(everything, arena) == []
    guess_with_mouse(page)
    phase(page, "result")
    while not (found := found_truths(everything_sent(), arena)):
        page.wait_for_timeout(20)  # the page may know the result before the test has its body
    assert len(found) >= 2


def found_truths(text: str, arena: Arena) -> list[Any]:
    """Every place of the map at two decimals or more, and what else would name it."""
    forms = [number[: len(number) - cut] for place in arena.places for number in place for cut in range(6)]
    secrets = ["secret-source", "Ada Example", *(re.sub(r"^-", "", form) for form in forms)]
    return [secret for secret in secrets if re.search(rf"(?<![\d.]){re.escape(secret)}", text)]


def test_the_picture_is_shown_whole(open_page: OpenPage, arena: Arena) -> None:
    page = open_page()
    start(page, arena)
    image = page.get_by_test_id("picture").locator("img")
    while image.count() == 0:  # a panorama, to be turned: one of the five rounds is a flat picture
        pin_with_mouse(page)
        guess_with_mouse(page)
        phase(page, "result")
        go_on(page)
        phase(page, "guessing")
    assert image.evaluate("image => getComputedStyle(image).objectFit") == "contain"
    expect(image).to_have_js_property("naturalWidth", 800)  # once it has come


def test_an_error_page_helps(open_page: OpenPage, arena: Arena) -> None:
    page = open_page()
    page.on("console", lambda line: None)
    response = page.request.get(f"{arena.url}/games/nobodys/")
    assert response.status == 404
    assert "start page" in response.text()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_page_of_the_clues(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    page = open_page(width, height)
    page.goto(arena.url)
    page.get_by_role("link", name="The clues").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Learn to read the world")
    pictures = page.locator(".clue img")
    for number in range(pictures.count()):
        pictures.nth(number).scroll_into_view_if_needed()
        page.wait_for_function(
            "i => document.querySelectorAll('.clue img')[i].naturalWidth === 640", arg=number
        )
    assert pictures.count() >= 12
    assert_nothing_scrolls_sideways(page)
    shoot(page, f"learn-{width}x{height}", smallest=True)
