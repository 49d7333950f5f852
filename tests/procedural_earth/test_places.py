from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from procedural_earth import sun
from procedural_earth.__main__ import main
from procedural_earth.facts import elevation_m, identity, is_sea
from procedural_earth.facts_cues import cues
from procedural_earth.places import COLUMNS, PRESETS, SamplingError, sample


@pytest.mark.parametrize("preset", list(PRESETS))
def test_places_are_on_land_and_named(preset: str) -> None:
    places = sample(600, preset, seed=3)
    assert len(places) == 600
    assert len(set(places.identity.tolist())) == 600
    assert not is_sea(places.lat, places.lng).any()
    assert elevation_m(places.lat, places.lng).max() < 5200
    assert places.identity[0] == identity(places.lat[0], places.lng[0])
    assert set(places.country.tolist()) <= {"", *cues()}
    assert not (places.koeppen == "EF").any()


def test_the_same_seed_gives_the_same_places_and_a_longer_list_begins_alike() -> None:
    short, long, other = sample(200, seed=5), sample(9000, seed=5), sample(200, seed=6)
    assert list(short.rows()) == list(long.rows())[:200]
    assert set(short.identity) & set(other.identity) == set()


def test_europe_is_europe() -> None:
    places = sample(500, "europe")
    assert {cues()[code].continent for code in places.country if code} == {"EU"}
    assert places.lng.max() < 62
    assert places.lat.min() > 32


def test_the_world_is_spread_over_countries_and_climates() -> None:
    places = sample(5000, "world")
    counts = Counter(places.country.tolist())
    assert len(counts) > 120
    assert max(counts.values()) < 0.15 * 5000
    assert len(set(places.koeppen.tolist())) >= 24


def test_the_balanced_world_is_more_even() -> None:
    def evenness(preset: str) -> float:
        shares = np.array(list(Counter(sample(4000, preset).country.tolist()).values())) / 4000
        return float(-(shares * np.log(shares)).sum())

    assert evenness("balanced") > evenness("world") + 0.2


def test_the_sun_is_up_at_every_place() -> None:
    places = sample(300, "world", seed=1)
    for lat, date, hour in zip(places.lat, places.date, places.hour, strict=True):
        assert sun.position(lat, dt.date.fromisoformat(date), hour).elevation_deg > 5.8
    assert len(set(places.date.tolist())) > 150
    assert 0 <= places.heading.min() <= places.heading.max() < 360


def test_excluded_places_keep_their_distance() -> None:
    avoided = sample(300, seed=9)
    places = sample(400, seed=10, exclude=(avoided.lat, avoided.lng), exclude_km=20)
    phi, theta = np.radians(places.lat)[:, None], np.radians(places.lng)[:, None]
    other_phi, other_theta = np.radians(avoided.lat)[None], np.radians(avoided.lng)[None]
    chord = np.sin((phi - other_phi) / 2) ** 2
    chord = chord + np.cos(phi) * np.cos(other_phi) * np.sin((theta - other_theta) / 2) ** 2
    assert 2 * 6371.0088 * np.arcsin(np.sqrt(chord.min())) > 20
    free = sample(400, seed=10)
    assert set(free.identity) - set(places.identity) != set()


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(SamplingError, match="no preset 'mars': choose one of world, europe, balanced"):
        sample(1, "mars")
    with pytest.raises(SamplingError, match="cannot draw -1 places"):
        sample(-1)
    with pytest.raises(SamplingError, match="only 0 of 5 places fit"):
        sample(5, exclude=([0.0], [0.0]), exclude_km=20_000)
    assert len(sample(0)) == 0


def test_the_command_writes_a_table(tmp_path: Path) -> None:
    out, again = tmp_path / "places.csv", tmp_path / "again.csv"
    assert main(["places", "--count", "40", "--preset", "europe", "--seed", "2", "--out", str(out)]) == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 40
    assert rows[0]["identity"] == identity(float(rows[0]["lat"]), float(rows[0]["lng"]))
    assert main(["places", "--count", "40", "--out", str(again), "--exclude", str(out)]) == 0


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    common = ["places", "--count", "3", "--out", str(tmp_path / "out.csv"), "--exclude"]
    assert main([*common, str(table)]) == 2
    assert "needs the columns lat and lng" in capsys.readouterr().err
    assert main([*common, str(tmp_path / "none.csv")]) == 2
    assert "cannot read" in capsys.readouterr().err
    assert main(["places", "--count", "-3", "--out", str(table)]) == 2
    assert "places: cannot draw -3 places" in capsys.readouterr().err


def test_an_unknown_command_shows_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    assert "places" in capsys.readouterr().err
    assert main(["--help"]) == 0
    assert "draw places" in capsys.readouterr().out
