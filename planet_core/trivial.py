"""Players that know where photos are taken but hardly look: what a model must beat (numpy and Pillow).

All are fitted on training photos and answer any number of pictures:

- `MostFrequentCell`: the centre of the cell with most training photos
- `BestPoint`: the one point with the best expected score, or the least expected distance
- `RandomPhoto`: the place of a training photo drawn at random, the density of photos as a guess
- `NearestColours`: places of the photos whose colours are nearest (colour histograms of the kind in Im2GPS)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from planet_core import answer, s2, scoring
from planet_core.images import Picture, as_rgb
from planet_core.partition import Partition

THUMBNAIL_PX = 16
LAB_BINS = (4, 14, 14)
"""Of lightness, green to red, blue to yellow (paper, Sec. 4: Im2GPS; `paper-spec` 5)."""
AT_ONCE = 4096
"""Pictures whose colours are counted together."""
MOST_PLACES = 20_000
"""More places than these are counted in cells before the best point is looked for."""

Places = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
Thumbnails = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainingPhotos:
    """What the players learn from.

    Attributes:
        lat, lng: (n,), degrees, at least one.
        thumbnails: uint8 (n, 16, 16, 3) of `thumbnail`; None where the pictures were not read.
    """

    lat: FloatArray
    lng: FloatArray
    thumbnails: Thumbnails | None = None

    def __post_init__(self) -> None:
        if not self.lat.size or self.lat.shape != self.lng.shape:
            raise ValueError(
                f"trivial players need training photos: latitudes {self.lat.shape}, longitudes"
                f" {self.lng.shape}"
            )


class Player(Protocol):
    """A fitted player."""

    def answer(self, thumbnails: Thumbnails) -> Places:
        """(lat, lng), each (n,), degrees, for uint8 (n, 16, 16, 3); most look at n alone."""


@dataclass(frozen=True)
class ConstantPlayer:
    """Always the same place, degrees."""

    lat: float
    lng: float

    def answer(self, thumbnails: Thumbnails) -> Places:
        """See `Player`."""
        return np.full(len(thumbnails), self.lat), np.full(len(thumbnails), self.lng)


class MostFrequentCell(ConstantPlayer):
    """Always the centre of the cell with most training photos."""

    @classmethod
    def fit(cls, photos: TrainingPhotos, partition: Partition) -> MostFrequentCell:
        """Counts the photos in the cells; the first of equals. Raises ValueError without cells."""
        if not len(partition):
            raise ValueError("a partition without cells has no most frequent one")
        best = int(partition.recount(photos.lat, photos.lng).counts.argmax())
        lat, lng = partition.centers()
        return cls(float(lat[best]), float(lng[best]))


class BestPoint(ConstantPlayer):
    """Always the training place with the best expected score (`max-score`) or distance (`min-distance`)."""

    @classmethod
    def fit(
        cls, photos: TrainingPhotos, rule: str = "max-score", scale_km: float = scoring.WORLD_SCALE_KM
    ) -> BestPoint:
        """Looks for it; among more than `MOST_PLACES` places, among the centroids of small cells.

        Raises:
            ValueError: an unknown rule, or an impossible scale.
        """
        lat, lng, weights = _places(photos)
        best = answer.best_point(weights / weights.sum(), lat, lng, rule, scale_km)
        return cls(float(best[0]), float(best[1]))


def _places(photos: TrainingPhotos) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(lat, lng, weights) of at most `MOST_PLACES` places."""
    if photos.lat.size <= MOST_PLACES:
        return photos.lat, photos.lng, np.ones(photos.lat.size)
    level = 12
    while np.unique(s2.cell_ids(photos.lat, photos.lng, level)).size > MOST_PLACES:
        level -= 1
    cells = Partition.at_level(photos.lat, photos.lng, level, 1)
    return (*cells.centroids(), cells.counts.astype(np.float64))


@dataclass(frozen=True, eq=False)
class RandomPhoto:
    """The place of a training photo, drawn for each picture; the same places in every call."""

    photos: TrainingPhotos
    seed: int

    @classmethod
    def fit(cls, photos: TrainingPhotos, seed: int = 0) -> RandomPhoto:
        """Remembers the places."""
        return cls(photos, seed)

    def answer(self, thumbnails: Thumbnails) -> Places:
        """See `Player`."""
        drawn = np.random.default_rng(self.seed).integers(self.photos.lat.size, size=len(thumbnails))
        return self.photos.lat[drawn], self.photos.lng[drawn]


@dataclass(frozen=True, eq=False)
class NearestColours:
    """The least expected distance over the places of the k training photos with the nearest colours.

    Colours are a histogram in CIE L*a*b*; the distance is chi-squared.

    Attributes:
        histograms: float32 (bins, n), bin by bin: a picture has few colours, and others are not looked at.
    """

    photos: TrainingPhotos
    histograms: npt.NDArray[np.float32]
    k: int

    @classmethod
    def fit(cls, photos: TrainingPhotos, k: int = 1) -> NearestColours:
        """Remembers the histograms. Raises ValueError without pictures, or for k below 1."""
        if photos.thumbnails is None:
            raise ValueError("neighbours by colour need the training pictures, not their places alone")
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        size = photos.lat.size
        histograms = np.empty((int(np.prod(LAB_BINS)), size), dtype=np.float32)
        for start in range(0, size, AT_ONCE):
            some = slice(start, start + AT_ONCE)
            histograms[:, some] = colour_histograms(photos.thumbnails[some]).T
        return cls(photos, histograms, min(k, size))

    def answer(self, thumbnails: Thumbnails) -> Places:
        """See `Player`."""
        lat, lng = np.empty(len(thumbnails)), np.empty(len(thumbnails))
        mass = np.full(self.k, 1 / self.k)
        for row, histogram in enumerate(colour_histograms(thumbnails)):
            distance = _chi_squared(histogram, self.histograms)
            farthest = np.partition(distance, self.k - 1)[self.k - 1]
            near = np.flatnonzero(distance <= farthest)
            near = near[np.argsort(distance[near], kind="stable")[: self.k]]
            place = answer.best_point(mass, self.photos.lat[near], self.photos.lng[near], "min-distance")
            lat[row], lng[row] = place
        return lat, lng


def fit_all(
    photos: TrainingPhotos, partition: Partition, scale_km: float = scoring.WORLD_SCALE_KM
) -> dict[str, Player]:
    """Every player by name; those by colour only where there are pictures."""
    players: dict[str, Player] = {
        "most frequent cell": MostFrequentCell.fit(photos, partition),
        "best point for the score": BestPoint.fit(photos, "max-score", scale_km),
        "best point for the distance": BestPoint.fit(photos, "min-distance", scale_km),
        "random training photo": RandomPhoto.fit(photos),
    }
    if photos.thumbnails is not None:
        players["nearest colours"] = NearestColours.fit(photos)
        players["nearest colours, 10 photos"] = NearestColours.fit(photos, 10)
    return players


# ------------------------------------------------------------------------------------------------
# Colours


def thumbnail(picture: Picture) -> Thumbnails:
    """uint8 (16, 16, 3): the whole picture, squeezed.

    Raises:
        TypeError, ValueError: no picture, see `images.as_rgb`.
    """
    return np.asarray(as_rgb(picture).resize((THUMBNAIL_PX, THUMBNAIL_PX), reducing_gap=3.0))


def colour_histograms(thumbnails: Thumbnails) -> npt.NDArray[np.float32]:
    """float32 (n, 4 * 14 * 14), each row sums to 1: shares of the pixels in bins of CIE L*a*b*."""
    lab = _lab(thumbnails)  # (n, 16, 16, 3)
    low, high = np.array([0.0, -100.0, -100.0]), np.array([100.0, 100.0, 100.0])
    bins = np.array(LAB_BINS)
    index = np.clip(((lab - low) / (high - low) * bins).astype(np.int64), 0, bins - 1)
    flat = np.ravel_multi_index(tuple(np.moveaxis(index, -1, 0)), LAB_BINS).reshape(len(thumbnails), -1)
    size = int(np.prod(LAB_BINS))
    rows = flat + size * np.arange(len(flat))[:, None]
    counts = np.bincount(rows.ravel(), minlength=size * len(flat)).reshape(len(flat), size)
    return np.asarray(counts / max(1, flat.shape[1]), dtype=np.float32)


def _lab(rgb: Thumbnails) -> FloatArray:
    """CIE L*a*b* (D65) of sRGB, (..., 3)."""
    value = rgb / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _SRGB_TO_XYZ.T / (_SRGB_TO_XYZ @ np.ones(3))  # relative to white
    t = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(t, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


_SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def _chi_squared(one: npt.NDArray[np.float32], many: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """From a histogram (bins,) to others (bins, n), all of sum 1: the sum of (a - b)^2 / (a + b).

    That is a + b - 4ab / (a + b), so bins in which `one` has nothing are not looked at.
    """
    shared = np.zeros(many.shape[1], dtype=np.float32)
    for row in np.flatnonzero(one).tolist():
        shared += one[row] * many[row] / (one[row] + many[row])
    return 2 - 4 * shared
