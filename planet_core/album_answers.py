"""What each row of Table 4 answers: albums to one cell for every photo.

`single` looks at each photo alone, `avg` gives the album's mean to all of its photos, a network or an HMM
answers with the most probable cell given the album, `oracle` knows the true cell. All answer with the centres
of cells, as the paper. A cell of -1 is no answer: a photo that cannot be read, asked alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from planet_core import album, album_checkpoint, album_embeddings, checkpoint, evaluate_predict
from planet_core.album_directory import read_config, require_image_model
from planet_core.album_embeddings import Say, embed
from planet_core.album_evaluation import Points
from planet_core.album_examination import log_distributions, single_log_distributions
from planet_core.album_feed import IntArray, Photos
from planet_core.album_hmm import AlbumHmm, Track
from planet_core.album_layers import ImageLayer
from planet_core.albums import Album
from planet_core.partition import Partition

PHOTOS_AT_ONCE = 512  # whose distributions are held
NO_ANSWER = -1


@dataclass(frozen=True, eq=False)
class Asked:
    """Albums to be answered, as the image model sees them.

    Attributes:
        photos: their embeddings, whole albums.
        layer: the image model's own.
        partition: its cells.
        image_model: its digest.
    """

    photos: Photos
    layer: ImageLayer
    partition: Partition
    image_model: str

    @classmethod
    def open(cls, albums: list[Album], image_model: Path, cache: Path, say: Say) -> Asked:
        """Embeds albums, as far as the cache does not have them.

        Raises:
            ModelDirectoryError, UserError: as `album_embeddings.embed`.
        """
        embedded = embed(albums, image_model, cache, say)
        model = checkpoint.load(image_model)
        photos = Photos.of(embedded, model.partition)
        return cls(photos, ImageLayer.of_model(model), model.partition, model.digest)

    @property
    def embedded(self) -> album_embeddings.Embedded:
        """The albums and their embeddings."""
        return self.photos.embedded

    def points(self, cells: IntArray) -> Points:
        """(lat, lng) of the cells' centres, degrees, NaN for no answer."""
        lat, lng = self.partition.centers()
        known = cells >= 0
        return np.where(known, lat[cells], np.nan), np.where(known, lng[cells], np.nan)


def single(asked: Asked) -> IntArray:
    """The most probable cell of each photo alone; no answer where it cannot be read."""
    cells = _most_probable(single_log_distributions(asked.layer, asked.photos), len(asked.photos.classes))
    return np.where(asked.embedded.readable, cells, NO_ANSWER)


def average(asked: Asked) -> IntArray:
    """The most probable cell of each album's mean distribution."""
    layer = asked.layer
    model = album.build("avg", asked.embedded.width, len(asked.partition), coarser=layer.coarser)
    model.take_image_layer(layer)
    return _most_probable(log_distributions(model.eval(), asked.photos), len(asked.photos.classes))


def network(asked: Asked, directory: Path) -> IntArray:
    """The most probable cells of an album network; albums are cut to as many photos as it was trained on.

    Raises:
        ModelDirectoryError: it cannot be read, or belongs to another image model.
    """
    require_image_model(read_config(directory), asked.image_model)
    model = album_checkpoint.load(directory).model
    photos = Photos.of(asked.embedded, asked.partition, model.settings.cut)
    return _most_probable(log_distributions(model, photos), len(photos.classes))


def path(asked: Asked, hmm: AlbumHmm) -> IntArray:
    """The cells of the most probable path of an HMM through each album (Viterbi)."""
    return np.concatenate([hmm.path(track) for track in tracks(asked)])


def posterior(asked: Asked, hmm: AlbumHmm) -> IntArray:
    """The most probable cell of each photo by itself, given its album (forward-backward)."""
    return np.concatenate([hmm.posterior(track).argmax(axis=1) for track in tracks(asked)])


def oracle(asked: Asked) -> Points:
    """The centre of the true cell, of the nearest one where that was dropped; NaN where no place is known."""
    photos = asked.photos
    lat, lng = np.full(photos.lat.size, np.nan), np.full(photos.lat.size, np.nan)
    known = np.flatnonzero(np.isfinite(photos.lat))
    lat[known], lng[known] = evaluate_predict.oracle(
        asked.partition, photos.lat[known], photos.lng[known], photos.classes[known]
    )
    return lat, lng


def tracks(asked: Asked) -> Iterator[Track]:
    """Each album as an HMM takes it, one after another."""
    embedded = asked.embedded
    for number in range(len(embedded.albums)):
        rows = embedded.rows(number)
        gaps = asked.photos.gaps_hours[rows]
        yield Track(_log_probabilities(asked.layer, embedded.table[rows]), gaps, embedded.readable[rows])


@torch.inference_mode()
def _log_probabilities(layer: ImageLayer, embeddings: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(photos, cells), of each photo alone."""
    parts = [
        torch.log_softmax(
            layer(torch.from_numpy(np.array(embeddings[start : start + PHOTOS_AT_ONCE]))), dim=1
        )
        for start in range(0, len(embeddings), PHOTOS_AT_ONCE)
    ]
    return np.asarray(torch.cat(parts).numpy())


def _most_probable(found: Iterator[tuple[IntArray, Tensor]], photos: int) -> IntArray:
    cells = np.full(photos, NO_ANSWER, dtype=np.int64)
    for rows, logs in found:
        cells[rows] = logs.argmax(dim=1).cpu().numpy()
    return cells
