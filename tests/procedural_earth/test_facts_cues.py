from __future__ import annotations

import csv
from collections import Counter

from procedural_earth.facts import cues
from procedural_earth.facts_cues import PACKED, weights
from procedural_earth.facts_zones import growth, zone

COLOURS = {"red", "white", "blue", "dark_blue", "light_blue", "green", "yellow", "orange", "black", "maroon"}
LEFT = {"GB", "IE", "JP", "AU", "NZ", "IN", "ZA", "TH", "KE", "ID", "MT", "CY", "HK", "SR", "GY", "VI", "GG"}
RIGHT = {"US", "FR", "DE", "CN", "BR", "RU", "SE", "GI", "MM", "PH", "NG", "EG", "KR", "VN", "AR", "RW", "PR"}


def rows() -> list[dict[str, str]]:
    with (PACKED / "country_cues.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_fact_has_a_source_and_a_confidence() -> None:
    table = rows()
    assert all(row["source"] for row in table)
    assert {row["confidence"] for row in table} == {"high", "medium", "low"}
    counts = Counter(row["iso2"] for row in table)
    assert len(counts) == 244
    assert len(set(counts.values())) == 1


def test_the_driving_side_is_confirmed_by_a_package_everywhere() -> None:
    drive = [row for row in rows() if row["fact"] == "drive"]
    assert [row["iso2"] for row in drive if "country-coder" not in row["source"]] == []
    assert [row["iso2"] for row in drive if not row["source"].endswith("agrees")] == []
    assert {code for code in LEFT if cues()[code].drive == "L"} == LEFT
    assert {code for code in RIGHT if cues()[code].drive == "R"} == RIGHT


def test_names_are_not_cut_short() -> None:
    names = Counter(country.name for country in cues().values())
    assert [name for name, count in names.items() if count > 1] == []
    assert cues()["KR"].name == "South Korea"


def test_values_come_from_known_vocabularies() -> None:
    for country in cues().values():
        assert country.centre_line in {"white", "yellow", "none"}
        assert country.edge_line in {"white", "yellow", "none"}
        assert country.warning_sign in {
            "vienna-white",
            "vienna-yellow",
            "diamond-yellow",
            "triangle-yellow-black",
        }
        assert country.pole in {"wood", "concrete", "metal"}
        assert {country.plate_front, country.plate_rear, country.town_sign_text} <= COLOURS | {"none"}
        assert country.roofs
        assert country.walls
        assert set(country.flag[1]) <= COLOURS
        assert (country.flag[0] == "none") == (country.flag[1] == ())
        assert country.bollard == "none" or country.bollard.count("|") == 2
        assert 0 < country.coverage <= 1
        assert 0 < country.paved_share <= 1
        assert sum(weight for _, weight in country.buildings) > 0.999
        assert country.confidence.keys() == country.source.keys()


def test_there_are_enough_kinds() -> None:
    families = {family for country in cues().values() for family, _ in country.buildings}
    scripts = {country.script for country in cues().values()}
    assert len(families) >= 12
    assert len(scripts) >= 16


def test_vegetation_is_a_clue() -> None:
    def kinds(zone: str, country: str, region: str) -> set[str]:
        return {name for name, _ in growth("vegetation", zone, country, region)}

    assert "eucalyptus" in kinds("mediterranean", "AU", "oceania")
    assert {"olive", "cypress"} <= kinds("mediterranean", "IT", "mediterranean")
    assert "cactus" in kinds("hot_desert", "MX", "central_america")
    assert "baobab" in kinds("savanna", "SN", "sahel")
    assert {"bamboo", "cedar"} <= kinds("subtropical", "JP", "east_asia")
    assert "spruce" in kinds("boreal", "FI", "nordic")
    assert "palm_coconut" in kinds("rainforest", "FJ", "pacific")
    assert "tea" in {name for name, _ in growth("crops", "highland", "LK", "south_asia")}
    assert "fern_tree" in kinds("temperate", "NZ", "oceania")


def test_zones_follow_the_latitude() -> None:
    assert (zone("ET", 46.0), zone("ET", 70.0)) == ("alpine", "tundra")
    assert (zone("Cfb", 4.7), zone("Cfb", 48.0)) == ("highland", "temperate")
    assert (zone("Cfa", 27.0), zone("Cfa", 36.0)) == ("warm_subtropical", "subtropical")
    assert growth("crops", "warm_subtropical", "TW", "east_asia") == growth(
        "crops", "subtropical", "TW", "east_asia"
    )


def test_weights_are_shares() -> None:
    assert weights("a:3 b:1") == (("a", 0.75), ("b", 0.25))
    assert weights("") == ()
