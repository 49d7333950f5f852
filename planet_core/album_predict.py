"""Where were the photos of an album taken? An album model and its image model, loaded once.

    from planet_core.album_predict import AlbumPredictor

    predictor = AlbumPredictor("runs/lstm-rep/model", "models/image")
    answers = predictor.answer(photos, taken_at)    # one for each photo, in order

A photo that cannot be read is answered from its neighbours, and marked. Memories of a whole album are narrow;
distributions are made a few hundred photos at a time (`stream`), so that albums of thousands fit into memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from planet_core import album, album_checkpoint, album_directory, checkpoint, images, scoring
from planet_core.album_batches import AlbumBatch
from planet_core.album_layers import ImageLayer
from planet_core.albums import Album, AlbumPhoto, time_gaps_hours
from planet_core.loader import ahead
from planet_core.predict import BATCH, Float32Array, Prediction, Predictor

Source = str | os.PathLike[str] | bytes | Image.Image
DISTRIBUTIONS_AT_ONCE = 256  # photos


@dataclass(frozen=True, eq=False)
class AlbumAnswer(Prediction):
    """One photo's answer, as for single photos; its condition is `album` and the variant.

    Attributes:
        readable: whether its picture could be read; if not, the answer is from its neighbours alone.
        remark: what was wrong with the picture; "" where nothing was.
    """

    readable: bool = True
    remark: str = ""


class AlbumPredictor:
    """A loaded album model with its image model.

    Args:
        album_model: directory of the album model; None for `avg`, which needs none.
        image_model: directory of the image model that it hangs on.
        device: as torch names it; by default a GPU if there is one.
        fast: whether the image model calculates in bfloat16 where the device has it.

    Raises:
        ModelDirectoryError: a directory is missing, incomplete or damaged, or the two do not belong together.
        ValueError: no such device.
    """

    def __init__(
        self,
        album_model: str | os.PathLike[str] | None,
        image_model: str | os.PathLike[str],
        device: str | None = None,
        *,
        fast: bool = False,
    ) -> None:
        self.image = Predictor.load(image_model, device, fast)
        self.temperature = 1.0
        self.digest: str | None = None
        if album_model is None:
            layer = ImageLayer.of_model(checkpoint.load(image_model))
            width, cells = self.image.model.network.embedding, len(self.image.partition)
            self.model = album.build("avg", width, cells, coarser=layer.coarser)
            self.model.take_image_layer(layer)
            self.model.to(self.image.device).eval()
            return
        config = album_directory.read_config(album_model)
        album_directory.require_image_model(config, self.image.digest)
        loaded = album_checkpoint.load(album_model, self.image.device)
        self.model, self.temperature, self.digest = loaded.model, loaded.temperature, loaded.digest

    @property
    def variant(self) -> str:
        """The album model's, one of `album.VARIANTS`."""
        return self.model.settings.variant

    def answer(
        self,
        photos: Sequence[Source],
        taken_at: Sequence[datetime | None] | None = None,
        k: int = 5,
        rule: str = "top-cell",
        scale_km: float = scoring.WORLD_SCALE_KM,
    ) -> list[AlbumAnswer]:
        """One answer for each photo, in order; an empty list for none.

        Each holds its whole distribution: `stream` gives them one by one where that is too much to hold.

        Args:
            photos: in the order of time: files, their bytes, or PIL pictures.
            taken_at: when each was taken, see `albums.time_gaps_hours`; None where nothing is known.
            k, rule, scale_km: as `Predictor.predict`.

        Raises:
            ValueError: another number of times than of photos, no photo that can be read (names the first
                reason), k below 1, or an unknown rule.
        """
        return list(self.stream(photos, taken_at, k, rule, scale_km))

    def stream(
        self,
        photos: Sequence[Source],
        taken_at: Sequence[datetime | None] | None = None,
        k: int = 5,
        rule: str = "top-cell",
        scale_km: float = scoring.WORLD_SCALE_KM,
    ) -> Iterator[AlbumAnswer]:
        """As `answer`, one by one, when the whole album has been seen."""
        times = [None] * len(photos) if taken_at is None else list(taken_at)
        if len(times) != len(photos):
            raise ValueError(f"{len(photos)} photos, but {len(times)} times: give one for each, or None")
        if not photos:
            return
        embeddings, remarks = self.embed(photos)
        start = 0
        for rows in self.distributions(embeddings, [not remark for remark in remarks], times):
            found = self.image.answers(rows, k, rule, scale_km, f"album-{self.variant}")
            for one, remark in zip(found, remarks[start : start + len(rows)], strict=True):
                values = {field.name: getattr(one, field.name) for field in fields(Prediction)}
                yield AlbumAnswer(**values, readable=not remark, remark=remark)
            start += len(rows)

    def embed(self, photos: Sequence[Source]) -> tuple[Float32Array, list[str]]:
        """(embeddings float32 (photos, width), what is wrong with each photo, "" for nothing).

        Raises:
            ValueError: no photo can be read.
        """
        threads = max(1, len(os.sched_getaffinity(0)))
        embeddings = np.zeros((len(photos), self.image.model.network.embedding), dtype=np.float32)
        remarks: list[str] = []
        waiting: list[tuple[int, npt.NDArray[np.uint8]]] = []
        for row, square in enumerate(ahead(partial(_square, self.image.image_px), photos, threads)):
            remarks.append(square if isinstance(square, str) else "")
            if not isinstance(square, str):
                waiting.append((row, square))
            if waiting and (len(waiting) == BATCH or row == len(photos) - 1):
                pixels = torch.from_numpy(np.stack([one for _, one in waiting]))
                embeddings[[number for number, _ in waiting]] = self.image.embeddings_of(pixels)
                waiting = []
        if all(remarks):
            raise ValueError(f"none of the {len(photos)} photos of this album can be read; {remarks[0]}")
        return embeddings, remarks

    def distributions(
        self, embeddings: Float32Array, readable: Sequence[bool], taken_at: Sequence[datetime | None]
    ) -> Iterator[Float32Array]:
        """Probability of each cell for each photo, float32 (some photos, cells), some hundred at a time.

        Args:
            embeddings: float32 (photos, width), of the image model.
            readable: whether each photo has one.
            taken_at: when each was taken.
        """
        photos = tuple(AlbumPhoto(Path(), None, None, when) for when in taken_at)
        gaps = time_gaps_hours(Album("", photos, ""))
        with torch.inference_mode():
            batch = AlbumBatch.of([embeddings], [gaps], [np.array(readable)], self.image.device)
            memory = self.model.memory(batch)[0]
        for start in range(0, len(embeddings), DISTRIBUTIONS_AT_ONCE):
            some = slice(start, start + DISTRIBUTIONS_AT_ONCE)
            with torch.inference_mode():
                logits = self.model.logits(batch.embeddings[0, some], memory[some])
                rows = torch.softmax(logits.double() / self.temperature, dim=1)
            yield np.asarray(rows.float().cpu().numpy())


def _square(image_px: int, photo: Source) -> npt.NDArray[np.uint8] | str:
    """The photo as the image model sees it, uint8 (px, px, 3), or what is wrong with it."""
    try:
        if isinstance(photo, Image.Image):
            return np.asarray(images.fit_square(photo, image_px))
        return np.asarray(images.load_square(photo, image_px))
    except images.ImageError as error:
        return error.message
    except (OSError, ValueError) as error:  # a PIL picture is decoded here
        return f"the picture is truncated or damaged: {error}"
