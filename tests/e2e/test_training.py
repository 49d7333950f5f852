"""The life of a training job, from its form to the model that plays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ARTEFACTS, Arena
from tests.e2e.playing import game_token, play_round, start

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]
SOON_MS = 400_000  # a process with torch trains, on a machine that draws many pages beside it
WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


def log_in(page: Page, arena: Arena) -> None:
    page.goto(f"{arena.url}/admin/")
    page.locator("#id_username").fill("keeper")
    page.locator("#id_password").fill("only-for-tests")
    page.locator("[type=submit]").click()
    page.wait_for_url(f"{arena.url}/admin/")


def state_is(page: Page, word: str) -> None:
    expect(page.locator("#state-badge")).to_have_text(word, timeout=SOON_MS)


def steps_shown(page: Page) -> int:
    match = re.match(r"([\d,]+) step", page.locator("#loss-words").inner_text())
    return int(match[1].replace(",", "")) if match else 0


def more_steps_than(page: Page, steps: int) -> None:
    page.wait_for_function(
        "steps => parseInt(document.getElementById('loss-words').textContent.replace(',', '')) > steps",
        arg=steps,
        timeout=SOON_MS,
    )


def press(page: Page, name: str) -> None:
    page.locator("#buttons").get_by_role("button", name=name).click()


def make_data_set(page: Page, arena: Arena) -> None:
    page.goto(f"{arena.url}/admin/datasets/dataset/add/")
    page.locator("#id_map").select_option(label="Drawn Europe")
    expect(page.locator("#id_name")).to_have_value("Drawn Europe")
    page.get_by_role("button", name="Make and read it").click()
    state_is(page, "ready")
    expect(page.locator("#split")).to_contain_text("Photos held out")


def fill_in(page: Page, **values: Any) -> None:
    for name, value in values.items():
        page.locator(f"#id_{name}").fill(str(value))


def test_an_album_job_is_asked_for_in_the_same_form(open_page: OpenPage, arena: Arena) -> None:
    page = open_page(tolerates="400")  # the form that is sent back
    log_in(page, arena)
    page.goto(f"{arena.url}/admin/datasets/dataset/add/")
    page.locator("#id_kind").select_option("albums")
    expect(page.locator("#id_map")).to_be_hidden()
    fill_in(page, name="Trips", albums=arena.data / "trips")
    page.get_by_role("button", name="Make and read it").click()
    state_is(page, "ready")
    page.screenshot(path=ARTEFACTS / "album-data-set.png", full_page=True)

    page.get_by_role("link", name="Train on it").click()
    page.wait_for_load_state()  # with its scripts: a recipe that is chosen fills in what it has
    expect(page.locator("#id_data_set option:checked")).to_have_text("Trips")
    page.locator("#id_variant").select_option("blstm")
    page.locator("#id_recipe").select_option("paper")
    expect(page.locator("#id_hidden")).to_have_value("512")
    fill_in(page, cut=25, hidden=16)
    expect(page.locator("[data-field=hidden] .field-note")).to_have_text("recipe: 512")
    page.get_by_role("button", name="Estimate").click()
    expect(page.locator("#estimate")).to_contain_text("Photos to look at first", timeout=SOON_MS)
    expect(page.locator("#estimate")).to_contain_text("No album is held out")
    page.screenshot(path=ARTEFACTS / "album-job-form.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=ARTEFACTS / "album-job-form-phone.png", full_page=True)
    fill_in(page, dropout=2)
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("[data-field=dropout] .field-error")).to_be_visible()


@pytest.fixture
def the_same_model_plays_afterwards(arena: Arena) -> Iterator[None]:
    """Of the one that trains here no other test's round would count: it has seen the pictures."""
    ((digest,),) = arena.sql("SELECT digest FROM registry_modelversion WHERE directory = 'random'")
    yield
    arena.manage("models", "activate", digest)


@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("the_same_model_plays_afterwards")
def test_a_job_from_its_form_to_the_model_that_plays(open_page: OpenPage, arena: Arena) -> None:
    page = open_page(tolerates="400")  # the form that is sent back
    page.add_init_script(WATCH)
    log_in(page, arena)
    make_data_set(page, arena)

    page.get_by_role("link", name="Train on it").click()
    expect(page.locator("#id_data_set option:checked")).to_have_text("Drawn Europe")
    page.locator("#id_recipe").select_option("paper-small")
    page.locator("#id_recipe").select_option("tiny")
    expect(page.locator("#id_max_photos")).to_have_value("40")
    fill_in(page, max_photos=6, min_photos=1, max_level=9, epochs=0)
    expect(page.locator("#cells-words")).to_contain_text(re.compile(r"^\d+ cells"))
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("[data-field=epochs] .field-error")).to_be_visible()
    fill_in(page, epochs=24)
    page.get_by_role("button", name="Start training").click()

    state_is(page, "running")
    more_steps_than(page, 0)
    seen = steps_shown(page)
    more_steps_than(page, seen)
    expect(page.locator("#samples .sample").first).to_be_visible(timeout=SOON_MS)
    page.reload()
    more_steps_than(page, seen)
    press(page, "Stop")
    state_is(page, "stopped")
    stopped_at = steps_shown(page)
    assert stopped_at < 24

    press(page, "Resume")
    state_is(page, "succeeded")
    more_steps_than(page, stopped_at)
    expect(page.locator("#gauge-share")).to_have_text("100\u202f%")
    page.screenshot(path=ARTEFACTS / "training-job.png", full_page=True)
    press(page, "Put into play")
    expect(page.locator("#model")).to_contain_text("plays against people now", timeout=SOON_MS)
    assert page.evaluate("window.violations") == []

    player = open_page()
    start(player, arena, "drawn-europe")
    play_round(player)
    ((job_token, token),) = arena.sql(
        "SELECT v.directory, j.token FROM games_guess g JOIN accounts_player p ON p.id = g.player_id "
        "JOIN registry_modelversion v ON v.id = p.model_version_id JOIN games_round r ON r.id = g.round_id "
        "JOIN games_game e ON e.id = r.game_id, training_trainingjob j "
        "WHERE e.token = ? AND r.state = 'closed'",
        game_token(player),
    )
    assert job_token == token, "the model that was trained has answered"
