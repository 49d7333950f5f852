"""Albums that the tests make for themselves: of numbers, without pictures, and of pictures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import torch

from planet_core.album_embeddings import Embedded
from planet_core.album_feed import Photos
from planet_core.album_layers import ImageLayer
from planet_core.albums import Album, AlbumPhoto, write_albums
from planet_core.partition import Partition
from planet_core.train_album import Data
from tests.planet_core.made import noise_picture
from tests.planet_core.made_model import made_partition

WIDTH = 8
START = datetime(2020, 5, 1, 8, tzinfo=UTC)


def album_of(name: str, cells: list[int], partition: Partition) -> Album:
    """Photos in the given cells, three hours apart; -1 is a photo whose place nobody knows."""
    lat, lng = partition.centroids()
    photos = tuple(
        AlbumPhoto(
            Path(f"{name}-{number}.jpg"),
            None if cell < 0 else float(lat[cell]),
            None if cell < 0 else float(lng[cell]),
            START + timedelta(hours=3 * number),
        )
        for number, cell in enumerate(cells)
    )
    return Album(name, photos, "made")


def embedded_albums(albums: list[Album], table: np.ndarray, readable: np.ndarray | None = None) -> Embedded:
    counts = [len(album) for album in albums]
    rows = len(table)
    return Embedded(
        albums=tuple(albums),
        image_model="0" * 64,
        table=table.astype(np.float32),
        readable=np.ones(rows, dtype=bool) if readable is None else readable,
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        digests=tuple(f"{row:064x}" for row in range(rows)),
        unreadable=(),
    )


def telling_albums(count: int, seed: int, cut: int | None = None) -> Photos:
    """Albums of a stay each, of which one photo tells the cell and the others nothing; the first one half of
    the time, so that what comes before must be remembered."""
    partition = made_partition()
    rng = np.random.default_rng(seed)
    albums, rows = [], []
    for number in range(count):
        length, cell = int(rng.integers(2, 7)), int(rng.integers(len(partition)))
        telling = 0 if rng.random() < 0.5 else int(rng.integers(length))
        table = rng.normal(0, 0.1, (length, WIDTH))
        table[telling, cell] += 3.0
        albums.append(album_of(f"{seed}-{number}", [cell] * length, partition))
        rows.append(table)
    return Photos.of(embedded_albums(albums, np.concatenate(rows)), partition, cut)


def telling_layer() -> ImageLayer:
    """The image model's layer of `telling_albums`: number c of an embedding speaks for cell c."""
    partition = made_partition()
    layer = ImageLayer(WIDTH, len(partition))
    layer.load_state_dict(
        {
            "classifier.weight": torch.eye(len(partition), WIDTH) * 2,
            "classifier.bias": torch.zeros(len(partition)),
            "temperature": torch.ones(()),
            "parents": torch.zeros((0, len(partition)), dtype=torch.int64),
        }
    )
    return layer.requires_grad_(False)


def telling_data(train: int = 60, validation: int = 30, cut: int | None = None) -> Data:
    held_out = telling_albums(validation, 2, cut) if validation else None
    return Data(telling_albums(train, 1, cut), held_out, telling_layer(), made_partition(), "0" * 64)


def album_folder(folder: Path, albums: int = 3, photos: int = 4, seed: int = 0) -> Path:
    """A folder of albums with pictures of noise."""
    lat, lng = made_partition().centroids()
    made = []
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(albums):
        own = []
        for photo in range(photos):
            path = folder / f"{number}-{photo}.png"
            noise_picture(seed + 100 * number + photo).save(path)
            cell = (number + photo // 2) % len(lat)
            when = START + timedelta(hours=photo)
            own.append(AlbumPhoto(path, float(lat[cell]), float(lng[cell]), when))
        made.append(Album(f"{seed}-{number}", tuple(own), "made by a test"))
    write_albums(folder, made)
    return folder
