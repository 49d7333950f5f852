"""What people do in rooms, as steps that tests are written in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Arena, wait_for
from tests.e2e.playing import is_phone, phase, picture_is_shown, pin_at

PATIENCE_MS = 30_000
FAR = (-45.0, -170.0)


def make_room(page: Page, arena: Arena, name: str, *, kind: str = "room", map_: str = "drawn-europe") -> str:
    """Its code."""
    page.goto(f"{arena.url}/rooms/")
    page.get_by_test_id("name").fill(name)
    for field, value in (("kind", kind), ("map", map_), ("condition", "fair")):
        page.locator(f"label:has(input[name={field}][value='{value}'])").click()
    page.get_by_test_id("make-room").click()
    phase(page, "lobby")
    return code_of(page)


def code_of(page: Page) -> str:
    match = re.search(r"/rooms/([^/]+)/", page.url)
    assert match, page.url
    return match[1]


def choose(page: Page, **settings: str) -> None:
    for name, value in settings.items():
        page.locator(f"#setting-{name}").select_option(value)


def join_by_code(page: Page, arena: Arena, code: str, name: str, *, watch: bool = False) -> None:
    page.goto(f"{arena.url}/rooms/")
    page.get_by_test_id("code").fill(code.lower())
    page.get_by_test_id("join-by-code").click()
    page.get_by_test_id("name").fill(name)
    page.get_by_test_id("watch-room" if watch else "join-room").click()
    phase(page, "lobby")


def roster_has(page: Page, *names: str) -> None:
    rows = page.get_by_test_id("roster").locator(".roster-row")
    expect(rows.filter(has_not_text="model")).to_have_count(len(names), timeout=PATIENCE_MS)
    for name in names:
        expect(rows.filter(has_text=name)).to_have_count(1)


def ready(page: Page) -> None:
    page.get_by_test_id("ready").click()
    expect(page.get_by_test_id("ready")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)


def start_match(page: Page) -> None:
    button = page.get_by_test_id("start-match")
    expect(button).to_have_attribute("aria-disabled", "false", timeout=PATIENCE_MS)
    button.click()
    phase(page, "preparing")


def round_is_open(page: Page, number: int) -> None:
    expect(page.get_by_test_id("round-label")).to_contain_text(f"Round {number}", timeout=PATIENCE_MS)
    picture_is_shown(page)


def lock_in(page: Page, place: tuple[float, float]) -> None:
    pin_at(page, *place)
    page.get_by_test_id("guess-button").click()
    is_locked(page)


def is_locked(page: Page) -> None:
    """Or the round is over already, where this was the last guess."""
    locked = page.locator("#guess-button[data-locked=true], body:not([data-phase=guessing])")
    expect(locked.first).to_be_attached(timeout=PATIENCE_MS)


def result_is_shown(page: Page, number: int) -> None:
    phase(page, "result")
    expect(page.get_by_test_id("round-label")).to_contain_text(f"Round {number}")


def go_offline(page: Page) -> None:
    page.context.set_offline(True)
    expect(page.get_by_test_id("banner")).to_be_visible(timeout=PATIENCE_MS)


def come_back(page: Page) -> None:
    page.context.set_offline(False)
    expect(page.get_by_test_id("banner")).to_be_hidden(timeout=PATIENCE_MS)


def open_sheet(page: Page) -> None:
    if is_phone(page):
        page.locator("#map-open-button").click()


REMEMBER_SOCKETS = """
    window.arenaSockets = [];
    window.WebSocket = class extends WebSocket {
      constructor(...given) { super(...given); window.arenaSockets.push(this); }
    };
"""


def remember_sockets(page: Page) -> None:
    """Before the first page."""
    page.add_init_script(REMEMBER_SOCKETS)


def drop_socket(page: Page) -> None:
    """The connection breaks, and the network is there: the page has another one within a moment."""
    open_now = "window.arenaSockets.filter((socket) => socket.readyState === WebSocket.OPEN)"
    before = page.evaluate("window.arenaSockets.length")
    assert page.evaluate(f"{open_now}.map((socket) => socket.close()).length") == 1
    is_back = f"window.arenaSockets.length > {before} && {open_now}.length === 1"
    wait_for(lambda: bool(page.evaluate(is_back)), PATIENCE_MS / 1000, "no new connection")
    expect(page.get_by_test_id("banner")).to_be_hidden(timeout=PATIENCE_MS)


# --- What only the server knows ----------------------------------------------------------------------
OF_ROOM = "game_id = (SELECT game_id FROM rooms_room WHERE code = ?)"


def truth_of(arena: Arena, code: str) -> tuple[float, float]:
    """Where the picture of the open round was taken."""
    ((lat, lng),) = arena.sql(
        "SELECT p.lat, p.lng FROM games_round r JOIN panoramas_panorama p ON p.id = r.panorama_id "
        f"WHERE r.{OF_ROOM} AND r.state = 'open'",
        code,
    )
    return lat, lng


def hold_result(arena: Arena, code: str, seconds: float = 120) -> None:
    """The result stays, so that there is time to look at it."""
    later = written(datetime.now(UTC) + timedelta(seconds=seconds))
    arena.sql(
        f"UPDATE games_round SET closed_at = ? WHERE {OF_ROOM} AND state = 'closed' AND number = "
        f"(SELECT MAX(number) FROM games_round WHERE {OF_ROOM} AND state = 'closed')",
        *(later, code, code),
    )


def let_go_on(arena: Arena, code: str) -> None:
    """The result is over, and the room is looked at."""
    arena.sql(
        f"UPDATE games_round SET closed_at = ? WHERE {OF_ROOM} AND state = 'closed'",
        *(written(datetime.now(UTC) - timedelta(seconds=8)), code),
    )
    arena.sql("UPDATE rooms_room SET due_at = ? WHERE code = ?", written(datetime.now(UTC)), code)


def give_time_in_a_duel(arena: Arena, code: str) -> None:
    """As `give_time`, where the round ends early and must go on to say so."""
    game = "SELECT game_id FROM rooms_room WHERE code = ?"
    arena.sql(f"UPDATE games_game SET time_limit_s = 600 WHERE id = ({game})", code)
    give_time(arena, code)


def give_time(arena: Arena, code: str, seconds: float = 120) -> None:
    """Somebody has locked in, and the machine is slow: the others get more than their 15 seconds."""
    later = written(datetime.now(UTC) + timedelta(seconds=seconds))
    arena.sql(f"UPDATE games_round SET deadline_at = ? WHERE {OF_ROOM} AND state = 'open'", later, code)
    arena.sql("UPDATE rooms_room SET version = version + 1 WHERE code = ?", code)


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
