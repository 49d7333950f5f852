"""A subject of a study, on a laptop and on a phone: the link, the yes, the rounds, the thanks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.e2e.conftest import Arena
from tests.e2e.playing import (
    SIZES,
    assert_nothing_scrolls_sideways,
    go_on,
    keep,
    phase,
    picture_is_shown,
    play_round,
    shoot,
)
from tests.e2e.test_accessible import Audit

pytestmark = pytest.mark.e2e
OpenPage = Callable[..., Page]
ROUNDS = 2


def study(arena: Arena, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    run = subprocess.run(
        [sys.executable, "manage.py", "study", *arguments],
        cwd=ROOT,
        env={**kept, "DATA_DIR": str(arena.data), "DJANGO_SETTINGS_MODULE": "geogame.settings"},
        check=True,
        capture_output=True,
        text=True,
    )
    return run.stdout


@pytest.fixture(scope="module")
def links(arena: Arena) -> Iterator[dict[int, str]]:
    """One for each width. In the end the pictures go back to the other tests."""
    people = ("--subjects", str(len(SIZES)), "--rounds", str(ROUNDS))
    contact = ("--contact", "Ada Example, ada@example.org", "--address", arena.url)
    printed = study(arena, "create", "Pilot", "--map", "Drawn Europe", *people, *contact)
    found = re.findall(r"http\S+", printed)
    yield {width: link for (width, _), link in zip(SIZES, found, strict=True)}
    study(arena, "close", "Pilot")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_subject_agrees_plays_and_is_thanked(
    open_page: OpenPage, arena: Arena, links: dict[int, str], width: int, height: int
) -> None:
    name, audit = f"study-{width}x{height}", Audit()
    page = open_page(width, height, bypass_csp=True)
    page.goto(links[width])
    expect(page.get_by_text("Ada Example, ada@example.org")).to_be_visible()
    assert_nothing_scrolls_sideways(page)
    audit.look(page, "what is asked")
    shoot(page, f"{name}-asked", smallest=True)
    keep(page, f"{name}-asked-whole", full_page=True)
    page.get_by_test_id("begin-study").click()
    assert page.url == links[width], "the browser asks for the yes itself"
    page.get_by_test_id("agree").check()
    page.get_by_test_id("begin-study").click()
    picture_is_shown(page)
    expect(page.get_by_test_id("condition")).to_contain_text("Fair")
    expect(page.get_by_test_id("round-label")).to_contain_text(f"1/{ROUNDS}")
    shoot(page, f"{name}-round")
    play_round(page, "stored")
    audit.look(page, "stored")
    shoot(page, f"{name}-stored", smallest=True)
    expect(page.locator("#curtain-title")).to_have_text("Your answer is stored.")
    expect(page.locator("#your-score")).to_be_hidden()
    page.goto(links[width])
    phase(page, "stored")
    go_on(page)
    play_round(page)
    shoot(page, f"{name}-result")
    go_on(page)
    phase(page, "summary")
    expect(page.locator("#again-form")).to_be_hidden()
    expect(page.locator("#share-box")).to_be_hidden()
    audit.look(page, "summary")
    shoot(page, f"{name}-summary", smallest=True)
    page.get_by_test_id("study-done").click()
    expect(page.get_by_test_id("study-thanks")).to_be_visible()
    assert_nothing_scrolls_sideways(page)
    audit.look(page, "thanks")
    shoot(page, f"{name}-thanks", smallest=True)
    somebody_else_is_told(
        open_page(width, height, bypass_csp=True, tolerates="409"), links[width], audit, name
    )
    assert audit.found == []


def somebody_else_is_told(page: Page, link: str, audit: Audit, name: str) -> None:
    page.goto(link)
    expect(page.get_by_text("Somebody takes part with this link already")).to_be_visible()
    assert_nothing_scrolls_sideways(page)
    audit.look(page, "taken")
    shoot(page, f"{name}-taken", smallest=True)
