from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from geogame.pages import basemap
from geogame.pages.basemap import City, choose


def city(name: str, population: int, country: str = "DE", *, is_capital: bool = False) -> City:
    return City(name, 1.0, 2.0, population, country, is_capital)


def test_the_largest_towns_are_chosen_and_each_country_has_some() -> None:
    towns = [city(f"big {number}", 1000 + number) for number in range(10)]
    towns += [city(f"small {number}", number, "LI") for number in range(3)]
    chosen = [town.name for town in choose(towns, 4, 2)]
    assert {"big 9", "big 8", "small 2", "small 1"} == set(chosen)


@pytest.mark.slow
def test_the_file_is_small_and_has_towns_of_every_country(tmp_path: Path) -> None:
    target = tmp_path / "cities.json"
    assert basemap.build(target)
    content: dict[str, Any] = json.loads(target.read_text())
    assert target.stat().st_size < 250_000
    assert len(content["cities"]) >= 5000
    assert {row[4] for row in content["cities"]} == set(range(len(content["countries"])))


def test_a_file_of_the_same_data_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "cities.json"
    target.write_text(json.dumps({"built_from": basemap.BUILT_FROM}))
    assert not basemap.build(target)


def test_the_command_says_what_it_did(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    towns = [city("Berlin", 3_400_000, is_capital=True), city("Vaduz", 5197, "LI", is_capital=True)]
    monkeypatch.setattr(basemap, "_cities", lambda countries: towns)
    settings.BASE_DIR = tmp_path
    for said in ("written", "up to date"):
        output = io.StringIO()
        call_command("build_basemap", stdout=output)
        told = dict(line.rsplit(": ", 1) for line in output.getvalue().splitlines())
        folder = tmp_path / "build" / "basemap"
        assert told == {str(folder / name): said for name in ("cities.json", "world.svg")}
    written = json.loads((folder / "cities.json").read_text())
    assert [row[0] for row in written["cities"]] == ["Berlin", "Vaduz"]
