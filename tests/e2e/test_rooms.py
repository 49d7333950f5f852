"""Live games with several real browsers, each of which loses its connection once: nobody notices more than a
banner.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Arena
from tests.e2e.meeting import (
    FAR,
    PATIENCE_MS,
    choose,
    come_back,
    drop_socket,
    give_time,
    give_time_in_a_duel,
    go_offline,
    hold_result,
    is_locked,
    join_by_code,
    let_go_on,
    lock_in,
    make_room,
    ready,
    remember_sockets,
    result_is_shown,
    roster_has,
    round_is_open,
    start_match,
    truth_of,
)
from tests.e2e.playing import assert_nothing_scrolls_sideways, phase, pin_at, shoot
from tests.e2e.test_accessible import Audit

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300, func_only=True),
]  # several browsers at once, on any machine
OpenPage = Callable[..., Page]
LOST = "Failed to load resource|ERR_|WebSocket"
LAPTOP, PHONE = (1280, 800), (390, 844)


@pytest.fixture
def audit() -> Audit:
    return Audit()


def test_three_play_a_room_to_the_end(open_page: OpenPage, arena: Arena) -> None:
    ada = open_page(*LAPTOP, tolerates=LOST)
    ben = open_page(*PHONE, tolerates=LOST)
    cy = open_page(*LAPTOP, tolerates=LOST, color_scheme="dark")
    code = make_room(ada, arena, "Ada")
    choose(ada, rounds_total="2", time_limit_s="180")
    join_by_code(ben, arena, code, "Ben")
    join_by_code(cy, arena, code, "Cy")
    for page in (ada, ben, cy):
        roster_has(page, "Ada", "Ben", "Cy")
    expect(ben.get_by_test_id("settings-list")).to_contain_text("2 rounds")
    ready(ben)
    shoot(ada, "room-lobby-1280x800")
    shoot(ben, "room-lobby-390x844", smallest=True)
    shoot(cy, "room-lobby-dark-1280x800")
    start_match(ada)
    first_round(ada, ben, cy, arena, code)
    second_round(ada, ben, cy, arena, code)
    for page in (ada, ben, cy):
        phase(page, "summary")
        expect(page.get_by_test_id("final-table").locator("tbody tr")).to_have_count(2)
        assert_nothing_scrolls_sideways(page)
    expect(ada.get_by_test_id("final-winner")).to_have_text("You win the match")
    expect(cy.get_by_test_id("final-winner")).to_contain_text("Ada wins the match")
    shoot(ada, "room-final-1280x800")
    shoot(ben, "room-final-390x844", smallest=True)
    shoot(cy, "room-final-dark-1280x800")


def the_words_that_it_is_drawn_hide_nobody(page: Page) -> None:
    words, crew = page.locator("#drawn"), page.get_by_test_id("crew")
    words.evaluate("(element) => { element.textContent = 'Drawn from facts'; element.hidden = false; }")
    above, below = words.bounding_box(), crew.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"]
    words.evaluate("(element) => { element.hidden = true; }")


def first_round(ada: Page, ben: Page, cy: Page, arena: Arena, code: str) -> None:
    """Ben's phone goes offline with a pin set, and sends the guess from there; Cy's page is loaded again."""
    for page in (ada, ben, cy):
        round_is_open(page, 1)
    shoot(ada, "room-play-1280x800")
    shoot(ben, "room-play-390x844", smallest=True)
    the_words_that_it_is_drawn_hide_nobody(ben)
    pin_at(ben, *FAR)
    go_offline(ben)
    expect(ben.get_by_test_id("banner")).to_contain_text("Your pin stays where it is.")
    shoot(ben, "room-offline-390x844", smallest=True)
    ben.get_by_test_id("guess-button").click()
    lock_in(ada, truth_of(arena, code))
    give_time(arena, code)
    expect(ada.get_by_test_id("guess-button")).to_contain_text("waiting for 2")
    shoot(ada, "room-waiting-1280x800")
    come_back(ben)
    is_locked(ben)
    pin_at(cy, *FAR)
    cy.reload()
    round_is_open(cy, 1)
    cy.get_by_test_id("guess-button").click()
    for page in (ada, ben, cy):
        result_is_shown(page, 1)
    hold_result(arena, code)
    shoot(ada, "room-result-1280x800")
    shoot(ben, "room-result-390x844", smallest=True)
    shoot(cy, "room-result-dark-1280x800")
    expect(ada.get_by_test_id("winner")).to_have_text("You win this round")
    expect(ada.get_by_test_id("result-scores").locator(".score")).to_have_count(4)
    ada.get_by_role("button", name="Well played").click()
    expect(ben.get_by_test_id("reaction-feed")).to_contain_text("Ada", timeout=PATIENCE_MS)


def second_round(ada: Page, ben: Page, cy: Page, arena: Arena, code: str) -> None:
    """Cy is offline when the result ends, Ada while she looks; both find themselves where the others are."""
    go_offline(cy)
    let_go_on(arena, code)
    round_is_open(ada, 2)
    come_back(cy)
    round_is_open(cy, 2)
    go_offline(ada)
    round_is_open(ben, 2)
    lock_in(ben, FAR)
    give_time(arena, code)
    lock_in(cy, FAR)
    come_back(ada)
    expect(ada.get_by_test_id("picture").locator("img")).to_be_visible()
    lock_in(ada, truth_of(arena, code))
    for page in (ada, ben, cy):
        result_is_shown(page, 2)
    let_go_on(arena, code)


def fight(ada: Page, ben: Page, arena: Arena, code: str, number: int) -> None:
    for page in (ada, ben):
        round_is_open(page, number)
    shoot(ben, f"duel-play-{number}-390x844", smallest=True)
    lost = ben if number == 1 else ada
    go_offline(lost)
    come_back(lost)
    lock_in(ada, truth_of(arena, code))
    give_time_in_a_duel(arena, code)
    expect(ben.locator("#hurry")).to_contain_text("Ada locked in", timeout=PATIENCE_MS)
    drop_socket(ben)
    shoot(ben, f"duel-hurry-{number}-390x844")
    lock_in(ben, FAR)
    for page in (ada, ben):
        result_is_shown(page, number)


def test_two_fight_a_duel_to_the_end(open_page: OpenPage, arena: Arena, audit: Audit) -> None:
    """Ada is offline when it ends, and finds herself at the end."""
    ada = open_page(*LAPTOP, tolerates=LOST, bypass_csp=True)
    ben = open_page(*PHONE, tolerates=LOST, color_scheme="dark", bypass_csp=True)
    remember_sockets(ben)
    code = make_room(ada, arena, "Ada", kind="duel")
    join_by_code(ben, arena, code, "Ben")
    ready(ben)
    start_match(ada)
    fight(ada, ben, arena, code, 1)
    let_go_on(arena, code)
    fight(ada, ben, arena, code, 2)
    hold_result(arena, code)
    expect(ada.get_by_test_id("result-health").locator(".health-row")).to_have_count(2)
    shoot(ada, "duel-result-1280x800")
    shoot(ben, "duel-result-390x844", smallest=True)
    audit.look(ada, "result of a duel")
    audit.look(ben, "result of a duel on a phone")
    assert audit.found == []
    go_offline(ada)
    let_go_on(arena, code)
    phase(ben, "summary")
    come_back(ada)
    phase(ada, "summary")
    expect(ada.get_by_test_id("final-winner")).to_have_text("You win the match")
    expect(ben.get_by_test_id("final-winner")).to_contain_text("Ada wins the match")
    shoot(ada, "duel-final-1280x800")
    shoot(ben, "duel-final-390x844", smallest=True)
    ben.get_by_test_id("rematch").click()
    expect(ada.locator("#rematch-hint")).to_have_text("1 of 2 want a rematch.", timeout=PATIENCE_MS)
    ada.get_by_test_id("rematch").click()
    for page in (ada, ben):
        round_is_open(page, 1)


def test_a_crowd_plays_against_the_model(open_page: OpenPage, arena: Arena, audit: Audit) -> None:
    """And every state of a room is accessible."""
    ada = open_page(*LAPTOP, bypass_csp=True)
    ben = open_page(*PHONE, bypass_csp=True)
    eve = open_page(*LAPTOP)
    code = make_room(ada, arena, "Ada", kind="crowd")
    choose(ada, rounds_total="2", time_limit_s="180")
    join_by_code(ben, arena, code, "Ben")
    join_by_code(eve, arena, code, "Eve", watch=True)
    audit.look(ada, "lobby of the host")
    audit.look(ben, "lobby")
    start_match(ada)
    for page in (ada, ben, eve):
        round_is_open(page, 1)
    audit.look(ada, "play")
    audit.look(ben, "play on a phone")
    expect(eve.locator("#watching")).to_be_visible()
    expect(eve.get_by_test_id("guess-button")).to_be_hidden()
    shoot(eve, "crowd-watching-1280x800")
    lat, lng = truth_of(arena, code)
    lock_in(ada, (lat + 1, lng))
    give_time(arena, code)
    audit.look(ada, "waiting")
    lock_in(ben, (lat - 1, lng))
    for page in (ada, ben, eve):
        result_is_shown(page, 1)
    hold_result(arena, code)
    expect(ada.get_by_test_id("winner")).to_have_text("The crowd wins this round")
    audit.look(ada, "result of a crowd")
    audit.look(ben, "result of a crowd on a phone")
    shoot(ada, "crowd-result-1280x800")
    shoot(ben, "crowd-result-390x844", smallest=True)
    let_go_on(arena, code)
    for page in (ada, ben):
        round_is_open(page, 2)
        lock_in(page, FAR)
    result_is_shown(ada, 2)
    let_go_on(arena, code)
    for page in (ada, ben, eve):
        phase(page, "summary")
    audit.look(ada, "final")
    audit.look(ben, "final on a phone")
    shoot(ada, "crowd-final-1280x800")
    shoot(ben, "crowd-final-390x844", smallest=True)
    assert audit.found == []


def test_a_reload_changes_nothing_in_any_phase(open_page: OpenPage, arena: Arena) -> None:
    ada, ben = open_page(), open_page(*PHONE)
    code = make_room(ada, arena, "Ada")
    choose(ada, rounds_total="2", time_limit_s="180")
    join_by_code(ben, arena, code, "Ben")
    ready(ben)
    ben.reload()
    expect(ben.get_by_test_id("ready")).to_have_attribute("aria-pressed", "true")
    expect(ben.get_by_test_id("settings-list")).to_contain_text("2 rounds")
    start_match(ada)
    ben.reload()  # the intro
    round_is_open(ben, 1)
    round_is_open(ada, 1)
    lock_in(ben, FAR)
    give_time(arena, code)
    ben.reload()
    expect(ben.get_by_test_id("guess-button")).to_contain_text("waiting for Ada")
    lock_in(ada, truth_of(arena, code))
    result_is_shown(ben, 1)
    hold_result(arena, code)
    ben.reload()
    result_is_shown(ben, 1)
    expect(ben.get_by_test_id("winner")).to_contain_text("Ada wins this round")
    let_go_on(arena, code)
    for page in (ada, ben):
        round_is_open(page, 2)
        lock_in(page, FAR)
    result_is_shown(ben, 2)
    let_go_on(arena, code)
    phase(ben, "summary")
    ben.reload()
    expect(ben.get_by_test_id("final-winner")).to_contain_text("Ada wins the match")


def test_the_way_into_a_room_is_accessible(open_page: OpenPage, arena: Arena, audit: Audit) -> None:
    """A wrong code, the invitation, the wait for an opponent, help; and what is said without a connection."""
    ada, ben = (
        open_page(*LAPTOP, bypass_csp=True, tolerates=f"{LOST}|40[034]"),
        open_page(*PHONE, bypass_csp=True, tolerates=f"{LOST}|40[034]"),
    )
    code = make_room(ada, arena, "Ada")
    for page in (ada, ben):
        look_at_the_ways(page, arena, audit)
    ben.goto(f"{arena.url}/rooms/{code}/")
    audit.look(ben, "invitation")
    ada.goto(f"{arena.url}/rooms/{code}/")
    phase(ada, "lobby")
    ada.locator("#help-button").click()
    audit.look(ada, "help of a room")
    ada.keyboard.press("Escape")
    go_offline(ada)
    audit.look(ada, "lobby without a connection")
    expect(ada.locator("#voice")).to_contain_text("You are offline")
    come_back(ada)
    expect(ada.locator("#voice")).to_contain_text("Connected again")
    assert audit.found == []


def look_at_the_ways(page: Page, arena: Arena, audit: Audit) -> None:
    page.goto(f"{arena.url}/rooms/")
    page.get_by_test_id("code").fill("ZZZZZZ")
    page.get_by_test_id("join-by-code").click()
    expect(page.locator("#code-problem")).to_be_visible()
    audit.look(page, "wrong code")
    page.goto(f"{arena.url}/duel/")
    page.locator("label:has(input[name=map][value='drawn-days'])").click()
    page.get_by_test_id("queue").click()
    expect(page.get_by_test_id("waiting")).to_be_visible()
    audit.look(page, "the wait for an opponent")
    page.get_by_test_id("cancel-queue").click()
    expect(page.get_by_test_id("queue")).to_be_visible()


def test_two_meet_by_quick_match(open_page: OpenPage, arena: Arena) -> None:
    ada, ben = open_page(*LAPTOP), open_page(*PHONE)
    for page, name in ((ada, "Ada"), (ben, "Ben")):
        page.goto(f"{arena.url}/duel/")
        page.get_by_test_id("name").fill(name)
        page.locator("label:has(input[name=map][value='drawn-all-around'])").click()
        shoot(page, f"quick-{name}", smallest=True)
        page.get_by_test_id("queue").click()
        if name == "Ada":
            expect(page.get_by_test_id("waiting")).to_be_visible()
            expect(page.get_by_test_id("duel-model")).to_be_visible(timeout=PATIENCE_MS)
            shoot(page, "quick-waiting-1280x800")
    for page in (ada, ben):
        page.wait_for_url("**/rooms/*/", timeout=PATIENCE_MS)
        round_is_open(page, 1)


def test_the_model_is_dueled_where_nobody_is_there(open_page: OpenPage, arena: Arena) -> None:
    page = open_page(*PHONE)
    page.goto(f"{arena.url}/duel/")
    page.locator("label:has(input[name=map][value='drawn-europe'])").click()
    page.get_by_test_id("queue").click()
    shoot(page, "quick-waiting-390x844", smallest=True)
    page.get_by_test_id("cancel-queue").click()
    page.get_by_test_id("duel-model").click()
    round_is_open(page, 1)
    expect(page.get_by_test_id("model-seal")).to_contain_text("answer sealed")
    lock_in(page, FAR)
    result_is_shown(page, 1)


def test_a_room_with_keys_alone(open_page: OpenPage, arena: Arena) -> None:
    """From the lobby to the guess without a mouse; the announcements say where one is."""
    page = open_page()
    make_room(page, arena, "Ada")
    expect(page.locator("#voice")).to_contain_text("You are in the lobby.")
    start = page.get_by_test_id("start-match")
    expect(start).to_have_attribute("aria-disabled", "false", timeout=PATIENCE_MS)
    start.focus()
    page.keyboard.press("Enter")
    round_is_open(page, 1)
    expect(page.locator("#voice")).to_contain_text("is open")
    page.keyboard.press("m")
    expect(page.get_by_test_id("guess-map")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#voice")).to_contain_text("Pin set at")
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    result_is_shown(page, 1)
    expect(page.locator("#voice")).to_contain_text(re.compile(r"(this round|A tie)\. You:"))


def test_who_is_removed_is_told(open_page: OpenPage, arena: Arena, audit: Audit) -> None:
    ada, ben = open_page(), open_page(*PHONE, tolerates=f"{LOST}|403", bypass_csp=True)
    code = make_room(ada, arena, "Ada")
    join_by_code(ben, arena, code, "Ben")
    roster_has(ada, "Ada", "Ben")
    ada.get_by_role("button", name="Remove Ben").click()
    ada.get_by_role("button", name="Remove Ben for good").click()
    expect(ben.get_by_test_id("room-over")).to_contain_text("not in this room any more", timeout=PATIENCE_MS)
    shoot(ben, "room-removed-390x844", smallest=True)
    audit.look(ben, "removed")
    roster_has(ada, "Ada")
    ben.reload()
    expect(ben.get_by_test_id("room-invitation")).to_contain_text("removed you")
    audit.look(ben, "invitation of who was removed")
    assert audit.found == []


def test_the_host_leaves_and_another_one_hosts(open_page: OpenPage, arena: Arena) -> None:
    ada, ben = open_page(), open_page(*PHONE)
    code = make_room(ada, arena, "Ada")
    join_by_code(ben, arena, code, "Ben")
    ada.locator("#leave-button").click()
    ada.wait_for_url(f"{arena.url}/")
    expect(ben.get_by_test_id("start-match")).to_be_visible(timeout=PATIENCE_MS)
    roster_has(ben, "Ben")


def test_who_left_in_another_window_and_whose_room_is_gone_are_told(
    open_page: OpenPage, arena: Arena
) -> None:
    ada, ben = open_page(tolerates=f"{LOST}|404"), open_page(tolerates=f"{LOST}|404")
    remember_sockets(ben)
    code = make_room(ada, arena, "Ada")
    join_by_code(ben, arena, code, "Ben")
    elsewhere = ada.context.new_page()
    elsewhere.goto(ada.url)
    phase(elsewhere, "lobby")
    elsewhere.locator("#leave-button").click()
    elsewhere.wait_for_url(f"{arena.url}/")
    expect(ada.get_by_test_id("room-over")).to_contain_text("You left this room", timeout=PATIENCE_MS)
    roster_has(ben, "Ben")
    arena.sql("UPDATE rooms_room SET closed_at = created_at WHERE code = ?", code)
    ben.evaluate("window.arenaSockets.at(-1).close()")
    expect(ben.get_by_test_id("room-over")).to_contain_text("This room is closed", timeout=PATIENCE_MS)
