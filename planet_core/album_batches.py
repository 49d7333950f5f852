"""Albums of different lengths as one batch of tensors, and what is to be learnt of each photo.

Rows are albums, columns photos in the order of time; what lies behind an album's end is zero and never read.
A photo that cannot be read is a row of zeros that is marked: models see the mark, and answer it all the same
from its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class AlbumBatch:
    """Some albums, n of them, the longest of t photos.

    Attributes:
        embeddings: float32 (n, t, width), of the image model; zero where there is no readable photo.
        lengths: int64 (n,), photos of each album, at least 1; on the CPU.
        gaps_hours: float32 (n, t), hours since the photo before, as `albums.time_gaps_hours` gives them.
        readable: bool (n, t), whether there is a photo and its picture could be read.
    """

    embeddings: Tensor
    lengths: Tensor
    gaps_hours: Tensor
    readable: Tensor

    @classmethod
    def of(
        cls,
        embeddings: Sequence[Float32Array],
        gaps_hours: Sequence[Float32Array] | None = None,
        readable: Sequence[npt.NDArray[np.bool_]] | None = None,
        device: torch.device | str = "cpu",
    ) -> AlbumBatch:
        """A batch of albums, each (photos, width) with its gaps (photos,) and marks (photos,).

        Without gaps, no time is known; without marks, every photo could be read.

        Raises:
            ValueError: no album, one without photos, or lengths that do not fit.
        """
        lengths = [len(album) for album in embeddings]
        if not lengths or min(lengths) < 1:
            raise ValueError("a batch needs at least one album, and every album at least one photo")
        gaps = gaps_hours or [np.zeros(length, dtype=np.float32) for length in lengths]
        marks = readable or [np.ones(length, dtype=bool) for length in lengths]
        if [len(some) for some in gaps] != lengths or [len(some) for some in marks] != lengths:
            raise ValueError("every photo needs one embedding, one gap and one mark")
        seen = padded([mark.astype(bool) for mark in marks], device)
        table = padded([np.asarray(album, dtype=np.float32) for album in embeddings], device)
        return cls(
            embeddings=table if all(mark.all() for mark in marks) else table * seen[..., None],
            lengths=torch.tensor(lengths),
            gaps_hours=padded([np.asarray(some, dtype=np.float32) for some in gaps], device),
            readable=seen,
        )

    @property
    def photos(self) -> Tensor:
        """bool (n, t): whether a photo stands there, readable or not."""
        places = torch.arange(self.embeddings.shape[1], device=self.embeddings.device)
        return places < self.lengths.to(places.device)[:, None]

    def without(self, lost: Tensor) -> AlbumBatch:
        """The batch with some photos (bool, (n, t)) as if they could not be read."""
        kept = self.readable & ~lost
        return replace(self, embeddings=self.embeddings * kept[..., None], readable=kept)

    def cut(self, most: int) -> AlbumBatch:
        """Each album as consecutive albums of at most `most` photos (n * ceil(t / most) rows).

        Rows of a short album that got no photo stay, with a length of 1 and a photo that cannot be read, so
        that `joined` finds all rows where they were. The first gap of each row is 0.
        """
        photos = self.embeddings.shape[1]
        rows = -(-photos // most)
        spare = rows * most - photos

        def folded(values: Tensor) -> Tensor:
            filler = values.new_zeros((values.shape[0], spare, *values.shape[2:]))
            return torch.cat([values, filler], dim=1).reshape(-1, most, *values.shape[2:])

        starts = torch.arange(rows) * most
        gaps = folded(self.gaps_hours).clone()
        gaps[:, 0] = 0.0
        return AlbumBatch(
            embeddings=folded(self.embeddings),
            lengths=(self.lengths[:, None] - starts).clamp(1, most).reshape(-1),
            gaps_hours=gaps,
            readable=folded(self.readable),
        )


def joined(values: Tensor, photos: int) -> Tensor:
    """What was found for the rows of `AlbumBatch.cut`, (rows, most, f), for whole albums: (n, photos, f)."""
    rows = -(-photos // values.shape[1])
    return values.reshape(-1, rows * values.shape[1], values.shape[2])[:, :photos]


def padded(albums: Sequence[npt.NDArray[np.generic]], device: torch.device | str = "cpu") -> Tensor:
    """Arrays (photos, …) of different lengths, zeros behind the shorter: (n, t, …)."""
    longest = max(len(album) for album in albums)
    table = np.zeros((len(albums), longest, *albums[0].shape[1:]), dtype=albums[0].dtype)
    for row, album in zip(table, albums, strict=True):
        row[: len(album)] = album
    return torch.from_numpy(table).to(device)
