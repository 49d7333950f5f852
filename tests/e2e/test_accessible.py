"""axe-core finds nothing against WCAG 2.2 AA on any page, nor in any state of the game, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.e2e.addresses import FOR_ANYBODY, NOT_THERE, WITH_AN_ACCOUNT
from tests.e2e.conftest import Arena
from tests.e2e.playing import (
    SIZES,
    go_on,
    guess_at,
    guess_with_mouse,
    is_phone,
    open_map,
    phase,
    picture_is_shown,
    pin_with_mouse,
    play_to_the_end,
    set_up,
    start,
    truth,
)

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]
at_all_sizes = pytest.mark.parametrize(("width", "height"), SIZES)
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
ONLY_COLOURS = ["color-contrast", "link-in-text-block"]
"""All that a theme can change."""
RUN = """
    async (runOnly) => {
      const { violations, passes } = await axe.run(document, { runOnly, resultTypes: ["violations"] });
      const lines = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, any, all, none }) => {
          const reasons = [...any, ...all, ...none].map(({ message }) => message);
          return `${id}: ${target.flat().join(" ")}: ${reasons.join("; ")}`;
        }));
      return { lines, passed: passes.length };
    }
"""
MADRID = (40.4, -3.7)
DIALOG = "document.getElementById('help').showModal()"


@dataclass
class Audit:
    """Looks at pages one after the other, and tells at the end what is wrong with all of them."""

    found: list[str] = field(default_factory=list)
    script: str = field(default_factory=AXE.read_text)

    def look(self, page: Page, where: str) -> None:
        page.wait_for_load_state("load")  # without its style sheets no page is accessible
        for scheme, rules, least in (("light", RULES, 6), ("dark", ONLY_COLOURS, 1)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            if not page.evaluate("'axe' in window"):
                page.evaluate(self.script)
            result = page.evaluate(RUN, rules)
            assert result["passed"] >= least, f"axe looked at nothing of {where}"
            self.found += [f"{where}, {scheme}: {line}" for line in result["lines"]]


@pytest.fixture
def audit() -> Audit:
    return Audit()


@at_all_sizes
def test_the_pages(open_page: OpenPage, arena: Arena, audit: Audit, width: int, height: int) -> None:
    page = open_page(width, height, bypass_csp=True, tolerates="40[04]")
    for name, path in FOR_ANYBODY.items():
        page.goto(arena.url + path)
        audit.look(page, name)
    page.goto(arena.url + NOT_THERE)
    audit.look(page, "not there")
    page.goto(arena.url)
    page.locator(".settings-button").click()
    audit.look(page, "menu of settings")
    for name in ("register", "login"):
        page.goto(arena.url + FOR_ANYBODY[name])
        page.get_by_test_id({"login": "log-in"}.get(name, name)).click()
        expect(page.locator(".field-wrong").first).to_be_visible()
        audit.look(page, f"{name}, not filled in")
    page.goto(arena.url + FOR_ANYBODY["learn"])
    page.locator(".clue img").last.scroll_into_view_if_needed()
    audit.look(page, "learn, its end")
    assert audit.found == []


@at_all_sizes
def test_the_pages_of_who_has_played(
    open_page: OpenPage, arena: Arena, audit: Audit, width: int, height: int
) -> None:
    page = open_page(width, height, bypass_csp=True)
    page.goto(f"{arena.url}/daily/")
    page.get_by_test_id("start-daily").click()
    play_to_the_end(page, 5)
    audit.look(page, "summary of a daily")
    start(page, arena, "drawn-all-around")
    address = challenge_of(page, audit)
    page.goto(f"{arena.url}/account/register/")
    page.locator("#id_username").fill(f"grace{width}")
    for name in ("new_password", "new_password_again"):
        page.locator(f"#id_{name}").fill("quiet harbour at noon")
    page.get_by_test_id("register").click()
    expect(page.locator(".played-game")).to_have_count(2)
    audit.look(page, "registered")
    for name, path in WITH_AN_ACCOUNT.items():
        page.goto(arena.url + path)
        audit.look(page, f"{name}, with an account")
    page.goto(f"{arena.url}/players/me/")
    page.get_by_role("link", name="What others see").click()
    audit.look(page, "what others see")
    page.goto(address)
    audit.look(page, "board of a challenge")
    friend = open_page(width, height, bypass_csp=True)
    friend.goto(address)
    audit.look(friend, "invitation")
    assert audit.found == []


def challenge_of(page: Page, audit: Audit) -> str:
    play_to_the_end(page, 3)
    page.get_by_test_id("challenge").click()
    expect(page.locator("#challenge-made")).to_be_visible()
    audit.look(page, "summary with a challenge")
    return page.locator("#challenge-link").input_value()


@at_all_sizes
def test_the_states_of_a_round(
    open_page: OpenPage, arena: Arena, audit: Audit, width: int, height: int
) -> None:
    page = open_page(width, height, bypass_csp=True, tolerates="Failed to load resource|ERR_|WebSocket")
    page.route("**/pictures/**", lambda route: route.abort())
    start(page, arena, "drawn-all-around")
    expect(page.locator("#picture-trouble")).to_be_visible()
    audit.look(page, "no picture")
    page.locator("#picture-skip").click()
    expect(page.locator("#message")).to_be_visible()
    audit.look(page, "message")
    page.unroute("**/pictures/**")
    page.locator("#picture-retry").click()
    picture_is_shown(page)
    audit.look(page, "free look, with the hint")
    page.evaluate(DIALOG)
    audit.look(page, "help")
    page.keyboard.press("Escape")
    if is_phone(page):
        open_map(page)
        audit.look(page, "map")
        page.locator("#map-fold-button").click()
    pin_with_mouse(page)
    audit.look(page, "pin")
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_be_visible()
    audit.look(page, "offline")
    page.context.set_offline(False)
    expect(page.locator("#banner")).to_be_hidden()
    guess_with_mouse(page)
    phase(page, "result")
    expect(page.locator("#place-picture img")).to_be_visible()
    look_at_the_tabs(page, audit)
    go_on(page)
    play_to_the_end(page, 2)
    audit.look(page, "summary")
    page.get_by_test_id("summary-table").get_by_role("button").first.click()
    phase(page, "result")
    audit.look(page, "replay")
    assert audit.found == []


def look_at_the_tabs(page: Page, audit: Audit) -> None:
    audit.look(page, "result, place")
    page.locator("#tab-looked").click()
    expect(page.locator("#looked-heat")).to_be_visible(timeout=60_000)  # worked out with low priority
    audit.look(page, "result, looked")
    page.locator("#tab-beliefs").click()
    expect(page.locator("#heat-tools")).to_be_visible(timeout=60_000)
    audit.look(page, "result, beliefs")
    page.locator("#tab-seal").click()
    expect(page.locator("#seal-verdict")).to_contain_text("Checked")
    audit.look(page, "result, seal")


@at_all_sizes
def test_the_states_of_a_streak_against_the_clock(
    open_page: OpenPage, arena: Arena, audit: Audit, width: int, height: int
) -> None:
    page = open_page(width, height, bypass_csp=True)
    set_up(page, arena, map="drawn-all-around", condition="fair", mode="streak", time_limit="60")
    picture_is_shown(page)
    audit.look(page, "streak, fair view, clock")
    guess_at(page, *truth(arena, page))
    audit.look(page, "result of a country")
    go_on(page)
    picture_is_shown(page)
    guess_at(page, *MADRID)  # wrong on this map
    go_on(page)
    phase(page, "summary")
    audit.look(page, "summary of a streak")
    assert audit.found == []
