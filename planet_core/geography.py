"""Country, continent, climate and settlement of points on Earth, from one packed file. numpy only.

    python -m planet_core.geography 48.5734 7.7521

`packed/geography.npz` is read on first use; `packed/ATTRIBUTION.md` names its sources. A point takes its
country from polygons; one in the sea, up to `NEAR_COAST_KM` from a coast, takes that of the nearest coast:
photos are taken on piers, bridges and beaches, and a coast is known to some hundred metres. Further out there
is no country (""): no country's waters are meant. Lakes belong to the countries around them, but for the
Caspian Sea. `BORDER_DATA` says whose borders these are, and what becomes of disputed areas.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from planet_core.array_files import ArrayFormat, Arrays
from planet_core.country_polygons import DEGREE_KM, CountryPolygons, simplified

NEAR_COAST_KM: Final = 3.0
"""A point in the sea that is no further from a coast counts as being on land."""
LANGUAGES: Final = ("en", "de")
CONTINENTS: Final = ("AF", "AN", "AS", "EU", "NA", "OC", "SA")
CONTINENT_NAMES: Final = {
    "AF": "Africa",
    "AN": "Antarctica",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
    "": "open sea",
}
SETTLEMENTS: Final = ("rural", "town", "city")
PACKED: Final = Path(__file__).parent / "packed" / "geography.npz"

Codes = npt.NDArray[np.str_]
Degrees = npt.ArrayLike
FloatArray = npt.NDArray[np.float64]


class GeographyError(ValueError):
    """Coordinates that are no place on Earth, a code that no country has, or a damaged file."""


FORMAT: Final = ArrayFormat("geography file", "planet-geography", 1, GeographyError)


@dataclass(frozen=True)
class BorderData:
    """What decides in which country a point lies, for people who read a result.

    Attributes:
        version: changes whenever a point may have changed its country; results of two versions differ.
        policy: what becomes of disputed areas.
    """

    name: str
    version: str
    policy: str
    licence: str


BORDER_DATA: Final = BorderData(
    name="country-coder (borders of OpenStreetMap, simplified), coasts of Natural Earth 1:10 million",
    version="1 (country-coder 5.6.1, world-atlas 2.0.2)",
    policy=(
        "Borders are those in force on the ground, not those that a state claims. Kosovo is a country (XK);"
        " Northern Cyprus and the British bases there count as Cyprus, Somaliland as Somalia, as in ISO 3166;"
        " Crimea counts as Ukraine (General Assembly resolution 68/262, and GeoNames); Western Sahara west of"
        " the berm counts as Morocco; the West Bank and Gaza are PS. Territories with an ISO code of their"
        " own (French Guiana, Svalbard, Hong Kong) are told apart. No position on any dispute is meant."
    ),
    licence="ISC (country-coder); public domain (Natural Earth)",
)


def country_at(lat: float, lng: float) -> str:
    """The ISO 3166-1 alpha-2 code of the country of a point, "" in the open sea.

    Args:
        lat, lng: degrees, within -90..90 and -180..180.

    Raises:
        GeographyError: a coordinate that is not finite or out of range.
    """
    return str(countries_at([lat], [lng])[0])


def countries_at(lats: Degrees, lngs: Degrees) -> Codes:
    """`country_at` of arrays: codes in an array of the same shape, "" in the open sea.

    Raises:
        GeographyError: see `country_at`; or shapes that do not fit together.
    """
    lat, lng = _checked(lats, lngs)
    numbers = _polygons().countries(lat.ravel(), lng.ravel())
    return np.asarray(_arrays()["codes"][numbers].reshape(lat.shape))


def country_codes() -> tuple[str, ...]:
    """All ISO 3166-1 alpha-2 codes that there are here, and XK, in alphabetical order."""
    return tuple(_arrays()["codes"][1:].tolist())


def country_name(code: str, language: str = "en") -> str:
    """The name of a country as in Unicode's CLDR: "Germany", in German "Deutschland".

    Args:
        language: one of `LANGUAGES`, also with a region ("de-AT").

    Raises:
        GeographyError: no such country, or no names in that language.
    """
    short = language.replace("_", "-").partition("-")[0].lower()
    if short not in LANGUAGES:
        raise GeographyError(f"no names of countries in {language!r}: use {' or '.join(LANGUAGES)}")
    return str(_arrays()[f"names_{short}"][_number(code)])


def continent_of(code: str) -> str:
    """The continent of a country: one of `CONTINENTS`, by GeoNames (Russia and Cyprus are EU, Turkey is AS).

    Raises:
        GeographyError: no such country.
    """
    return str(_arrays()["continents"][_number(code)])


def climates_at(lats: Degrees, lngs: Degrees) -> Codes:
    """Koeppen-Geiger classes ("Cfb") in cells of 1/6 degree, in an array of the same shape; "" at sea.

    Raises:
        GeographyError: see `countries_at`.
    """
    return np.asarray(_arrays()["climate_names"][_grid_at("climate", lats, lngs)])


def climate_at(lat: float, lng: float) -> str:
    """The Koeppen-Geiger class of a point, "" at sea; see `climates_at`."""
    return str(climates_at([lat], [lng])[0])


def settlements_at(lats: Degrees, lngs: Degrees) -> Codes:
    """Whether points lie in a "city" (50,000 people or more), a "town" (5,000) or are "rural".

    A town of GeoNames covers a disc of 2,500 people a square kilometre, in cells of 1/60 degree: an estimate
    of where people live close together, not of where a city ends. Points at sea are rural.

    Raises:
        GeographyError: see `countries_at`.
    """
    return np.array(SETTLEMENTS)[_grid_at("settlement", lats, lngs)]


def urban_at(lat: float, lng: float) -> str:
    """One of `SETTLEMENTS`; see `settlements_at`."""
    return str(settlements_at([lat], [lng])[0])


@lru_cache(maxsize=512)
def country_outline(code: str, simplify_km: float | None = None) -> dict[str, Any]:
    """The land of a country as a GeoJSON feature to draw on a map; do not change it, it is kept.

    A MultiPolygon (RFC 7946), the largest polygon first: (lng, lat), outer rings counter-clockwise, cut at
    the antimeridian. Islands that the tolerance leaves fewer than three points are left out. Neighbours are
    simplified each for itself: drawn together, their borders may differ by the tolerance.

    Args:
        simplify_km: how far an outline may be off, 0 keeps all points; None for a 200th of the way across
            the largest polygon, at most 10 km, so that small countries keep their shape.

    Raises:
        GeographyError: no such country, or a tolerance below 0.
    """
    largest, *others = _polygons().rings(_number(code))
    if simplify_km is None:
        simplify_km = min(_across_km(largest[0]) / 200, 10.0)
    if not (np.isfinite(simplify_km) and simplify_km >= 0):
        raise GeographyError(f"simplify_km is {simplify_km}: use kilometres, 0 or more")
    shapes = [largest, *(shape for shape in others if _across_km(shape[0]) > simplify_km)]
    smaller = [[simplified(ring, simplify_km) for ring in shape] for shape in shapes]
    if len(smaller[0][0]) < 3:
        smaller[0][0] = largest[0]
    polygons = [
        [_drawn(outer, 1), *(_drawn(hole, -1) for hole in holes if len(hole) > 2)]
        for outer, *holes in smaller
        if len(outer) > 2
    ]
    return {
        "type": "Feature",
        "geometry": {"type": "MultiPolygon", "coordinates": polygons},
        "properties": {"code": code},
    }


def _across_km(ring: FloatArray) -> float:
    (west, south), (east, north) = ring.min(axis=0), ring.max(axis=0)
    shrink = np.cos(np.radians((south + north) / 2))
    return float(np.hypot((east - west) * shrink, north - south) * DEGREE_KM)


def _drawn(ring: FloatArray, turn: int) -> list[list[float]]:
    """The ring closed, counter-clockwise where `turn` is 1: one that became thin may have turned over."""
    lng, lat = ring.T
    area = float((lng * np.roll(lat, -1) - np.roll(lng, -1) * lat).sum())
    points = np.round(ring if area * turn >= 0 else ring[::-1], 4).tolist()
    return [*points, points[0]]


def _number(code: str) -> int:
    number = _numbers().get(code)
    if number is None:
        raise GeographyError(f"there is no country {code!r}: use an ISO 3166-1 code such as 'DE'")
    return number


@cache
def _numbers() -> dict[str, int]:
    return {code: number for number, code in enumerate(_arrays()["codes"].tolist()) if code}


def _checked(lats: Degrees, lngs: Degrees) -> tuple[FloatArray, FloatArray]:
    try:
        lat, lng = np.broadcast_arrays(np.asarray(lats, np.float64), np.asarray(lngs, np.float64))
    except (TypeError, ValueError) as error:
        raise GeographyError(f"latitudes and longitudes have to be numbers of one shape: {error}") from error
    for name, values, most in (("latitude", lat, 90), ("longitude", lng, 180)):
        bad = ~(np.abs(values) <= most)
        if bad.any():
            raise GeographyError(
                f"{name} {values[bad][0]} is not between -{most} and {most} degrees"
                f" (point {int(np.flatnonzero(bad)[0])} of {values.size})"
            )
    return lat, lng


@cache
def _arrays() -> Arrays:
    return load(PACKED)


def load(path: str | os.PathLike[str]) -> Arrays:
    """The arrays of a packed file.

    Raises:
        GeographyError: the file is missing, damaged or something else.
    """
    names = ("codes", "continents", "climate_names", *(f"names_{language}" for language in LANGUAGES))
    rings = ("ring_start", "ring_length", "ring_country", "ring_is_hole", "step_lat", "step_lng")
    grids = (f"{grid}_{part}" for grid in ("table", "climate", "settlement") for part in ("value", "step"))
    shapes = (f"{grid}_shape" for grid in ("table", "climate", "settlement"))
    return FORMAT.load(
        path,
        {
            **dict.fromkeys(names, np.str_),
            **dict.fromkeys((*rings, *grids, *shapes), np.int64),
        },
    )


@cache
def _polygons() -> CountryPolygons:
    return polygons_of(_arrays())


def polygons_of(arrays: Arrays) -> CountryPolygons:
    """The polygons of a file's arrays; without a table of cells all points are looked up in full."""
    lengths = arrays["ring_length"].astype(np.int64)
    ends = np.cumsum(lengths)
    steps = np.zeros((int(ends[-1]), 2), np.int64)
    is_start = np.zeros(len(steps), bool)
    is_start[ends - lengths] = True
    steps[~is_start] = np.column_stack([arrays["step_lat"], arrays["step_lng"]])
    # the first step of a ring leads from the end of the one before
    sums = np.cumsum(steps, axis=0)
    before = np.concatenate([[[0, 0]], sums[ends[:-1] - 1]])
    points = sums + np.repeat(arrays["ring_start"] - before, lengths, axis=0)
    return CountryPolygons(
        points=points,
        ring_end=ends,
        ring_country=arrays["ring_country"].astype(np.uint8),
        ring_is_hole=arrays["ring_is_hole"].astype(bool),
        near_km=NEAR_COAST_KM,
        table=_table(arrays),
    )


def _table(arrays: Arrays) -> npt.NDArray[np.uint8]:
    if "table_value" not in arrays:
        return np.zeros((0, 0), np.uint8)
    runs = np.diff(np.cumsum(arrays["table_step"]), append=np.prod(arrays["table_shape"]))
    cells = np.repeat(arrays["table_value"].astype(np.uint8), runs)
    return np.asarray(cells.reshape(arrays["table_shape"]))


def run_lengths(name: str, grid: npt.NDArray[Any]) -> Arrays:
    """A grid as runs of equal cells, row by row: steps from one run's start to the next's, and values."""
    flat = grid.ravel()
    start = np.flatnonzero(np.diff(flat.astype(np.int64), prepend=-1))
    return {
        f"{name}_step": np.diff(start, prepend=0).astype(np.uint32),
        f"{name}_value": flat[start],
        f"{name}_shape": np.array(grid.shape),
    }


def _grid_at(name: str, lats: Degrees, lngs: Degrees) -> npt.NDArray[np.int64]:
    lat, lng = _checked(lats, lngs)
    rows, columns = _arrays()[f"{name}_shape"].tolist()
    row = np.minimum(((90.0 - lat) * (rows / 180)).astype(np.int64), rows - 1)
    column = ((lng + 180.0) * (columns / 360)).astype(np.int64) % columns
    run = np.searchsorted(_starts(name), row * columns + column, side="right") - 1
    return np.asarray(_arrays()[f"{name}_value"][run])


@cache
def _starts(name: str) -> npt.NDArray[np.int64]:
    return np.cumsum(_arrays()[f"{name}_step"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.geography", description="What is known of a place."
    )
    parser.add_argument("lat", type=float)
    parser.add_argument("lng", type=float)
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    options = parser.parse_args(arguments)
    try:
        code = country_at(options.lat, options.lng)
        place = (code, country_name(code, options.language), continent_of(code)) if code else ("open sea",)
        climate = climate_at(options.lat, options.lng) or "no climate"
        print(", ".join((*place, climate, urban_at(options.lat, options.lng))))
    except GeographyError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
