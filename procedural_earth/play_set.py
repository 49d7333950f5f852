"""The places that are played: 600 of them, 24 with pictures that come with the program.

`python -m procedural_earth play_set` makes the shipped pictures. All of them are among `places()`: whoever
trains on drawn pictures keeps away from `places()`. Needs no renderer.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from planet_core.files import atomic_file
from planet_core.geo import haversine_km
from procedural_earth.facts_cues import cues
from procedural_earth.places import Places, sample

PRESET, SEED, COUNT = "world", 20_251, 600
DIRECTORY = Path(__file__).parent / "play_set"
MANIFEST = "places.json"
FORMAT, FORMAT_VERSION = "procedural-earth-play-set", 1
SHIPPED = 24
MOST_BYTES_OF_ALL = 14_000_000
MOST_BYTES = MOST_BYTES_OF_ALL // SHIPPED


class PlaySetError(Exception):
    """A play set that cannot be read; the message says where and what."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A ready panorama.

    Attributes:
        file: name in the play set's directory. sha256: of the file. identity: of the place.
        date: ISO. hour: apparent solar time. metadata: what the renderer says, with `version`.
    """

    file: str
    sha256: str
    width: int
    height: int
    quality: int
    lat: float
    lng: float
    identity: str
    date: str
    hour: float
    seed: int
    metadata: dict[str, Any] = field(default_factory=dict)


def places(count: int = COUNT) -> Places:
    """The first `count` places to play; all that come with pictures are among the first `COUNT`."""
    return sample(count, PRESET, SEED)


def read(directory: str | os.PathLike[str] = DIRECTORY) -> list[Picture]:
    """The pictures of a play set; none where there is no manifest.

    Raises:
        PlaySetError: the manifest is damaged or of another format. Files are not looked at: see `bytes_of`.
    """
    path = Path(directory) / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if (content["format"], content["format_version"]) != (FORMAT, FORMAT_VERSION):
            raise PlaySetError(f"{path} is of another format: make it anew.")
        return [Picture(**row) for row in content["pictures"]]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PlaySetError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlaySetError(f"{path} is damaged ({type(error).__name__}: {error}): make it anew.") from error


def write(pictures: list[Picture], directory: str | os.PathLike[str]) -> None:
    """Write the manifest in one step."""
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "places": {"preset": PRESET, "seed": SEED, "count": COUNT},
        "pictures": [asdict(picture) for picture in pictures],
    }
    with atomic_file(Path(directory) / MANIFEST) as file:
        file.write((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def bytes_of(picture: Picture, directory: str | os.PathLike[str] = DIRECTORY) -> bytes:
    """The JPEG.

    Raises:
        PlaySetError: it is missing, or not the one that the manifest names.
    """
    path = Path(directory) / picture.file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlaySetError(f"{path} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != picture.sha256:
        raise PlaySetError(f"{path} is not the file that {MANIFEST} names: make it anew.")
    return data


def varied(candidates: Places, count: int) -> list[int]:
    """Numbers of `count` places that differ: in continent, climate, season and script, no country twice.

    Greedy: the next one is that with the greatest sum of distance to the nearest chosen one (1 at 2,000 km
    and more) and of what it adds: a continent, a script, a month, a climate that few of the chosen have.
    Countries come twice only where there are too few.
    """
    facts = [cues().get(code) for code in candidates.country.tolist()]
    traits = list(
        zip(
            [fact.continent if fact else "" for fact in facts],
            [fact.script if fact else "" for fact in facts],
            [date[5:7] for date in candidates.date.tolist()],
            [climate[:2] for climate in candidates.koeppen.tolist()],
            strict=True,
        )
    )
    weights = (2.0, 0.3, 0.5, 0.7)
    chosen: list[int] = []
    seen: Counter[tuple[int, str]] = Counter()
    nearest_km = np.full(len(candidates), np.inf)
    while len(chosen) < min(count, len(candidates)):
        score = np.minimum(nearest_km / 2000, 1.0)
        score += [sum(weights[key[0]] / (1 + seen[key]) for key in enumerate(row)) for row in traits]
        score -= 2.0 * np.isin(candidates.country, candidates.country[chosen])
        score[chosen] = -np.inf
        best = int(np.argmax(score))
        chosen.append(best)
        seen.update(enumerate(traits[best]))
        away_km = haversine_km(candidates.lat, candidates.lng, candidates.lat[best], candidates.lng[best])
        nearest_km = np.minimum(nearest_km, away_km)
    return chosen
