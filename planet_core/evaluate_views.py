"""Photos to the views that an evaluation asks about, and which of them are one panorama.

A flat photo is one view, an equirectangular one N, at equal steps around the horizon. Flat photos of one
group and one place are a panorama too where there are N of them and each has another heading.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from planet_core import images, trivial
from planet_core import views as looks
from planet_core.loader import ahead
from planet_core.pictures import read_example, validation_views
from planet_core.sources.photo import Photo

HEADINGS = 4

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class View:
    """One picture to answer: the number of its photo, its pixels, and a thumbnail."""

    photo: int
    pixels: Pixels
    thumbnail: Pixels


def read_views(
    photos: Sequence[Photo], image_px: int, skipped: list[str], headings: int = HEADINGS
) -> Generator[View, None, None]:
    """The views of photos, decoded ahead, in their order; why some are unreadable goes to `skipped`.

    Args:
        headings: how many views an equirectangular photo has.
    """
    work = partial(_read, photos, image_px, headings)
    with contextlib.closing(ahead(work, range(len(photos)), os.cpu_count() or 1)) as read:
        for views in read:
            if isinstance(views, str):
                skipped.append(views)
            else:
                yield from views


def _read(photos: Sequence[Photo], image_px: int, headings: int, number: int) -> list[View] | str:
    photo = photos[number]
    try:
        example = read_example(photo, image_px)
    except images.ImageError as error:
        return error.message
    if photo.projection == "equirectangular":
        found = looks.panorama_views(example.pixels, headings, image_px)
        pictures = [np.asarray(view) for view in found]
    else:
        pictures = validation_views(example, image_px)
    return [View(number, pixels, trivial.thumbnail(pixels)) for pixels in pictures]


# ------------------------------------------------------------------------------------------------
# What is one panorama


def panoramas_of(photos: Sequence[Photo], headings: int) -> npt.NDArray[np.int64]:
    """The panorama of each photo, int64 (photos,): the number of its first photo, -1 for a single one."""
    found = np.full(len(photos), -1, dtype=np.int64)
    faces: dict[tuple[str, float, float], list[int]] = {}
    for number, photo in enumerate(photos):
        if photo.projection == "equirectangular":
            found[number] = number
        elif photo.group and photo.heading is not None:
            faces.setdefault((photo.group, photo.lat, photo.lng), []).append(number)
    for numbers in faces.values():
        directions = {(photos[number].heading or 0.0) % 360 for number in numbers}
        if len(numbers) == len(directions) == headings > 1:
            found[numbers] = numbers[0]
    return found


def together(panoramas: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """An order of photos in which those of one panorama follow each other, else as they were."""
    own = np.arange(len(panoramas))
    return np.argsort(np.where(panoramas >= 0, panoramas, own), kind="stable")


def batches(views: Iterable[View], panoramas: npt.NDArray[np.int64], least: int) -> Iterator[list[View]]:
    """Lists of at least `least` views (the last may have fewer), no panorama in two of them."""
    batch: list[View] = []
    for view in views:
        if len(batch) >= least and not _same(panoramas, batch[-1].photo, view.photo):
            yield batch
            batch = []
        batch.append(view)
    if batch:
        yield batch


def _same(panoramas: npt.NDArray[np.int64], photo: int, other: int) -> bool:
    return photo == other or bool(panoramas[photo] == panoramas[other] >= 0)


def complete(panoramas: npt.NDArray[np.int64], headings: int) -> npt.NDArray[np.int64]:
    """The panorama of each view (n,), -1 where not all of its headings are among the views."""
    _, which, counts = np.unique(panoramas, return_inverse=True, return_counts=True)
    return np.where(counts[which] == headings, panoramas, -1)


def fuse(rows: npt.NDArray[np.float32], panoramas: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Each view's distribution (n, cells) replaced by that of its panorama (n,); -1 keeps its own."""
    fused = rows.copy()
    for panorama in np.unique(panoramas[panoramas >= 0]):
        mine = np.flatnonzero(panoramas == panorama)
        fused[mine] = looks.fuse(rows[mine], len(mine), "geometric")
    return fused
