"""Folders of albums with pictures that a made model can look at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from planet_core.albums import Album, AlbumPhoto, write_albums
from tests.planet_core.made import noise_picture
from tests.planet_core.made_model import made_partition

START = datetime(2021, 6, 1, 9, tzinfo=UTC)
LENGTHS = (1, 4, 7, 5, 9, 3)


def made_trips(folder: Path, seed: int = 0, lengths: Sequence[int] = LENGTHS) -> list[Album]:
    """albums.jsonl and pictures: stays in a cell of `made_partition`, half of them with a second one.

    Every fifth photo is said to show nothing. The pictures are noise.
    """
    rng = np.random.default_rng(seed)
    lat, lng = made_partition().centroids()
    made = []
    for number, length in enumerate(lengths):
        stays = rng.choice(len(lat), 2, replace=False)
        photos = []
        for index in range(length):
            path = folder / f"{number}" / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise_picture(1000 * seed + 50 * number + index, (40, 40)).save(path)
            cell = stays[int(number % 2 == 1 and index >= length // 2)]
            place = float(lat[cell]), float(lng[cell])
            time = START + timedelta(hours=5 * index)
            photos.append(AlbumPhoto(path, *place, time, "none" if index % 5 == 4 else "view"))
        made.append(Album(f"trip-{number}", tuple(photos), "made", "CC0-1.0", drawn=True))
    write_albums(folder, made)
    return made


def long_album(folder: Path, photos: int, pictures: int = 4) -> Album:
    """One album of many photos that are few pictures again and again."""
    lat, lng = made_partition().centroids()
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(photos):
        path = folder / f"{index:05d}.png"
        if index < pictures:
            noise_picture(index, (40, 40)).save(path)
        else:
            os.link(folder / f"{index % pictures:05d}.png", path)
    made = Album(
        "long",
        tuple(
            AlbumPhoto(folder / f"{n:05d}.png", float(lat[0]), float(lng[0]), START + timedelta(minutes=n))
            for n in range(photos)
        ),
        "made",
    )
    write_albums(folder, [made])
    return made
