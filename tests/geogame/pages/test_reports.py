from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmark import coverage
from benchmark.public import BATCH_ROUNDS, LEAST_IN_PART
from geogame.accounts.models import Player
from geogame.pages.report_numbers import number
from geogame.pages.report_words import COVERAGE, TRIVIAL
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.reports import refresh
from geogame.reports.leaks import Leak, Leaks
from geogame.reports.models import Refresh, StoredReport
from geogame.reports.stored import refresh_all
from planet_core.partition import Partition
from planet_core.trivial import TrainingPhotos, fit_all
from tests.geogame.reports.played import play_rounds

MakeMap = Callable[..., Map]
PAGE = "/benchmark/test/fair/photo/"


@pytest.fixture
def people(make_player: Callable[..., Player]) -> list[Player]:
    return [make_player(f"Guest {number}") for number in range(6)]


@pytest.fixture
def played(make_map: MakeMap, model_version: ModelVersion, people: list[Player]) -> Map:
    """Sixty rounds on twelve panoramas: enough for parts by place."""
    map_ = make_map(12)
    play_rounds(map_, model_version, people, each=10)
    refresh_all()
    return map_


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    return client


def page_of(client: Client, path: str = PAGE) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


# --- The list ---------------------------------------------------------------------------------------------
def test_without_rounds_it_says_what_to_do(client: Client, db: None) -> None:
    refresh.succeed(refresh.begin(0), refresh.what_is_there())
    page = page_of(client, "/benchmark/")
    assert 'data-testid="no-report"' in page
    assert 'href="/play/"' in page


def test_while_reports_are_made_it_says_how_far_they_are(client: Client, db: None) -> None:
    refresh.begin(3)
    page = page_of(client, "/benchmark/")
    assert 'data-testid="computing"' in page
    assert "Map 1 of 3." in page
    assert "data-computing" in page
    assert 'data-testid="no-report"' not in page
    state = client.get("/benchmark/state/").json()
    assert state == {"computing": True, "text": "Map 1 of 3.", "made_at": None}


def test_what_failed_is_told_and_why_only_to_the_staff(client: Client, staff: Client, played: Map) -> None:
    refresh.fail(refresh.begin(1), "ValueError: of panorama 17")
    for path in ("/benchmark/", PAGE):
        page = page_of(client, path)
        assert 'data-testid="failed"' in page
        assert "ValueError" not in page
        assert "ValueError: of panorama 17" in page_of(staff, path)
        assert "report-card" in page or "report-plot" in page, "what was there stays"


def test_a_visit_asks_for_new_reports(
    client: Client, make_map: MakeMap, model_version: ModelVersion, people: list[Player], monkeypatch: Any
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(refresh, "enqueue", lambda name, queue: asked.append(name))
    play_rounds(make_map(6), model_version, people, each=5)
    page = page_of(client, "/benchmark/")
    page_of(client, "/benchmark/")
    assert asked == ["reports.refresh"]
    assert 'data-testid="computing"' in page


def test_nothing_is_computed_in_a_request(client: Client, played: Map, monkeypatch: Any) -> None:
    def no(*arguments: Any, **more: Any) -> Any:
        raise AssertionError("computed in a request")

    for name in ("geogame.reports.stored.build", "geogame.reports.stored.rows_of"):
        monkeypatch.setattr(name, no)
    Refresh.objects.update(looked_at=None, read="something else", asked_at=None)
    assert page_of(client)
    assert page_of(client, "/benchmark/")


def test_a_card_has_both_sides_with_intervals(
    client: Client, played: Map, model_version: ModelVersion
) -> None:
    page = page_of(client, "/benchmark/")
    assert page.count('data-testid="report-card"') == 1
    assert PAGE in page
    for text in ("60 rounds · 6 people · 12 panoramas", "Fair view", str(model_version), "Won by the model"):
        assert text in page
    (summary,) = StoredReport.objects.get().summary
    low = round(100 * summary["win_rate"]["low"])
    assert f"({low}–" in page


def test_the_home_page_and_the_footer_lead_there(client: Client, make_map: MakeMap) -> None:
    make_map()
    page = page_of(client, "/")
    assert 'data-testid="to-benchmark"' in page
    assert page.count('href="/benchmark/"') == 2


# --- A report -----------------------------------------------------------------------------------------------
def test_a_report_has_figures_tables_and_definitions(client: Client, played: Map) -> None:
    page = page_of(client)
    for title in ("Rounds won by the model", "Rounds within a distance", "How far off"):
        assert title in page
    assert page.count('<svg class="report-plot"') >= 3
    assert page.count('role="img" aria-label="') >= 3
    assert 'data-testid="table-numbers"' in page
    for anchor in {part.partition('"')[0] for part in page.split('href="#how-')[1:]}:
        assert f'id="how-{anchor}"' in page, "every “How” leads somewhere"
    assert reverse("report-rows", args=["test", "fair", "photo", "pairs", "csv"]) in page
    assert "style=" not in page
    assert page.count("<h1") == 1


def test_numbers_of_a_column_are_aligned_at_the_decimal_point(client: Client, played: Map) -> None:
    page = page_of(client)
    table = page.partition('data-testid="table-numbers"')[2].partition("</table>")[0]
    columns = [
        [
            cell.partition("</td>")[0]
            for row in table.split("<tr>")[2:]
            for cell in row.split('class="number">')[n : n + 1]
        ]
        for n in (1, 2)
    ]
    for column in columns:
        assert len(column) >= 8
        places = {len(text) - (text.index(".") if "." in text else text.index("\u2008")) for text in column}
        assert len(places) == 1, column


def test_players_that_do_not_look_and_points_of_answered_rounds_are_shown(
    client: Client, staff: Client, played: Map
) -> None:
    (model,) = StoredReport.objects.get().public["models"]
    for page in (page_of(client), page_of(staff)):
        table = page.partition('data-testid="table-trivial"')[2].partition("</table>")[0]
        assert table.count("<tr>") == 1 + len(model["places"]["trivial"]) == 5
        assert "most frequent cell" in table
        numbers = page.partition('data-testid="table-numbers"')[2].partition("</table>")[0]
        answered = numbers.partition("Mean points of answered rounds")[2]
        for side in ("person", "model"):
            assert number(model["sides"][side]["mean_points_answered"]) in answered


def test_what_may_have_leaked_is_shown_where_it_is_known(
    client: Client, played: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'data-testid="table-leaks"' not in page_of(client), "of no round is anything known"
    first = str(played.panoramas.order_by("pk")[0].pk)

    def of(self: Leaks, version: ModelVersion, panorama: Panorama) -> Leak:
        return Leak(near_duplicate=str(panorama.pk) == first)

    monkeypatch.setattr(Leaks, "of", of)
    refresh_all()
    page = page_of(client)
    table = page.partition('data-testid="table-leaks"')[2].partition("</table>")[0]
    assert "nearly the same picture" in table
    assert "of a walk" not in table
    (model,) = StoredReport.objects.get().public["models"]
    assert 0 < model["leakage"]["near_duplicate"]["set"] < model["leakage"]["near_duplicate"]["known"] == 60
    assert f"Without the flagged rounds: {model['leakage']['without']['rounds']} rounds" in page


def test_the_measured_coverage_is_shown_and_can_be_read_in_german(client: Client, played: Map) -> None:
    measured = coverage.kept()
    names = {name for shares in measured["coverage"].values() for name in shares}
    assert {*names, *measured["coverage"]} == set(COVERAGE)
    table = page_of(client).partition('data-testid="table-coverage"')[2].partition("</table>")[0]
    assert table.count("<tr>") == 1 + len(names)
    row = table.partition("rank correlation over panoramas")[2].partition("</tr>")[0]
    for shares in measured["coverage"].values():
        held = shares["rank correlation over panoramas, Bonett and Wright"]
        assert number(100 * held, 1) in row
    client.cookies["django_language"] = "de"
    assert "geclustertes Wilson" in page_of(client)


def test_every_trivial_player_has_a_name_in_the_readers_language() -> None:
    photos = TrainingPhotos(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    assert set(fit_all(photos, Partition.build(photos.lat, photos.lng, 1, 1))) == set(TRIVIAL)


def test_parts_by_place_are_shown_where_they_are_large(client: Client, played: Map) -> None:
    report = StoredReport.objects.get()
    (model,) = report.public["models"]
    assert model["rounds"] >= BATCH_ROUNDS
    page = page_of(client)
    large = {part["value"] for part in model["places"]["parts"]["country"]}
    full = {part["value"]: part["panoramas"] for part in report.full["models"][0]["by_place"]["country"]}
    assert large == {name for name, panoramas in full.items() if panoramas >= LEAST_IN_PART}
    for name in set(full) - large:
        assert name not in page
    assert "Europe" in page


def test_few_panoramas_are_too_few(
    client: Client, staff: Client, make_map: MakeMap, model_version: ModelVersion, people: list[Player]
) -> None:
    play_rounds(make_map(4), model_version, people, each=4)
    refresh_all()
    page = page_of(client)
    assert 'data-testid="too-few"' in page
    assert "report-plot" not in page
    assert client.get(f"{PAGE}pairs.csv").content.decode().count("\n") == 1, "only the head"
    assert "report-plot" in page_of(staff)


def test_rounds_that_do_not_count_stand_apart(
    client: Client, make_map: MakeMap, model_version: ModelVersion, people: list[Player]
) -> None:
    from geogame.games.models import Seal

    play_rounds(make_map(6), model_version, people, each=5)
    Seal.objects.update(seen_in_training=True)
    refresh_all()
    page = page_of(client)
    assert 'data-testid="nothing-counts"' in page
    assert "the model trained on it" in page


def test_a_report_in_german(client: Client, played: Map) -> None:
    client.cookies["django_language"] = "de"
    page = page_of(client)
    for text in ("Runden, die das Modell gewann", "Teil für Teil", "Europa", "Wie das berechnet wurde"):
        assert text in page
    table = page.partition('data-testid="table-numbers"')[2].partition("</table>")[0]
    assert "0,0" in table or "," in table
    assert "Menschen gegen PlaNet" in page_of(client, "/benchmark/")


@pytest.mark.parametrize(
    "path",
    [
        "/benchmark/nowhere/fair/photo/",
        "/benchmark/test/free/photo/",
        "/benchmark/test/fair/drawn/",
        "/benchmark/test/nothing/photo/report.json",
        f"{PAGE}nothing.csv",
        f"{PAGE}pairs.exe",
    ],
)
def test_what_is_not_there_is_not_found(client: Client, played: Map, path: str) -> None:
    assert client.get(path).status_code == 404


# --- Downloads -----------------------------------------------------------------------------------------
def test_rows_come_as_csv_and_as_json_lines(client: Client, played: Map) -> None:
    response = client.get(f"{PAGE}pairs.csv")
    assert response["Content-Type"].startswith("text/csv")
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    lines = client.get(f"{PAGE}pairs.jsonl").content.decode().splitlines()
    assert len(rows) == len(lines) == 60
    first = json.loads(lines[0])
    assert first["winner"] == rows[0]["winner"]
    assert str(first["model_km"]) == rows[0]["model_km"]
    wins = sum(row["winner"] == "model" for row in rows)
    assert wins == client.get(f"{PAGE}report.json").json()["models"][0]["wins"]


def test_all_rows_are_for_the_staff(client: Client, staff: Client, played: Map, people: list[Player]) -> None:
    path = f"{PAGE}all.csv"
    assert client.get(path).status_code == 404
    assert path not in page_of(client)
    assert path in page_of(staff)
    content = staff.get(path).content.decode()
    assert people[0].token in content
    assert content.count("\n") == 121


def test_the_staff_sees_single_panoramas(client: Client, staff: Client, played: Map) -> None:
    assert "Hard for people" not in page_of(client)
    page = page_of(staff)
    assert "Hard for people, easy for the model" in page
    assert "/admin/panoramas/panorama/" in page


def test_a_wait_is_over_when_the_report_is_there(client: Client, db: None) -> None:
    begun = refresh.begin(1)
    assert client.get("/benchmark/state/").json()["computing"]
    refresh.succeed(begun, refresh.what_is_there())
    state = client.get("/benchmark/state/").json()
    assert not state["computing"]
    assert state["made_at"][:10] == f"{timezone.now():%Y-%m-%d}"
