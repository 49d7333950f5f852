"""People against models: from five rounds to the report, made by a worker, at every size, light and dark."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Arena, wait_for
from tests.e2e.playing import (
    SIZES,
    assert_nothing_scrolls_sideways,
    name_of,
    play_to_the_end,
    set_up,
    shoot,
)
from tests.e2e.test_accessible import Audit

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
OpenPage = Callable[..., Page]
REPORT = "/benchmark/drawn-europe/fair/photo/"


def let_the_pause_go_by(arena: Arena) -> None:
    """Once nothing is being made: the first round that anybody closed asked for reports at once."""
    at_work = "SELECT state FROM reports_refresh WHERE state IN ('queued', 'running')"
    wait_for(lambda: not arena.sql(at_work), 100, "reports are still being made")
    arena.sql("UPDATE reports_refresh SET looked_at = NULL, asked_at = NULL, read = 'before', state = 'idle'")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_five_rounds_become_a_report(open_page: OpenPage, arena: Arena, width: int, height: int) -> None:
    page, audit = open_page(width, height, bypass_csp=True), Audit()
    set_up(page, arena, map="drawn-europe", condition="fair")
    play_to_the_end(page, 5)
    let_the_pause_go_by(arena)
    page.goto(f"{arena.url}/benchmark/")
    expect(page.get_by_test_id("computing")).to_be_visible()
    audit.look(page, "while it is made")
    expect(page.get_by_test_id("computing")).to_be_hidden(timeout=90_000)  # the page loads itself again
    expect(page.locator(f'a[href="{REPORT}"]')).to_be_visible()
    look(page, audit, "benchmark")
    page.locator(f'a[href="{REPORT}"]').click()
    expect(page.locator(".report-plot").first).to_be_visible()
    look(page, audit, "report")
    for fold in page.locator(".report-fold > summary").all():
        fold.click()
    look(page, audit, "report-unfolded")
    page.get_by_role("link", name="How").first.click()
    expect(page.locator("dt:target")).to_be_in_viewport()
    with page.expect_download() as download:
        page.get_by_role("link", name="Rows, CSV").first.click()
    with download.value.path().open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 5
    assert {row["winner"] for row in rows} <= {"model", "person", "tie"}
    assert audit.found == []


def look(page: Page, audit: Audit, name: str) -> None:
    assert_nothing_scrolls_sideways(page)
    audit.look(page, name)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        size = page.viewport_size
        assert size
        shoot(page, f"{name}-{scheme}-{name_of(size)}", smallest=True)
